//! Gaps: what is stored as done and the gateway does not know, and what was given back or disputed there and is not
//! known here.
//!
//! The fold adds what the gateway reports as events. It cannot take back what the gateway does not mention, and a sum
//! is no event, so that is compared here, after the fold.

use domain::{
    Money, Refund, RefundId, Transaction,
    payment::{EventKind, PaymentEvent, PaymentStatus, RefundStatus},
};
use ports::{LookupAnswer, LookupRemarks, LookupSubject};

/// A lookup of something that has a result here, and its answer.
pub(super) struct SettledLookup {
    pub(super) subject: LookupSubject,
    pub(super) answer: LookupAnswer,
}

/// Something that is known on one side only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    /// The beginning of the finding's subject, which differs for gaps that can be open side by side.
    pub(super) code: &'static str,
    /// The sentence of the finding.
    pub(super) detail: &'static str,
    /// The refund that it is about; `None` for the payment itself.
    pub(super) refund: Option<RefundId>,
}

impl Gap {
    const fn of_payment(code: &'static str, detail: &'static str) -> Self {
        Self { code, detail, refund: None }
    }
}

/// Compares an answer with the transaction after the fold of that answer. Nothing if they agree or the gateway
/// cannot tell.
pub(super) fn find_gaps(transaction: &Transaction, lookup: &SettledLookup) -> Vec<Gap> {
    let (events, remarks) = match &lookup.answer {
        LookupAnswer::Found { events, remarks, .. } => (Some(events.as_slice()), Some(remarks)),
        LookupAnswer::Unknown => (None, None),
        LookupAnswer::CannotTell => return Vec::new(),
    };
    match &lookup.subject {
        LookupSubject::Payment => {
            let own = payment_gap(transaction, events).map(|it| Gap::of_payment("gap", it));
            own.into_iter().chain(remarks.into_iter().flat_map(|it| remarked_gaps(transaction, it))).collect()
        }
        LookupSubject::Refund { id, .. } => {
            let refund = transaction.refunds.iter().find(|it| it.id == *id);
            let detail = refund.and_then(|it| refund_gap(it, events));
            detail.map(|detail| Gap { code: "gap", detail, refund: Some(id.clone()) }).into_iter().collect()
        }
    }
}

/// Compares what the gateway states of refunds and disputes in all. Their notices may have been lost.
fn remarked_gaps(transaction: &Transaction, remarks: &LookupRemarks) -> Vec<Gap> {
    // An open refund may be done there already, and one that failed here is another gap if it was not there.
    let known = transaction.refunds.iter().filter(|it| it.status() != RefundStatus::Failed);
    let zero = Money::zero(transaction.amount.currency());
    let known = known.fold(zero, |sum, it| sum.try_add(it.amount).unwrap_or(sum));
    let refunded = remarks.refunded.as_ref().filter(|it| it.currency == zero.currency().code());
    let refunded = refunded.and_then(|it| Money::parse_gateway_amount(&it.amount, zero.currency()).ok());
    let is_captured = transaction.facts.capture().is_some();
    let has_more = is_captured && refunded.is_some_and(|it| it.exceeds(known));
    let is_unknown = remarks.is_disputed && transaction.facts.disputes().as_slice().is_empty();
    let more = Gap::of_payment(
        "gap-refunded",
        "The gateway has given back more of the payment than the refunds that are known here. Compare the refunds \
         there.",
    );
    let dispute = Gap::of_payment(
        "gap-disputed",
        "The payment is disputed at the gateway, or was, and no dispute is known here. Look it up there.",
    );
    has_more.then_some(more).into_iter().chain(is_unknown.then_some(dispute)).collect()
}

/// `events` is `None` if the gateway does not know the payment.
fn payment_gap(transaction: &Transaction, events: Option<&[PaymentEvent]>) -> Option<&'static str> {
    let reports = |kind| events.is_some_and(|all| all.iter().any(|it| it.kind == kind));
    let is_captured = transaction.facts.capture().is_some();
    let is_held = transaction.status() == PaymentStatus::Authorized;
    match events {
        None if is_captured => {
            Some("The payment is captured here, and the gateway does not know it. Look it up there.")
        }
        None if is_held => {
            Some("The payment is authorised here, and the gateway does not know it. Look it up there.")
        }
        Some(_) if is_captured && !reports(EventKind::Captured) => {
            Some("The payment is captured here, and the gateway does not report a capture. Look it up there.")
        }
        Some(_) if is_held && !reports(EventKind::Authorized) && !reports(EventKind::Captured) => Some(
            "The payment is authorised here, and the gateway does not report an authorisation. Look it up \
             there.",
        ),
        Some(_) | None => None,
    }
}

