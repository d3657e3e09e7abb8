//! What a gateway says happened: in a notice, or as the answer to what it was asked.

use crate::{DisputeId, EventId, EventKey, GatewayName, OrderNumber, RefundId, Timestamp, money};

use super::{EventReferences, EventTarget};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The money is held.
    Authorized,
    /// The money is taken.
    Captured,
    /// The payment was refused, or an authorisation ran out.
    Failed,
    /// The authorisation was given up.
    Voided,
    /// One refund went through.
    RefundSucceeded,
    /// One refund did not go through.
    RefundFailed,
    /// The card's holder disputes the payment.
    Disputed,
    /// The shop keeps the disputed money.
    DisputeWon,
    /// The disputed money went back.
    DisputeLost,
}

impl EventKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Authorized,
        Self::Captured,
        Self::Failed,
        Self::Voided,
        Self::RefundSucceeded,
        Self::RefundFailed,
        Self::Disputed,
        Self::DisputeWon,
        Self::DisputeLost,
    ];

    /// The `type` of a notice.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "payment.authorized",
            Self::Captured => "payment.captured",
            Self::Failed => "payment.failed",
            Self::Voided => "payment.voided",
            Self::RefundSucceeded => "refund.succeeded",
            Self::RefundFailed => "refund.failed",
            Self::Disputed => "payment.disputed",
            Self::DisputeWon => "dispute.won",
            Self::DisputeLost => "dispute.lost",
        }
    }

    /// Reads the `type` of a notice.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Whether it is about one refund, which it then names.
    #[must_use]
    pub const fn is_refund(self) -> bool {
        matches!(self, Self::RefundSucceeded | Self::RefundFailed)
    }

    /// Whether it is about one dispute.
    #[must_use]
    pub const fn is_dispute(self) -> bool {
        matches!(self, Self::Disputed | Self::DisputeWon | Self::DisputeLost)
    }
}

/// What a gateway tells beside the money. All of it may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The last four digits of the card.
    pub card_last4: Option<String>,
    /// The card's brand.
    pub card_brand: Option<String>,
    /// The issuer's authorisation code.
    pub authorization_code: Option<String>,
    /// The gateway's response code.
    pub response_code: Option<String>,
    /// Why the payment failed.
    pub failure_reason: Option<String>,
}

/// An amount as the gateway wrote it. It is only read as money in the transaction's own currency, so that a wrong
/// currency is told apart from a wrong amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// A plain decimal number.
    pub amount: String,
    /// A currency code.
    pub currency: String,
}

impl Stated {
    /// Takes an amount and a code, if the one is a plain decimal number and the other a short visible word: which one it
    /// is, is for the transaction to compare.
    #[must_use]
    pub fn parse(amount: &str, currency: &str) -> Option<Self> {
        let code = (1..=16).contains(&currency.len()) && currency.bytes().all(|it| it.is_ascii_graphic());
        let fits = code && money::is_plain_decimal(amount);
        fits.then(|| Self { amount: amount.to_owned(), currency: currency.to_owned() })
    }
}

impl From<crate::Money> for Stated {
    fn from(money: crate::Money) -> Self {
        Self { amount: money.to_string(), currency: money.currency().code().to_owned() }
    }
}

/// Something that happened to a transaction, at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The gateway's id of the event. An answer has the id of the notice about the same thing, where that is known.
    pub id: EventId,
    /// What.
    pub kind: EventKind,
    /// To which transaction, by our id or by the gateway's reference.
    pub target: EventTarget,
    /// For which order the gateway believes that transaction to be; what began in its dashboard knows of none.
    pub order: Option<OrderNumber>,
    /// How much money it is about.
    pub stated: Stated,
    /// Which refund, for the refund kinds, by our id. Without one its reference says which.
    pub refund: Option<RefundId>,
    /// Which dispute, for the dispute kinds, if the gateway names it.
    pub dispute: Option<DisputeId>,
    /// What the gateway calls the payment, the refund and the dispute.
    pub references: EventReferences,
    /// The rest.
    pub details: Details,
    /// When it happened there.
    pub at: Timestamp,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It changed something.
    Applied,
    /// It said what was already true.
    Unchanged,
    /// It waits for an earlier word about the same transaction.
    Waiting,
    /// It waits for its transaction to be known.
    Parked,
    /// It still waits for its transaction, and an operator was told.
    Overdue,
    /// An operator must look: it had no effect, or contradicts what is known.
    Flagged,
}

impl Disposition {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Applied, Self::Unchanged, Self::Waiting, Self::Parked, Self::Overdue, Self::Flagged];

    /// The name in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "APPLIED",
            Self::Unchanged => "UNCHANGED",
            Self::Waiting => "WAITING",
            Self::Parked => "PARKED",
            Self::Overdue => "OVERDUE",
            Self::Flagged => "FLAGGED",
        }
    }

    /// Reads the name of the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A notice as it is kept, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The row.
    pub key: EventKey,
    /// From which gateway.
    pub gateway: GatewayName,
    /// The gateway's id of the event.
    pub id: EventId,
    /// The type it names, if it could be read.
    pub kind: Option<String>,
    /// The transaction it names, by our id or by the gateway's reference, if it could be read.
    pub target: Option<EventTarget>,
    /// The notice itself, card numbers masked.
    pub raw: String,
    /// What became of it.
    pub disposition: Disposition,
    /// When it arrived.
    pub received_at: Timestamp,
}
