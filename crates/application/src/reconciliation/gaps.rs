//! Gaps: what is stored as done and what the gateway does not know.
//!
//! The fold adds what the gateway knows. It cannot take back what the gateway does not mention, so that is
//! compared here, after the fold.

use domain::{
    Refund, RefundId, Transaction,
    payment::{EventKind, PaymentEvent, PaymentStatus, RefundStatus},
};
use ports::{LookupAnswer, LookupSubject};

/// A lookup of something that has a result here, and its answer.
pub(super) struct SettledLookup {
    pub(super) subject: LookupSubject,
    pub(super) answer: LookupAnswer,
}

/// Something that is stored and that the gateway does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    /// The sentence of the finding.
    pub(super) detail: &'static str,
    /// The refund that it is about; `None` for the payment itself.
    pub(super) refund: Option<RefundId>,
}

/// Compares an answer with the transaction after the fold of that answer. `None` if they agree or the gateway
/// cannot tell.
pub(super) fn find_gap(transaction: &Transaction, lookup: &SettledLookup) -> Option<Gap> {
    let events = match &lookup.answer {
        LookupAnswer::Found { events, .. } => Some(events.as_slice()),
        LookupAnswer::Unknown => None,
        LookupAnswer::CannotTell => return None,
    };
    match &lookup.subject {
        LookupSubject::Payment => payment_gap(transaction, events).map(|detail| Gap { detail, refund: None }),
        LookupSubject::Refund { id, .. } => {
            let refund = transaction.refunds.iter().find(|it| it.id == *id)?;
            refund_gap(refund, events).map(|detail| Gap { detail, refund: Some(id.clone()) })
        }
    }
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
    use domain::{ChangedBy, RefundKey, payment::RefundFacts};

    use super::*;
    use crate::testing::*;

    fn found(kinds: &[EventKind]) -> LookupAnswer {
        let events = kinds.iter().map(|it| event(*it, "20")).collect();
        LookupAnswer::Found {
            reference: None,
            events,
            next_action: None,
            remarks: ports::LookupRemarks::default(),
        }
    }

    fn gap_of(transaction: &Transaction, answer: LookupAnswer) -> Option<&'static str> {
        find_gap(transaction, &SettledLookup { subject: LookupSubject::Payment, answer }).map(|it| it.detail)
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
            find_gap(transaction, &SettledLookup { subject: subject(), answer }).map(|it| it.refund)
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
}
