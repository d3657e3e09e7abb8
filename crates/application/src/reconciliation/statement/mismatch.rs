//! How one entry of a settlement file differs from what is stored.

use domain::{
    Money, Refund, RefundId, Transaction, TransactionId,
    payment::{GatewayReference, NamedReference, PaymentStatus, ReferenceKind, ReferenceOwner, RefundStatus},
};
use ports::{StatementEntry, StatementEntryKind};

/// The longest subject of a finding, in bytes.
const SUBJECT_BYTES_MAX: usize = 255;

/// How an entry differs from what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// The payment is unknown here, or that of the refund.
    UnknownPayment,
    /// The payment is known, and the refund is not.
    UnknownRefund,
    /// The payment is known, and the dispute of it is not.
    UnknownDispute,
    /// The payment is known, and its money is not captured.
    NotCaptured,
    /// The refund failed here, and did not at the gateway.
    NotRefunded,
    /// The currency is not the stored one.
    Currency,
    /// The currency is the stored one, and the amount is not.
    Amount,
    /// A second entry about the same payment or refund.
    Repeated,
}

impl Mismatch {
    /// The word in the subject of the finding.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::UnknownPayment => "unknown-payment",
            Self::UnknownRefund => "unknown-refund",
            Self::UnknownDispute => "unknown-dispute",
            Self::NotCaptured => "not-captured",
            Self::NotRefunded => "not-refunded",
            Self::Currency => "currency",
            Self::Amount => "amount",
            Self::Repeated => "repeated",
        }
    }

    /// The end of the finding's sentence.
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::UnknownPayment => "the gateway has a payment that is unknown here, or a refund of one.",
            Self::UnknownRefund => "the gateway has a refund that is unknown here.",
            Self::UnknownDispute => "the gateway has a dispute that is unknown here.",
            Self::NotCaptured => "the gateway has a payment whose money is not captured here.",
            Self::NotRefunded => "the gateway has a refund that failed here.",
            Self::Currency => "the currency differs from the one that is stored here.",
            Self::Amount => "the amount differs from the one that is stored here.",
            Self::Repeated => "the same payment or refund is listed a second time.",
        }
    }
}

pub(super) fn compare_payment(transaction: &Transaction, entry: &StatementEntry) -> Option<Mismatch> {
    let captured = transaction.captured_amount();
    if !captured.is_zero() {
        return compare_amounts(captured, entry);
    }
    // A gateway lists a debit when it begins it, and its result comes days later.
    let is_awaited = transaction.status() == PaymentStatus::Pending;
    if is_awaited { compare_amounts(transaction.amount, entry) } else { Some(Mismatch::NotCaptured) }
}

pub(super) fn compare_refund(refund: &Refund, entry: &StatementEntry) -> Option<Mismatch> {
    match refund.status() {
        RefundStatus::Failed => Some(Mismatch::NotRefunded),
        // A gateway lists a refund when it accepts it, and this service waits for its result.
        RefundStatus::Pending | RefundStatus::Succeeded => compare_amounts(refund.amount, entry),
    }
}

fn compare_amounts(stored: Money, entry: &StatementEntry) -> Option<Mismatch> {
    let reported = entry.amount.as_ref()?;
    if reported.currency != stored.currency().code() {
        return Some(Mismatch::Currency);
    }
    let amount = Money::parse_gateway_amount(&reported.amount, stored.currency());
    (amount != Ok(stored)).then_some(Mismatch::Amount)
}

/// Finds a refund by our id, by the owner of the gateway's reference, or by that reference as its id, which a
/// refund has that began at the gateway.
pub(super) fn find_refund<'t>(
    transaction: &'t Transaction,
    id: Option<&RefundId>,
    reference: Option<&GatewayReference>,
) -> Option<&'t Refund> {
    let by_id = |id: &str| transaction.refunds.iter().find(|it| it.id.as_str() == id);
    let by_reference = |reference: &GatewayReference| {
        let named = NamedReference { kind: ReferenceKind::Refund, reference: reference.clone() };
        match transaction.find_owner(&named) {
            Some(ReferenceOwner::Refund(id)) => by_id(id.as_str()),
            Some(ReferenceOwner::Payment | ReferenceOwner::Dispute(_)) | None => by_id(reference.as_str()),
        }
    };
    id.and_then(|it| by_id(it.as_str())).or_else(|| reference.and_then(by_reference))
}

/// What an entry is about, as the subject of a finding: the same in another file.
pub(super) fn entry_name(entry: &StatementEntry) -> String {
    let transaction = entry.transaction.as_ref().map_or("", TransactionId::as_str);
    let payment = entry.payment.as_ref().map_or("", GatewayReference::as_str);
    match &entry.kind {
        StatementEntryKind::Payment => format!("payment:{transaction}:{payment}"),
        StatementEntryKind::Refund { id, reference } => {
            let id = id.as_ref().map_or("", RefundId::as_str);
            let reference = reference.as_ref().map_or("", GatewayReference::as_str);
            format!("refund:{transaction}:{payment}:{id}:{reference}")
        }
        StatementEntryKind::Dispute { reference } => {
            let reference = reference.as_ref().map_or("", GatewayReference::as_str);
            format!("dispute:{transaction}:{payment}:{reference}")
        }
    }
}

/// Keeps the end of a subject that is too long. Ids are ASCII and differ at their ends.
pub(super) fn cut_subject(subject: String) -> String {
    let from = subject.len().saturating_sub(SUBJECT_BYTES_MAX);
    subject.get(from..).map(str::to_owned).unwrap_or(subject)
}
