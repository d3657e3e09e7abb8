//! What an answer about a payment states, as events.

use domain::{
    EventId, OrderNumber, RefundId, Timestamp, TransactionId, card,
    payment::{
        EventKind, EventReferences, EventTarget, GatewayReference, NextAction, PaymentDetails, PaymentEvent,
        ReportedAmount,
    },
};
use ports::{Answer, Charge, LookupAnswer, LookupRemarks};

use super::{amount, api::Refusal, object::StripeObject};
use crate::{masking, notice};

/// The longest detail that is kept, in characters.
const DETAIL_CHARS_MAX: usize = 255;
const MS_PER_SECOND: i64 = 1000;
const LAST_MS_OF_SECOND: i64 = 999;
/// The reason for a payment that was cancelled before the issuer held any money.
const CANCELLED: &str = "the payment was cancelled at Stripe before it was authorised";
/// The reason for a payment that the buyer did not authenticate.
const UNPAID: &str = "not paid in time";
/// The reason for an authorisation that Stripe gave up.
const EXPIRED: &str = "the authorisation expired before it was captured";

/// Returns the start of a second of Stripe's clock.
pub(super) const fn second_start(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(MS_PER_SECOND))
}

/// Returns the end of a second of Stripe's clock: an event that ends something does not come before what it ends.
pub(super) const fn second_end(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(MS_PER_SECOND).saturating_add(LAST_MS_OF_SECOND))
}

/// Returns the kind of event that the state of a payment is; `None` while it has no result.
pub(super) fn intent_kind(intent: StripeObject<'_>) -> Option<EventKind> {
    match intent.text("status")? {
        "requires_capture" => Some(EventKind::Authorized),
        "succeeded" => Some(EventKind::Captured),
        "canceled" => Some(cancellation_kind(intent)),
        // This service confirms a payment once, when it creates it, so a failed confirmation is final.
        "requires_payment_method" => intent.has("last_payment_error").then_some(EventKind::Failed),
        // `processing`, `requires_action` and `requires_confirmation` have no result yet, and neither has a status
        // that a later version adds.
        _ => None,
    }
}

/// A cancelled payment was voided if the issuer held its money. If it did not, or if Stripe gave the money up by
/// itself, the payment failed.
pub(super) fn cancellation_kind(intent: StripeObject<'_>) -> EventKind {
    let was_held = intent.has("latest_charge") && !intent.has("last_payment_error");
    if was_held && !has_expired(intent) { EventKind::Voided } else { EventKind::Failed }
}

fn has_expired(intent: StripeObject<'_>) -> bool {
    matches!(intent.text("cancellation_reason"), Some("automatic" | "expired"))
}

/// Returns the amount of an event about a payment; `None` if the object does not state it.
pub(super) fn intent_amount(intent: StripeObject<'_>, kind: EventKind) -> Option<ReportedAmount> {
    // Only a manual capture may take less than the whole amount, so only there the amount that was received is
    // indispensable.
    let is_partial = intent.has("amount_received") || intent.text("capture_method") == Some("manual");
    let member = if kind == EventKind::Captured && is_partial { "amount_received" } else { "amount" };
    amount::report_units(intent.int(member)?, intent.text("currency")?)
}

/// Returns when the payment came into this state; `otherwise` if the object does not say. The time of the charge is
/// that of the authorisation, and that of a capture only if both were one request.
fn intent_time(intent: StripeObject<'_>, kind: EventKind, otherwise: Timestamp) -> Timestamp {
    let charged_at = || intent.object("latest_charge")?.int("created");
    let is_manual = intent.text("capture_method") == Some("manual");
    let canceled_at = intent.int("canceled_at");
    let known = match kind {
        EventKind::Authorized => charged_at().map(second_start),
        EventKind::Captured if !is_manual => charged_at().map(second_start),
        EventKind::Voided => canceled_at.map(second_end),
        EventKind::Failed => canceled_at.or_else(charged_at).map(second_end),
        EventKind::Captured
        | EventKind::RefundSucceeded
        | EventKind::RefundFailed
        | EventKind::Disputed
        | EventKind::DisputeWon
        | EventKind::DisputeLost => None,
    };
    known.unwrap_or(otherwise)
}

