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

/// How far a dispute has come. A later word outranks an earlier one, in whatever order they arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dispute {
    /// There is none.
    None,
    /// It is open.
    Open,
    /// The shop keeps the money.
    Won,
    /// The card's holder got the money back.
    Lost,
}

impl Dispute {
    /// Every stage.
    pub const ALL: [Self; 4] = [Self::None, Self::Open, Self::Won, Self::Lost];

    /// The name in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Open => "OPEN",
            Self::Won => "WON",
            Self::Lost => "LOST",
        }
    }

    /// Reads the name of the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}
