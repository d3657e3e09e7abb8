//! Which rows a commit may forget.

/// What may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prunable {
    /// Idempotency keys whose `expires_at` has passed.
    Claims,
    /// Sessions that expired or were revoked before then.
    Sessions,
    /// Attempts at gateways that began before then.
    Attempts,
    /// Deliveries of webhooks that were made before then and are over. Those that are pending are
    /// [dropped](crate::WebhookWrite::DropDeliveries), and operators learn of it.
    Deliveries,
    /// Numbered events of the feed that happened before then, lowest number first, up to the first one that did not.
    FeedEvents,
}

impl Prunable {
    /// Everything that may be forgotten.
    pub const ALL: [Self; 5] =
        [Self::Claims, Self::Sessions, Self::Attempts, Self::Deliveries, Self::FeedEvents];
}