/// Returns the details of a payment: of the card, and of the failure if it failed.
pub(super) fn intent_details(intent: StripeObject<'_>, kind: EventKind) -> PaymentDetails {
    let charge = intent.object("latest_charge");
    let error = intent.object("last_payment_error");
    let used = charge.and_then(|it| it.object("payment_method_details")?.object("card"));
    let refused = error.and_then(|it| it.object("payment_method")?.object("card"));
    let card = used.or(refused);
    let code = charge.and_then(|it| it.text("authorization_code"));
    let code = code.or_else(|| used?.text("authorization_code"));
    let mut details = PaymentDetails {
        card_last4: card.and_then(|it| it.text("last4")).map(cut_detail),
        card_brand: card.and_then(|it| it.text("brand")).map(cut_detail),
        authorization_code: code.map(cut_detail),
        response_code: None,
        failure_reason: None,
    };
    if kind == EventKind::Failed {
        let reason = error.and_then(|it| it.text("message"));
        let expired_or_cancelled = if has_expired(intent) { EXPIRED } else { CANCELLED };
        let code = error.and_then(|it| it.text("decline_code").or_else(|| it.text("code")));
        details.failure_reason = Some(cut_detail(reason.unwrap_or(expired_or_cancelled)));
        details.response_code = code.or_else(|| intent.text("cancellation_reason")).map(cut_detail);
    }
    details
}

/// Masks card numbers in a text of Stripe, and cuts it.
pub(super) fn cut_detail(text: &str) -> String {
    card::mask_numbers(text).chars().take(DETAIL_CHARS_MAX).collect()
}

/// Returns the reference of an object; `None` if it has none that can be one.
pub(super) fn reference(text: Option<&str>) -> Option<GatewayReference> {
    // An id that is a card number by chance is a digest, here as in a notice.
    GatewayReference::parse(masking::mask_event_id(EventId::new(text?.to_owned())).as_str()).ok()
}

/// An event of an answer about one of our payments or refunds.
pub(super) struct AnswerEvent<'a> {
    pub(super) charge: &'a Charge,
    /// The payment or the refund.
    pub(super) object: StripeObject<'a>,
    pub(super) kind: EventKind,
    pub(super) at: Timestamp,
}

impl AnswerEvent<'_> {
    /// Builds the event, with the ids and references that the object states.
    pub(super) fn build(self, reported: ReportedAmount, details: PaymentDetails) -> PaymentEvent {
        let transaction = self.charge.transaction.clone();
        let refund: Option<RefundId> =
            self.object.metadata_id("refund_id", RefundId::parse).filter(|_| self.kind.is_refund());
        let id = notice::event_id(self.kind, &transaction, refund.as_ref());
        let own = reference(self.object.text("id"));
        let references = if self.kind.is_refund() {
            let payment =
                reference(self.object.id_of("payment_intent")).or_else(|| self.charge.reference.clone());
            EventReferences { payment, refund: own, dispute: None }
        } else {
            EventReferences { payment: own, ..EventReferences::default() }
        };
        // What Stripe stores is compared with the transaction. An object without it is one of ours all the same,
        // because it was asked for by our key or found by our id.
        let order = self.object.metadata_id("order_number", OrderNumber::parse);
        PaymentEvent {
            id,
            kind: self.kind,
            target: EventTarget::Transaction(transaction),
            order: Some(order.unwrap_or_else(|| self.charge.order.clone())),
            reported,
            refund,
            dispute: None,
            references,
            details,
            at: self.at,
        }
    }
}

/// Returns the events of a payment, oldest first, as a lookup states them. The last one is its present state.
pub(super) fn intent_events(
    charge: &Charge,
    intent: StripeObject<'_>,
    answered_at: Timestamp,
) -> Vec<PaymentEvent> {
    let Some(last) = intent_kind(intent) else { return Vec::new() };
    let was_held = match last {
        EventKind::Voided => true,
        EventKind::Captured => intent.text("capture_method") == Some("manual"),
        EventKind::Authorized
        | EventKind::Failed
        | EventKind::RefundSucceeded
        | EventKind::RefundFailed
        | EventKind::Disputed
        | EventKind::DisputeWon
        | EventKind::DisputeLost => false,
    };
    // Without the charge it is not known when it was authorised, and the later event implies that it was.
    let charged = intent.object("latest_charge").is_some_and(|it| it.int("created").is_some());
    let first = (was_held && charged).then_some(EventKind::Authorized);
    let build = |kind| {
        let reported = intent_amount(intent, kind)?;
        let at = intent_time(intent, kind, answered_at);
        Some(AnswerEvent { charge, object: intent, kind, at }.build(reported, intent_details(intent, kind)))
    };
    first.into_iter().chain([last]).filter_map(build).collect()
}

