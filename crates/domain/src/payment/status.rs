//! Where a payment stands.

/// The status of a transaction. It is never stored as a decision of its own: it follows from the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Asked for, no word yet.
    Pending,
    /// The money is held and can be captured.
    Authorized,
    /// The money is taken.
    Captured,
    /// The gateway refused.
    Failed,
    /// All that was captured has been given back.
    Refunded,
    /// The card's holder disputes it.
    Disputed,
    /// The authorisation was given up.
    Voided,
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Authorized,
        Self::Captured,
        Self::Failed,
        Self::Refunded,
        Self::Disputed,
        Self::Voided,
    ];

    /// Whether an order can have no other transaction of such a status.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Pending | Self::Authorized | Self::Captured)
    }

    /// The name in the record and in JSON.
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
}
