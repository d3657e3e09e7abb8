//! Payment events: what a gateway reports, in a notice or as the reply to a call.

use crate::{DisputeId, EventId, EventKey, GatewayName, OrderNumber, RefundId, Timestamp, money};

use super::{EventReferences, EventTarget};

/// The kind of a payment event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The issuer holds the money for a later capture.
    Authorized,
    /// The money is captured; the amount is the total so far.
    Captured,
    /// The payment was refused, or an authorisation expired.
    Failed,
    /// The authorisation was voided without a capture.
    Voided,
    /// A refund, which the event names, went through.
    RefundSucceeded,
    /// A refund failed, at once or after it had succeeded.
    RefundFailed,
    /// The cardholder disputes the payment, or a part of it.
    Disputed,
    /// A dispute was decided for the shop, which keeps the money.
    DisputeWon,
    /// A dispute was decided for the cardholder, who has the money back.
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

    /// The `type` member of a notice.
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

    /// Parses the `type` member of a notice; `None` for an unknown type.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Whether it is about one refund, which the event then names.
    #[must_use]
    pub const fn is_refund(self) -> bool {
        matches!(self, Self::RefundSucceeded | Self::RefundFailed)
    }

    /// Whether it is about a dispute, which the event may name.
    #[must_use]
    pub const fn is_dispute(self) -> bool {
        matches!(self, Self::Disputed | Self::DisputeWon | Self::DisputeLost)
    }
}

/// Details that a gateway reports beside the money; every one may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentDetails {
    /// The last four digits of the card, the only ones that are stored.
    pub card_last4: Option<String>,
    /// The brand of the card, as the gateway writes it.
    pub card_brand: Option<String>,
    /// The issuer's authorisation code, for questions to the issuer.
    pub authorization_code: Option<String>,
    /// The gateway's response code, uninterpreted.
    pub response_code: Option<String>,
    /// The gateway's reason for a failed payment.
    pub failure_reason: Option<String>,
}

/// An amount as the gateway wrote it. It is parsed only in the transaction's own currency, so that a wrong
/// currency is distinguished from a wrong amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedAmount {
    /// A plain decimal number in major units, such as `19.98`.
    pub amount: String,
    /// A currency code, which need not be one of ISO 4217.
    pub currency: String,
}

impl ReportedAmount {
    /// Accepts a plain decimal number and a short visible code. The transaction decides later whether they
    /// match.
    #[must_use]
    pub fn parse(amount: &str, currency: &str) -> Option<Self> {
        // An unknown currency must become a finding, not an unreadable notice; so only the form is checked
        // here.
        let code = (1..=16).contains(&currency.len()) && currency.bytes().all(|it| it.is_ascii_graphic());
        let fits = code && money::is_plain_decimal(amount);
        fits.then(|| Self { amount: amount.to_owned(), currency: currency.to_owned() })
    }
}

impl From<crate::Money> for ReportedAmount {
    fn from(money: crate::Money) -> Self {
        Self { amount: money.to_string(), currency: money.currency().code().to_owned() }
    }
}

/// A fact about a transaction that the gateway reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEvent {
    /// The gateway's id of the event. The answer to a call gets the id of the notice about the same fact, if
    /// the adapter knows it.
    pub id: EventId,
    /// The kind, which decides the fact that is added.
    pub kind: EventKind,
    /// The transaction it is about, by our id or by the gateway's reference.
    pub target: EventTarget,
    /// The order number that the gateway has stored for that transaction; it must match. `None` for an event
    /// that began in the gateway's dashboard, which knows no order.
    pub order: Option<OrderNumber>,
    /// The amount of the event; for a capture, the total so far.
    pub reported: ReportedAmount,
    /// The public id of the refund, for the refund kinds; `None` if the event names it only by the gateway's
    /// reference.
    pub refund: Option<RefundId>,
    /// The gateway's id of the dispute; for the dispute kinds, if the gateway names it.
    pub dispute: Option<DisputeId>,
    /// The gateway's references of the payment, the refund and the dispute, as far as the event states them.
    pub references: EventReferences,
    /// Card and failure details, as far as the gateway reports them.
    pub details: PaymentDetails,
    /// The time at which it happened, by the gateway's clock.
    pub at: Timestamp,
}

/// The state of processing of a stored event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventDisposition {
    /// It changed its transaction; nothing is left to do.
    Applied,
    /// It repeated a known fact; nothing is left to do.
    Unchanged,
    /// It waits for an earlier event of the same transaction, such as the capture before a refund.
    Waiting,
    /// It waits for its transaction to appear; a sweep tries it again.
    Parked,
    /// It still waits for its transaction, and a finding has been made.
    Overdue,
    /// It had no effect or contradicts the facts; a finding has been made.
    Flagged,
}

impl EventDisposition {
    /// Every disposition, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Applied, Self::Unchanged, Self::Waiting, Self::Parked, Self::Overdue, Self::Flagged];

    /// The name in the database.
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

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Whether the event may still be applied: it waits, for an earlier event or for its transaction.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Waiting | Self::Parked | Self::Overdue => true,
            Self::Applied | Self::Unchanged | Self::Flagged => false,
        }
    }
}

/// A notice as it is stored, whatever its effect was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The key of the event's row.
    pub key: EventKey,
    /// The name of the gateway that sent it.
    pub gateway: GatewayName,
    /// The gateway's id of the event; with the gateway's name it is unique, so a duplicate is refused.
    pub id: EventId,
    /// The type it names; `None` if that could not be read.
    pub kind: Option<String>,
    /// The transaction it names, by our id or by the gateway's reference; `None` if that could not be read.
    pub target: Option<EventTarget>,
    /// The text of the notice with all card numbers masked; a later attempt parses it again.
    // An event that waits is parsed again from this text, and the first attempt also reads this text and not
    // the original: two readings that differ could apply two facts (ADR 0011).
    pub raw: String,
    /// The state of its processing.
    pub disposition: EventDisposition,
    /// The time of arrival, by the clock of the instance that received it.
    pub received_at: Timestamp,
}
