//! Making deliveries out of events.

use domain::{FeedSequence, FindingKind, MessageId, NumberedEvent, WebhookDelivery, WebhookEndpoint};
use ports::{CommitError, FeedFilter, FeedPage, PortError, UnitOfWork, WebhookWrite, Write};

use super::deliveries::new_delivery;
use crate::{
    App,
    findings::{FindingContext, new_finding},
};

/// The most events that one commit makes deliveries of.
const EVENTS_MAX: u32 = 100;

/// Stores the deliveries of the next events for an endpoint, and moves its cursor. Returns the endpoint with the cursor
/// behind them; `None` if there are none yet, or another instance was faster.
///
/// # Errors
/// [`PortError`].
pub(super) async fn fan_out_events(
    app: &App,
    endpoint: &WebhookEndpoint,
) -> Result<Option<WebhookEndpoint>, PortError> {
    let after = FeedSequence::new(endpoint.cursor);
    // Without the filter of types: the cursor has to move over the others as well, and the endpoint may name types that
    // this version does not know.
    let filter = FeedFilter { after: Some(after), types: Vec::new(), limit: EVENTS_MAX };
    let (to, writes) = match app.feed.list_events_after(filter).await? {
        FeedPage::Events { events, next_after } => {
            let wanted = events.into_iter().filter(|it| endpoint.types.is_wanted(it.event.kind.as_str()));
            let deliveries: Vec<_> = wanted.map(|it| event_delivery(app, endpoint, it)).collect();
            let insert = Write::Webhook(WebhookWrite::InsertDeliveries(deliveries));
            (next_after, vec![insert])
        }
        FeedPage::Expired { pruned } => {
            let detail = format!(
                "the webhook endpoint {} was disabled for so long that events it had not got were deleted",
                endpoint.id
            );
            let finding = new_finding(app, FindingKind::WebhookGap, &detail, &FindingContext::default());
            (pruned, vec![Write::InsertFinding(finding)])
        }
    };
    if to <= after {
        return Ok(None);
    }
    let moved = WebhookWrite::MoveCursor {
        endpoint: endpoint.key,
        read: endpoint.version,
        from: endpoint.cursor,
        to: to.get(),
    };
    let work = UnitOfWork::new().with_write(Write::Webhook(moved)).with_writes(writes);
    match app.store.commit(work).await {
        Ok(()) => Ok(Some(WebhookEndpoint { cursor: to.get(), ..endpoint.clone() })),
        // Another instance has moved the cursor, or the endpoint was changed. The next round reads it again.
        Err(CommitError::Stale) => Ok(None),
        Err(error) => Err(error.into_port_error()),
    }
}

fn event_delivery(app: &App, endpoint: &WebhookEndpoint, it: NumberedEvent) -> WebhookDelivery {
    let subject = &it.event.subject;
    WebhookDelivery {
        message: MessageId::new(it.event.id.as_str().to_owned()),
        event_type: it.event.kind.as_str().to_owned(),
        sequence: Some(it.sequence.get()),
        subject: Some(format!("{}:{}", subject.kind(), subject.id())),
        ..new_delivery(app, endpoint)
    }
}
