//! Operators' use cases about endpoints.

use domain::{
    EndpointId, EndpointKey, Invalid, Text, Version, WebhookEndpoint,
    webhook::{EndpointPatch, EventTypes, SigningSecret, WebhookUrl},
};
use ports::{Page, PortError, StoredReply, UnitOfWork, WebhookWrite, Write};

use super::secrets::{new_secret, open_secret};
use crate::{
    App, IdempotentReply, IdempotentRequest, IfMatch, KeyError, Operator,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    retry::Attempt,
    sealed_reply::{open_reply, seal_reply},
};

/// The most endpoints that there may be. Each has a task and reads the feed.
pub const ENDPOINTS_MAX: u32 = 100;

/// An endpoint as an operator defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEndpoint {
    /// The address that messages are posted to.
    pub url: WebhookUrl,
    /// The events that it gets.
    pub types: EventTypes,
    /// A note about it; `None` for none.
    pub description: Option<Text>,
}

/// Why an endpoint was not made or changed, or a delivery not sent again.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such endpoint, or no such delivery to it.
    #[error("there is no such endpoint or delivery")]
    NotFound,
    /// The endpoint's version is none of those in `If-Match`.
    #[error("the endpoint has another version")]
    PreconditionFailed,
    /// The address breaks this rule.
    #[error("the address cannot be used")]
    Url(Invalid),
    /// There are [`ENDPOINTS_MAX`] endpoints.
    #[error("there are too many endpoints")]
    TooMany,
    /// The endpoint is disabled, so nothing is sent.
    #[error("the endpoint is disabled")]
    Disabled,
    /// The secret before the present one still signs, and another rotation would silence it.
    #[error("the old secret still signs")]
    OldSecretSigns,
    /// The event of the delivery is no longer kept.
    #[error("the event is no longer kept")]
    EventGone,
    /// The system of record is unavailable, or a row cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for EndpointError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// A page of endpoints, oldest first.
///
/// # Errors
/// [`PortError`].
pub async fn list_endpoints(
    app: &App,
    _by: &Operator,
    after: Option<EndpointId>,
    limit: u32,
) -> Result<Page<WebhookEndpoint>, PortError> {
    app.webhooks.list_endpoints(after, limit).await
}

/// The endpoint with that id.
///
/// # Errors
/// [`PortError`].
pub async fn find_endpoint(
    app: &App,
    _by: &Operator,
    id: &EndpointId,
) -> Result<Option<WebhookEndpoint>, PortError> {
    app.webhooks.find_endpoint(id).await
}

/// Makes an endpoint, which gets the events that are numbered from now on. `render` writes the reply, with the secret
/// that is shown only there; it is stored encrypted.
///
/// # Errors
/// [`EndpointError`].
pub async fn create_endpoint<R>(
    app: &App,
    _by: &Operator,
    request: Option<IdempotentRequest>,
    ask: NewEndpoint,
    render: R,
) -> Result<IdempotentReply, EndpointError>
where
    R: Fn(&WebhookEndpoint, &SigningSecret) -> StoredReply + Send + Sync,
{
    let decide = || box_decision(decide_creation(app, &ask, &render));
    let made = run_once(app, request.as_ref(), decide, Attempt::<EndpointError>::from_commit_error).await?;
    app.webhook_signal.notify_all();
    Ok(open_reply(app, made)?)
}