/// Returns what the buyer must do next; `None` if there is nothing to do.
pub(super) fn next_action(intent: StripeObject<'_>) -> Option<NextAction> {
    let action = intent.object("next_action").filter(|_| intent.text("status") == Some("requires_action"))?;
    let page = action.object("redirect_to_url").and_then(|it| it.text("url"));
    if let Some(url) = page.filter(|it| it.starts_with("https://")) {
        return Some(NextAction::Redirect { url: url.to_owned() });
    }
    // Stripe's library handles every kind of action by this one parameter.
    let secret = intent.text("client_secret")?.to_owned();
    Some(NextAction::ClientSdk { parameters: [("clientSecret".to_owned(), secret)].into() })
}

/// Returns the answer that the state of a payment is.
pub(super) fn intent_answer(charge: &Charge, intent: StripeObject<'_>, answered_at: Timestamp) -> Answer {
    match intent_events(charge, intent, answered_at).pop() {
        Some(event) => event.into(),
        None => {
            Answer::Accepted { reference: reference(intent.text("id")), next_action: next_action(intent) }
        }
    }
}

/// Returns what a lookup of a payment found.
pub(super) fn found_intent(
    charge: &Charge,
    intent: StripeObject<'_>,
    answered_at: Timestamp,
) -> LookupAnswer {
    LookupAnswer::Found {
        reference: reference(intent.text("id")),
        events: intent_events(charge, intent, answered_at),
        next_action: next_action(intent),
        remarks: read_remarks(intent),
    }
}

/// Returns what the charge states of refunds and disputes, also of those that began in the dashboard.
fn read_remarks(intent: StripeObject<'_>) -> LookupRemarks {
    let charge = intent.object("latest_charge");
    let refunded = || amount::report_units(charge?.int("amount_refunded")?, intent.text("currency")?);
    let is_disputed = charge.and_then(|it| it.bool("disputed")) == Some(true);
    LookupRemarks { decision: None, refunded: refunded(), is_disputed }
}

/// Whether only the buyer can continue the payment: no money is held or on its way, so it can be ended.
pub(super) fn waits_for_buyer(intent: StripeObject<'_>) -> bool {
    matches!(intent.text("status"), Some("requires_action" | "requires_confirmation"))
}

/// Returns what a lookup says of a payment that it has cancelled because the buyer did not pay in time.
pub(super) fn found_unpaid(
    charge: &Charge,
    intent: StripeObject<'_>,
    answered_at: Timestamp,
) -> LookupAnswer {
    let mut events = intent_events(charge, intent, answered_at);
    for event in events.iter_mut().filter(|it| it.kind == EventKind::Failed) {
        event.details.failure_reason = Some(UNPAID.to_owned());
    }
    LookupAnswer::Found {
        reference: reference(intent.text("id")),
        events,
        next_action: None,
        remarks: read_remarks(intent),
    }
}

/// Returns the event of a payment that Stripe refused to make, or whose card was declined.
pub(super) fn refused_charge(charge: &Charge, refusal: &Refusal) -> PaymentEvent {
    let intent = refusal.intent.as_ref().and_then(StripeObject::from_value);
    let details = intent.map(|it| intent_details(it, EventKind::Failed)).unwrap_or_default();
    let details = PaymentDetails {
        failure_reason: Some(refusal.reason()),
        response_code: refusal.code.clone().or(details.response_code),
        ..details
    };
    let reported = intent.and_then(|it| intent_amount(it, EventKind::Failed));
    let payment = reference(intent.and_then(|it| it.text("id")));
    let references = EventReferences { payment, ..EventReferences::default() };
    PaymentEvent {
        id: notice::event_id(EventKind::Failed, &charge.transaction, None),
        kind: EventKind::Failed,
        target: EventTarget::Transaction(charge.transaction.clone()),
        order: Some(charge.order.clone()),
        reported: reported.unwrap_or_else(|| ReportedAmount::from(charge.amount)),
        refund: None,
        dispute: None,
        references,
        details,
        at: refusal.answered_at,
    }
}

/// Whether the object's metadata names this transaction.
pub(super) fn is_about(object: StripeObject<'_>, transaction: &TransactionId) -> bool {
    object.metadata_id("transaction_id", TransactionId::parse).as_ref() == Some(transaction)
}

#[cfg(test)]
mod tests;
