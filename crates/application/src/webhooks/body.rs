//! The bodies of messages.

use domain::{EndpointId, FeedEvent, FeedSequence, Timestamp, TraceParent, WebhookDelivery, WebhookEndpoint};
use ports::{FeedFilter, FeedPage, PortError};

use crate::App;

/// The type of a message that an operator asks for to try an endpoint. It is no event of the feed.
pub(super) const TEST_TYPE: &str = "webhook.test";

/// Writes messages as JSON.
pub trait MessageRenderer: Send + Sync {
    /// The message about an event of the feed.
    fn render_event(&self, sequence: FeedSequence, event: &FeedEvent) -> String;

    /// The message of a test of that endpoint, asked for at that time.
    fn render_test(&self, delivery: &WebhookDelivery, endpoint: &EndpointId, asked_at: Timestamp) -> String;
}

/// Why there is no body to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// The event is kept, and this instance cannot read it: its row is damaged, or of a type that only a later version knows.
    Unreadable,
    /// The event is no longer kept.
    Expired,
}

/// The event with that sequence.
pub(super) async fn find_event(app: &App, sequence: i64) -> Result<Result<FeedEvent, Missing>, PortError> {
    let after = Some(FeedSequence::new(sequence.saturating_sub(1)));
    match app.feed.list_events_after(FeedFilter { after, types: Vec::new(), limit: 1 }).await? {
        FeedPage::Events { events, .. } => {
            // Numbers have no gaps, so an event that is left out is there.
            let mut found = events.into_iter().filter(|it| it.sequence.get() == sequence);
            Ok(found.next().map(|it| it.event).ok_or(Missing::Unreadable))
        }
        FeedPage::Expired { .. } => Ok(Err(Missing::Expired)),
    }
}

/// The body of a delivery, and what caused its event.
///
/// It is written from the feed at each attempt and not stored with the delivery. So there is one place from which the
/// personal data of an erased account has to go.
pub(super) async fn render_body(
    app: &App,
    endpoint: &WebhookEndpoint,
    delivery: &WebhookDelivery,
) -> Result<Result<(String, Option<TraceParent>), Missing>, PortError> {
    let Some(sequence) = delivery.sequence else {
        let test = app.webhook_renderer.render_test(delivery, &endpoint.id, delivery.created_at);
        return Ok(Ok((test, None)));
    };
    let event = find_event(app, sequence).await?;
    Ok(event.map(|it| {
        let body = app.webhook_renderer.render_event(FeedSequence::new(sequence), &it);
        (body, it.trace_parent)
    }))
}
