//! The status of a payment.

/// The status of a transaction. It is computed from the facts; the stored column is for people who read the
/// table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Requested, and no event has arrived yet.
    Pending,
    /// The issuer holds the money; the authorisation can be captured or voided.
    Authorized,
    /// The money is captured, in part or in full, and not all returned.
    Captured,
    /// The gateway refused, the authorisation expired, or another transaction pays the order.
    Failed,
    /// Everything captured was returned, by refunds and lost disputes.
    Refunded,
    /// At least one dispute of captured money is open.
    Disputed,
    /// The authorisation was voided before a capture.
    Voided,
}

impl PaymentStatus {
    /// Every status, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Authorized,
        Self::Captured,
        Self::Failed,
        Self::Refunded,
        Self::Disputed,
        Self::Voided,
    ];

    /// Whether an order can have no second transaction while one has this status. A disputed one also blocks
    /// the order: see [`Transaction::occupies_order`](super::Transaction::occupies_order).
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Pending | Self::Authorized | Self::Captured)
    }

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Authorized => "AUTHORIZED",
            Self::Captured => "CAPTURED",
            Self::Failed => "FAILED",
            Self::Refunded => "REFUNDED",
            Self::Disputed => "DISPUTED",
            Self::Voided => "VOIDED",
        }
    }

    /// Parses the name; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}