async fn decide_creation<R>(
    app: &App,
    ask: &NewEndpoint,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<EndpointError>>
where
    R: Fn(&WebhookEndpoint, &SigningSecret) -> StoredReply + Send + Sync,
{
    // Within the decision, so that a retry whose name resolves otherwise by now still gets its first reply.
    app.webhook_sender.check_url(&ask.url).await.map_err(EndpointError::Url)?;
    let existing = app.webhooks.list_endpoints(None, ENDPOINTS_MAX).await.map_err(EndpointError::from)?;
    // Two requests at once may exceed it by one, which costs one more task.
    if u32::try_from(existing.data.len()).unwrap_or(u32::MAX) >= ENDPOINTS_MAX {
        return Err(EndpointError::TooMany.into());
    }
    // Before the commit: an event that is numbered meanwhile comes after the cursor, so none is missed.
    let cursor = app.feed.find_last_sequence().await.map_err(EndpointError::from)?;
    let (secret, sealed) = new_secret(app);
    let now = app.clock.now();
    let endpoint = WebhookEndpoint {
        key: EndpointKey::new(app.ids.next_key()),
        id: EndpointId::new(app.ids.next_id()),
        url: ask.url.clone(),
        types: ask.types.clone(),
        description: ask.description.clone(),
        disabled: false,
        version: Version::FIRST,
        secret: sealed,
        old_secret: None,
        cursor: cursor.get(),
        enabled_at: now,
        failing_since: None,
        created_at: now,
        updated_at: now,
    };
    let reply = seal_reply(app, render(&endpoint, &secret));
    let id = endpoint.id.to_string();
    let insert = Write::Webhook(WebhookWrite::InsertEndpoint(Box::new(endpoint)));
    Ok(Decision::with_reply(UnitOfWork::new().with_write(insert), id, reply))
}

/// Changes an endpoint, and replies with it as `render` writes it. A patch that changes nothing is a success and makes no
/// version.
///
/// # Errors
/// [`EndpointError`].
pub async fn patch_endpoint<R>(
    app: &App,
    _by: &Operator,
    request: Option<IdempotentRequest>,
    (id, patch, if_match): (&EndpointId, EndpointPatch, IfMatch),
    render: R,
) -> Result<IdempotentReply, EndpointError>
where
    R: Fn(&WebhookEndpoint) -> StoredReply + Send + Sync,
{
    let decide = || {
        box_decision(async {
            let endpoint = require_endpoint(app, id, &if_match).await?;
            if let Some(url) = patch.url.as_ref().filter(|it| **it != endpoint.url) {
                app.webhook_sender.check_url(url).await.map_err(EndpointError::Url)?;
            }
            let next = endpoint.with_patch(patch.clone(), app.clock.now());
            let reply = render(&next);
            let work = if next == endpoint { UnitOfWork::new() } else { update_work(&endpoint, next) };
            Ok(Decision::with_reply(work, id.to_string(), reply))
        })
    };
    let changed =
        run_once(app, request.as_ref(), decide, Attempt::<EndpointError>::from_commit_error).await?;
    app.webhook_signal.notify_all();
    Ok(changed)
}

/// Gives an endpoint a new secret. The present one signs beside it for 24 hours, and until then there is no other rotation. `render` writes the reply, with the new
/// secret that is shown only there.
///
/// # Errors
/// [`EndpointError`].
pub async fn rotate_secret<R>(
    app: &App,
    _by: &Operator,
    request: Option<IdempotentRequest>,
    (id, if_match): (&EndpointId, IfMatch),
    render: R,
) -> Result<IdempotentReply, EndpointError>
where
    R: Fn(&WebhookEndpoint, &SigningSecret) -> StoredReply + Send + Sync,
{
    let decide = || {
        box_decision(async {
            let endpoint = require_endpoint(app, id, &if_match).await?;
            let now = app.clock.now();
            // One that cannot be decrypted signs nothing, so no receiver needs it.
            if endpoint.signing_secrets(now).skip(1).any(|it| open_secret(app, it).is_some()) {
                return Err(EndpointError::OldSecretSigns.into());
            }
            let (secret, sealed) = new_secret(app);
            let next = endpoint.with_rotated_secret(sealed, now);
            let reply = seal_reply(app, render(&next, &secret));
            Ok(Decision::with_reply(update_work(&endpoint, next), id.to_string(), reply))
        })
    };
    let rotated =
        run_once(app, request.as_ref(), decide, Attempt::<EndpointError>::from_commit_error).await?;
    Ok(open_reply(app, rotated)?)
}

/// Deletes an endpoint. Nothing more is sent to it, and what waits is dropped.
///
/// # Errors
/// [`EndpointError`].
pub async fn delete_endpoint(
    app: &App,
    _by: &Operator,
    request: Option<IdempotentRequest>,
    (id, if_match): (&EndpointId, IfMatch),
    reply: StoredReply,
) -> Result<IdempotentReply, EndpointError> {
    let decide = || {
        box_decision(async {
            let endpoint = require_endpoint(app, id, &if_match).await?;
            let delete = WebhookWrite::DeleteEndpoint { endpoint: endpoint.key, read: endpoint.version };
            let work = UnitOfWork::new().with_write(Write::Webhook(delete));
            Ok(Decision::with_reply(work, id.to_string(), reply.clone()))
        })
    };
    run_once(app, request.as_ref(), decide, Attempt::<EndpointError>::from_commit_error).await
}

async fn require_endpoint(
    app: &App,
    id: &EndpointId,
    if_match: &IfMatch,
) -> Result<WebhookEndpoint, Attempt<EndpointError>> {
    let found = app.webhooks.find_endpoint(id).await.map_err(EndpointError::from)?;
    let endpoint = found.ok_or(EndpointError::NotFound)?;
    if !if_match.allows_version(Some(endpoint.version)) {
        return Err(EndpointError::PreconditionFailed.into());
    }
    Ok(endpoint)
}

fn update_work(read: &WebhookEndpoint, next: WebhookEndpoint) -> UnitOfWork {
    let (endpoint, since) = (next.key, next.failing_since);
    // Only if the change resets it: a delivery may have succeeded since the endpoint was read.
    let reset = (since != read.failing_since).then_some(WebhookWrite::SetFailingSince { endpoint, since });
    let update = WebhookWrite::UpdateEndpoint { endpoint: Box::new(next), read: read.version };
    UnitOfWork::new().with_write(Write::Webhook(update)).with_writes(reset.map(Write::Webhook))
}
