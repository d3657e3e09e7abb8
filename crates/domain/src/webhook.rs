//! Outgoing webhooks: endpoints of other systems that get the events of the feed, and the deliveries to them.
//!
//! ```text
//! feed event ─► one delivery for each endpoint that wants its type ─► attempts, until one succeeds
//!                                                       │ 3 days without success ─► given up
//!                                                       │ 410, or an endpoint that fails for 3 days ─► disabled
//! ```
//!
//! Deliveries of one subject (an order) to one endpoint are made one at a time, in the order of the feed. Each is
//! made at least once: an answer can get lost, and then the same message is sent again under the same id.

mod delivery;
mod endpoint;
mod schedule;

pub use delivery::{AttemptResult, DeliveryAttempt, DeliveryStatus, FailedAttempt, WebhookDelivery};
pub use endpoint::{
    EndpointPatch, EventTypes, OldSecret, SECRET_OVERLAP, SealedSecret, SigningSecret, WebhookEndpoint,
    WebhookUrl,
};
pub use schedule::{GIVE_UP_AFTER, RETRY_AFTER_MAX, retry_pause};

#[cfg(test)]
mod tests;