fn refund_gap(refund: &Refund, events: Option<&[PaymentEvent]>) -> Option<&'static str> {
    // Only money that left is compared. A refund that failed here and is unknown there agrees.
    if refund.status() != RefundStatus::Succeeded {
        return None;
    }
    match events {
        None => Some("A refund succeeded here, and the gateway does not know it. Look it up there."),
        Some(events) => {
            let is_last = events.last().is_some_and(|it| it.kind == EventKind::RefundSucceeded);
            (!is_last).then_some(
                "A refund succeeded here, and the gateway does not report that it did. Look it up there.",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        ChangedBy, RefundKey,
        payment::{RefundFacts, ReportedAmount},
    };

    use super::*;
    use crate::testing::*;

    fn found(kinds: &[EventKind]) -> LookupAnswer {
        let events = kinds.iter().map(|it| event(*it, "20")).collect();
        LookupAnswer::Found { reference: None, events, next_action: None, remarks: LookupRemarks::default() }
    }

    fn gap_of(transaction: &Transaction, answer: LookupAnswer) -> Option<&'static str> {
        let found = find_gaps(transaction, &SettledLookup { subject: LookupSubject::Payment, answer });
        found.first().map(|it| it.detail)
    }

    #[test]
    fn captured_money_must_be_known_there_as_captured() {
        assert_eq!(gap_of(&captured(), found(&[EventKind::Authorized, EventKind::Captured])), None);
        assert!(gap_of(&captured(), LookupAnswer::Unknown).unwrap().contains("does not know"));
        for kinds in [&[][..], &[EventKind::Authorized], &[EventKind::Failed]] {
            let detail = gap_of(&captured(), found(kinds));
            assert!(detail.unwrap().contains("does not report a capture"), "{kinds:?}");
        }
        assert_eq!(gap_of(&captured(), LookupAnswer::CannotTell), None);
    }

    #[test]
    fn held_money_must_be_known_there() {
        assert_eq!(gap_of(&authorized(), found(&[EventKind::Authorized])), None);
        assert_eq!(gap_of(&authorized(), found(&[EventKind::Captured])), None, "the fold adds the capture");
        assert!(gap_of(&authorized(), LookupAnswer::Unknown).is_some());
        assert!(gap_of(&authorized(), found(&[])).is_some());
    }

    #[test]
    fn a_payment_that_took_no_money_need_not_be_known_there() {
        assert_eq!(gap_of(&failed(), LookupAnswer::Unknown), None);
        assert_eq!(gap_of(&failed(), found(&[])), None);
    }

    #[test]
    fn a_refund_that_succeeded_must_have_succeeded_there() {
        let refund = |facts| Refund {
            key: RefundKey::new(40),
            id: RefundId::new("r1".to_owned()),
            transaction: pending().key,
            amount: yuan("5"),
            facts,
            requested_by: ChangedBy::SYSTEM,
            reason: None,
            created_at: NOW,
            check_at: None,
            checks: 0,
            items: Vec::new(),
            metadata: domain::order::Metadata::default(),
        };
        let succeeded = refund(RefundFacts { succeeded_at: Some(NOW), ..RefundFacts::default() });
        let transaction = Transaction { refunds: vec![succeeded.clone()], ..captured() };
        let subject =
            || LookupSubject::Refund { id: succeeded.id.clone(), reference: None, amount: yuan("5") };
        let gap = |transaction: &Transaction, answer| {
            let found = find_gaps(transaction, &SettledLookup { subject: subject(), answer });
            found.into_iter().next().map(|it| it.refund)
        };
        let lost = Some(Some(succeeded.id.clone()));
        assert_eq!(gap(&transaction, found(&[EventKind::RefundSucceeded])), None);
        assert_eq!(gap(&transaction, LookupAnswer::Unknown), lost);
        assert_eq!(gap(&transaction, found(&[])), lost);
        assert_eq!(gap(&transaction, found(&[EventKind::RefundSucceeded, EventKind::RefundFailed])), lost);
        let failed = refund(RefundFacts { failed_at: Some(NOW), ..RefundFacts::default() });
        let transaction = Transaction { refunds: vec![failed], ..captured() };
        assert_eq!(gap(&transaction, LookupAnswer::Unknown), None);
    }

    #[test]
    fn money_that_went_back_there_must_be_known_here() {
        let codes = |transaction: &Transaction, refunded: &str, currency: &str, is_disputed| {
            let refunded =
                Some(ReportedAmount { amount: refunded.to_owned(), currency: currency.to_owned() });
            let LookupAnswer::Found { reference, events, next_action, .. } = found(&[EventKind::Captured])
            else {
                panic!("it is found")
            };
            let remarks = LookupRemarks { refunded, is_disputed, decision: None };
            let answer = LookupAnswer::Found { reference, events, next_action, remarks };
            let lookup = SettledLookup { subject: LookupSubject::Payment, answer };
            find_gaps(transaction, &lookup).into_iter().map(|it| it.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&captured(), "0.00", "CNY", false), [""; 0]);
        assert_eq!(codes(&captured(), "5.00", "CNY", false), ["gap-refunded"]);
        assert_eq!(codes(&captured(), "5.00", "EUR", false), [""; 0], "it cannot be compared");
        assert_eq!(codes(&captured(), "0.00", "CNY", true), ["gap-disputed"]);
        assert_eq!(codes(&disputed(), "5.00", "CNY", true), ["gap-refunded"]);
        assert_eq!(codes(&authorized(), "20.00", "CNY", false), [""; 0], "nothing was captured");
    }
}
