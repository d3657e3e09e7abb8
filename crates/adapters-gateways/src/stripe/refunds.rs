//! What an answer about a refund states, as an event.

use domain::{
    Timestamp,
    payment::{EventKind, PaymentDetails, PaymentEvent},
};
use ports::{Answer, Charge, LookupAnswer, LookupRemarks};

use super::{
    amount,
    answers::{AnswerEvent, cut_detail, reference},
    api::Refusal,
    object::StripeObject,
};

/// Returns the kind of event that the state of a refund is; `None` while it has no result.
pub(super) fn refund_kind(refund: StripeObject<'_>) -> Option<EventKind> {
    match refund.text("status")? {
        "succeeded" => Some(EventKind::RefundSucceeded),
        "failed" | "canceled" => Some(EventKind::RefundFailed),
        _ => None,
    }
}

/// Returns the details of a refund: the reason if it failed.
pub(super) fn refund_details(refund: StripeObject<'_>) -> PaymentDetails {
    let cancelled = || Some("canceled").filter(|it| refund.text("status") == Some(it));
    let reason = refund.text("failure_reason").or_else(cancelled);
    PaymentDetails { failure_reason: reason.map(cut_detail), ..PaymentDetails::default() }
}

/// Returns the event of one of our refunds; `None` while it has no result. The object does not say when it came into
/// its state, so the event has the time of the answer.
pub(super) fn refund_event(
    charge: &Charge,
    refund: StripeObject<'_>,
    answered_at: Timestamp,
) -> Option<PaymentEvent> {
    let kind = refund_kind(refund)?;
    let reported = amount::report_units(refund.int("amount")?, refund.text("currency")?)?;
    let event = AnswerEvent { charge, object: refund, kind, at: answered_at };
    Some(event.build(reported, refund_details(refund)))
}

/// Returns the answer that the state of a refund is.
pub(super) fn refund_answer(charge: &Charge, refund: StripeObject<'_>, answered_at: Timestamp) -> Answer {
    let reference = reference(refund.text("id"));
    refund_event(charge, refund, answered_at)
        .map_or(Answer::Accepted { reference, next_action: None }, Answer::from)
}

/// Returns what a lookup of a refund found.
pub(super) fn found_refund(
    charge: &Charge,
    refund: StripeObject<'_>,
    answered_at: Timestamp,
) -> LookupAnswer {
    LookupAnswer::Found {
        reference: reference(refund.text("id")),
        events: refund_event(charge, refund, answered_at).into_iter().collect(),
        next_action: None,
        remarks: LookupRemarks::default(),
    }
}

/// Returns the answer about a refund that Stripe refused to make, or that was never sent.
pub(super) fn refuse_refund(refusal: &Refusal) -> Answer {
    Answer::RefundRefused(Box::new(refusal.details()))
}
