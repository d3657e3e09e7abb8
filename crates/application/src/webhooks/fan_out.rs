//! Making deliveries out of events.

use domain::{FeedSequence, FindingKind, MessageId, WebhookDelivery, WebhookEndpoint};
use ports::{CommitError, FeedEventHead, FeedHeads, PortError, UnitOfWork, WebhookWrite, Write};

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
    // Of all types: the cursor has to move over the others as well, and the endpoint may name types that this version does
    // not know.
    let (to, writes) = match app.feed.list_event_heads(after, EVENTS_MAX).await? {
        FeedHeads::Heads(events) => {
            let last = events.last().map_or(after, |it| it.sequence);
            let wanted = events.into_iter().filter(|it| endpoint.types.is_wanted(&it.kind));
            let deliveries: Vec<_> = wanted.map(|it| event_delivery(app, endpoint, it)).collect();
            let insert = Write::Webhook(WebhookWrite::InsertDeliveries(deliveries));
            (last, vec![insert])
        }
        FeedHeads::Expired { pruned } => {
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

fn event_delivery(app: &App, endpoint: &WebhookEndpoint, it: FeedEventHead) -> WebhookDelivery {
    WebhookDelivery {
        message: MessageId::new(it.id.as_str().to_owned()),
        sequence: Some(it.sequence.get()),
        subject: Some(format!("{}:{}", it.subject_kind, it.subject)),
        event_type: it.kind,
        ..new_delivery(app, endpoint)
    }
}
