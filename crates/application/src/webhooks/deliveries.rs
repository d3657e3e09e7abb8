//! Operators' use cases about deliveries.

use domain::{
    DeliveryId, DeliveryKey, EndpointId, MessageId, WebhookDelivery, WebhookEndpoint, webhook::DeliveryStatus,
};
use ports::{Page, PortError, StoredReply, UnitOfWork, WebhookWrite, Write};

use super::{
    EndpointError,
    body::{Missing, TEST_TYPE, find_event},
};
use crate::{
    App, IdempotentReply, IdempotentRequest, Operator,
    idempotent::{Decision, box_decision, run_once},
    retry::Attempt,
};

/// A page of the deliveries to an endpoint, newest first; `None` if there is no such endpoint.
///
/// # Errors
/// [`PortError`].
pub async fn list_deliveries(
    app: &App,
    _by: &Operator,
    endpoint: &EndpointId,
    after: Option<DeliveryId>,
    limit: u32,
) -> Result<Option<Page<WebhookDelivery>>, PortError> {
    let Some(endpoint) = app.webhooks.find_endpoint(endpoint).await? else { return Ok(None) };
    app.webhooks.list_deliveries(endpoint.key, after, limit).await.map(Some)
}

/// Sends the event of a delivery once more, as a delivery of its own with the same message id. It waits for no other
/// one, and no other one waits for it.
///
/// # Errors
/// [`EndpointError`].
pub async fn redeliver<R>(
    app: &App,
    _by: &Operator,
    request: Option<IdempotentRequest>,
    (endpoint, id): (&EndpointId, &DeliveryId),
    render: R,
) -> Result<IdempotentReply, EndpointError>
where
    R: Fn(&WebhookDelivery) -> StoredReply + Send + Sync,
{
    let decide = || {
        box_decision(async {
            let endpoint = require_enabled(app, endpoint).await?;
            let found = app.webhooks.find_delivery(endpoint.key, id).await.map_err(EndpointError::from)?;
            let delivery = found.ok_or(EndpointError::NotFound)?;
            if let Some(sequence) = delivery.sequence {
                let event = find_event(app, sequence).await.map_err(EndpointError::from)?;
                if event.is_err_and(|it| it == Missing::Expired) {
                    return Err(EndpointError::EventGone.into());
                }
            }
            let again = WebhookDelivery {
                message: delivery.message,
                event_type: delivery.event_type,
                sequence: delivery.sequence,
                ..new_delivery(app, &endpoint)
            };
            Ok(decide_delivery(again, &render))
        })
    };
    let sent = run_once(app, request.as_ref(), decide, Attempt::<EndpointError>::from_commit_error).await?;
    app.webhook_signal.notify_all();
    Ok(sent)
}

/// Sends a message of the type `webhook.test`.
///
/// # Errors
/// [`EndpointError`].
pub async fn send_test<R>(
    app: &App,
    _by: &Operator,
    request: Option<IdempotentRequest>,
    endpoint: &EndpointId,
    render: R,
) -> Result<IdempotentReply, EndpointError>
where
    R: Fn(&WebhookDelivery) -> StoredReply + Send + Sync,
{
    let decide = || {
        box_decision(async {
            let endpoint = require_enabled(app, endpoint).await?;
            Ok(decide_delivery(new_delivery(app, &endpoint), &render))
        })
    };
    let sent = run_once(app, request.as_ref(), decide, Attempt::<EndpointError>::from_commit_error).await?;
    app.webhook_signal.notify_all();
    Ok(sent)
}

fn decide_delivery<R>(delivery: WebhookDelivery, render: &R) -> Decision<StoredReply>
where
    R: Fn(&WebhookDelivery) -> StoredReply + Send + Sync,
{
    let (id, reply) = (delivery.id.to_string(), render(&delivery));
    let insert = Write::Webhook(WebhookWrite::InsertDeliveries(vec![delivery]));
    Decision::with_reply(UnitOfWork::new().with_write(insert), id, reply)
}

async fn require_enabled(app: &App, id: &EndpointId) -> Result<WebhookEndpoint, Attempt<EndpointError>> {
    let found = app.webhooks.find_endpoint(id).await.map_err(EndpointError::from)?;
    let endpoint = found.ok_or(EndpointError::NotFound)?;
    if endpoint.disabled { Err(EndpointError::Disabled.into()) } else { Ok(endpoint) }
}

/// A test message that is due now. For another kind of delivery the caller replaces message, type, sequence and subject.
pub(super) fn new_delivery(app: &App, endpoint: &WebhookEndpoint) -> WebhookDelivery {
    let now = app.clock.now();
    WebhookDelivery {
        key: DeliveryKey::new(app.ids.next_key()),
        id: DeliveryId::new(app.ids.next_id()),
        endpoint: endpoint.key,
        message: MessageId::new(app.ids.next_id()),
        event_type: TEST_TYPE.to_owned(),
        sequence: None,
        subject: None,
        status: DeliveryStatus::Pending,
        attempts: 0,
        next_attempt_at: Some(now),
        first_attempt_at: None,
        last_attempt: None,
        created_at: now,
    }
}
