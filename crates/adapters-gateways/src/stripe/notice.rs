//! What a notice of Stripe states, as an event.
//!
//! | type | event |
//! | --- | --- |
//! | `payment_intent.amount_capturable_updated` | authorized |
//! | `payment_intent.succeeded` | captured, `amount_received` |
//! | `payment_intent.payment_failed` | failed |
//! | `payment_intent.canceled` | voided; failed if it was never authorised or has expired |
//! | `refund.*`, `charge.refund.updated`, `charge.refunded` with its refunds | the refund's result |
//! | `charge.dispute.*` | the dispute's status; an inquiry (`warning_*`) is none |
//!
//! A payment that this service did not make has no transaction id in its metadata: an account is often shared.
//! Its notices are irrelevant. A refund or a dispute that began in the dashboard names its payment by reference
//! only, and a notice does not say whose payment that is; so it is an event, which waits until the payment is known.
//! Only an object that has the form of its type is irrelevant; any other is unintelligible, because it may be ours.

use domain::{
    DisputeId, EventId, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{
        EventKind, EventReferences, EventTarget, GatewayReference, NamedReference, PaymentDetails,
        PaymentEvent, ReferenceKind, ReportedAmount,
    },
};
use ports::{Notice, ParsedNotice};
use serde_json::Value;

use super::{
    amount,
    answers::{cancellation_kind, intent_amount, intent_details, reference, second_end, second_start},
    masking::mask_notice,
    object::StripeObject,
    refunds::{refund_details, refund_kind},
    requests::is_release_key,
};
use crate::{ids::derive_id, masking, notice::believe_time};

/// The first version of the API in which the rest of a partial capture is released without a refund object.
const FIRST_VERSION_WITHOUT_RELEASES: &str = "2025-03-31";
/// The reason of a refund that only releases an authorisation that was not captured in time.
const EXPIRED_REASON: &str = "expired_uncaptured_charge";
/// The faults of ids of this service that are there and cannot be read.
const ODD_TRANSACTION: &str = "The metadata has a transaction_id that cannot be one.";
const ODD_ORDER: &str = "The metadata has an order_number that cannot be one.";
const ODD_REFUND: &str = "The metadata has a refund_id that cannot be one.";
/// The longest name of a type that is kept, in characters.
const KIND_CHARS_MAX: usize = 64;

/// What a type of notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Authorization,
    Capture,
    Failure,
    Cancellation,
    Refund,
    /// A charge with all its refunds.
    RefundedCharge,
    Dispute,
    /// Something that adds no fact.
    Nothing,
}

impl Subject {
    /// The type of the object that a notice of the type `kind` is about.
    fn object_type(self, kind: &str) -> &'static str {
        match self {
            Self::Authorization | Self::Capture | Self::Failure | Self::Cancellation => "payment_intent",
            Self::Refund => "refund",
            Self::RefundedCharge => "charge",
            Self::Dispute => "dispute",
            Self::Nothing if kind.starts_with("payment_intent.") => "payment_intent",
            Self::Nothing => "charge",
        }
    }
}

fn parse_subject(kind: &str) -> Option<Subject> {
    Some(match kind {
        "payment_intent.amount_capturable_updated" => Subject::Authorization,
        "payment_intent.succeeded" => Subject::Capture,
        "payment_intent.payment_failed" => Subject::Failure,
        "payment_intent.canceled" => Subject::Cancellation,
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => Subject::Refund,
        "charge.refunded" => Subject::RefundedCharge,
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => Subject::Dispute,
        // Steps without a result, and what the payment intent's own notices say as well.
        "payment_intent.created"
        | "payment_intent.processing"
        | "payment_intent.requires_action"
        | "payment_intent.partially_funded"
        | "charge.pending"
        | "charge.succeeded"
        | "charge.captured"
        | "charge.failed"
        | "charge.expired"
        | "charge.updated" => Subject::Nothing,
        _ => return None,
    })
}

/// Masks the body of a genuine notice. Its id is that of the event; of a body without one it is a digest.
pub(super) fn read_notice(body: &[u8]) -> Notice {
    let raw = mask_notice(body);
    let event: Option<Value> = serde_json::from_str(&raw).ok();
    let id = event.as_ref().and_then(|it| EventId::parse(it.get("id")?.as_str()?).ok());
    let digest =
        || EventId::new(format!("digest_{}", derive_id(&[&String::from_utf8_lossy(body)]).to_lowercase()));
    Notice { id: masking::mask_event_id(id.unwrap_or_else(digest)), raw }
}

/// Parses a masked notice. `is_live` says whether only notices of live mode are believed.
pub(super) fn parse_notice(notice: &Notice, received_at: Timestamp, is_live: bool) -> ParsedNotice {
    parse_payload(notice, received_at, is_live).unwrap_or_else(|fault| ParsedNotice::Unintelligible { fault })
}

fn parse_payload(
    notice: &Notice,
    received_at: Timestamp,
    is_live: bool,
) -> Result<ParsedNotice, &'static str> {
    let payload: Value = serde_json::from_str(&notice.raw).map_err(|_| "The notice is not JSON.")?;
    let payload = StripeObject::from_value(&payload).ok_or("The notice is not a JSON object.")?;
    let kind = payload.text("type").ok_or("The notice has no type.")?;
    let name = kind.chars().take(KIND_CHARS_MAX).collect();
    let Some(subject) = parse_subject(kind) else { return Ok(ParsedNotice::UnknownType { kind: name }) };
    let data = payload.object("data").and_then(|it| it.object("object"));
    let object = data.ok_or("The notice has no data.object.")?;
    if !object.is_a(subject.object_type(kind)) {
        return Err("The object of the notice is not of the type that the notice promises, or has no id.");
    }
    if subject == Subject::Nothing {
        return Ok(ParsedNotice::Irrelevant { kind: name });
    }
    // A user of test mode must not be able to pay real orders.
    if is_live && payload.bool("livemode") == Some(false) {
        return Err("The notice is of test mode, and the API key is of live mode.");
    }
    let context = NoticeContext {
        id: &notice.id,
        created: payload.int("created"),
        received_at,
        object,
        is_after_release: is_after_release(payload),
        may_be_release: payload.text("api_version").is_some_and(|it| it < FIRST_VERSION_WITHOUT_RELEASES),
    };
    let event = match subject {
        Subject::Authorization => context.payment_event(EventKind::Authorized)?,
        Subject::Capture => context.payment_event(EventKind::Captured)?,
        Subject::Failure => context.payment_event(EventKind::Failed)?,
        Subject::Cancellation => context.payment_event(cancellation_kind(object))?,
        Subject::Refund => context.refund_event(object)?,
        Subject::RefundedCharge => context.charge_event()?,
        Subject::Dispute => context.dispute_event()?,
        Subject::Nothing => None,
    };
    Ok(event.map_or(ParsedNotice::Irrelevant { kind: name }, |it| ParsedNotice::Event(Box::new(it))))
}

/// Whether one of our captures or voids caused the event: Stripe states the key of the request.
fn is_after_release(payload: StripeObject<'_>) -> bool {
    let key = payload.object("request").and_then(|it| it.text("idempotency_key"));
    key.is_some_and(is_release_key)
}

/// The parts of a notice from which its event is built. Each builder returns `None` if there is no event.
struct NoticeContext<'a> {
    id: &'a EventId,
    /// The time of the event by Stripe's clock, in seconds.
    created: Option<i64>,
    received_at: Timestamp,
    object: StripeObject<'a>,
    /// Whether one of our captures or voids caused the event.
    is_after_release: bool,
    /// Whether the version of the API still has refunds of money that was never captured.
    may_be_release: bool,
}

impl NoticeContext<'_> {
    fn payment_event(&self, kind: EventKind) -> Result<Option<PaymentEvent>, &'static str> {
        let intent = self.object;
        intent.object("metadata").ok_or("The payment has no metadata, so it is not known whose it is.")?;
        let ours = intent.read_metadata("transaction_id", TransactionId::parse, ODD_TRANSACTION)?;
        let Some(transaction) = ours else { return Ok(None) };
        // It is also sent when the amount falls to zero.
        if kind == EventKind::Authorized
            && intent.text("status").ok_or("The payment has no status.")? != "requires_capture"
        {
            return Ok(None);
        }
        let reported = intent_amount(intent, kind).ok_or("The payment has no amount with a currency.")?;
        let ended = intent.int("canceled_at").filter(|_| kind != EventKind::Captured);
        let references =
            EventReferences { payment: reference(intent.text("id")), ..EventReferences::default() };
        let target = EventTarget::Transaction(transaction);
        let event = self.build_event(kind, target, reported, references, ended.or(self.created))?;
        Ok(Some(PaymentEvent { details: intent_details(intent, kind), ..event }))
    }

    fn refund_event(&self, refund: StripeObject<'_>) -> Result<Option<PaymentEvent>, &'static str> {
        refund.text("status").ok_or("The refund has no status.")?;
        let Some(kind) = refund_kind(refund) else { return Ok(None) };
        let id = refund.read_metadata("refund_id", RefundId::parse, ODD_REFUND)?;
        if id.is_none() && self.is_release(refund, kind) {
            return Ok(None);
        }
        let payment =
            reference(refund.id_of("payment_intent").or_else(|| self.object.id_of("payment_intent")));
        let Some(target) = self.find_target(refund, payment.as_ref())? else { return Ok(None) };
        if id.is_none() && self.may_be_release {
            // To book it would return money in the books that was never taken; to drop it may lose a refund.
            return Err(
                "The refund may only release money that was not captured: its API version cannot tell.",
            );
        }
        let own = reference(refund.text("id"));
        if id.is_none() && own.is_none() {
            return Err("The refund has no id that can be one.");
        }
        let reported = reported_amount(refund).ok_or("The refund has no amount with a currency.")?;
        let references = EventReferences { payment, refund: own, dispute: None };
        let event = self.build_event(kind, target, reported, references, self.created)?;
        Ok(Some(PaymentEvent { refund: id, details: refund_details(refund), ..event }))
    }

    /// Whether a refund only releases money that was held: by a void, a partial capture, or because an authorisation
    /// has expired. It is no refund of captured money, so nothing of it is booked.
    fn is_release(&self, refund: StripeObject<'_>, kind: EventKind) -> bool {
        // The money never moved, so most releases have no balance transaction: the member is `null`.
        let is_unmoved = kind == EventKind::RefundSucceeded && refund.is_null("balance_transaction");
        is_unmoved || self.is_after_release || refund.text("reason") == Some(EXPIRED_REASON)
    }

    /// The newest refund of a charge. Recent API versions leave the refunds out. Then only `refund.*` says what was
    /// refunded, and from here it cannot be known whether the endpoint receives that; so there is a finding.
    fn charge_event(&self) -> Result<Option<PaymentEvent>, &'static str> {
        let charge = self.object;
        let refunded = charge.int("amount_refunded");
        let rest = charge
            .int("amount")
            .zip(charge.int("amount_captured"))
            .map(|(all, taken)| all.saturating_sub(taken));
        // In these versions the rest counts as refunded.
        let is_rest = self.may_be_release && refunded.zip(rest).is_some_and(|(it, rest)| it <= rest);
        if charge.bool("captured") == Some(false) || is_rest || refunded == Some(0) {
            return Ok(None);
        }
        let newest = charge.list("refunds").first().and_then(StripeObject::from_value);
        let newest = newest.filter(|it| it.is_a("refund")).ok_or(
            "The charge does not state its refunds: the endpoint must receive refund.*, and not charge.refunded.",
        )?;
        // Refunds of captured money are newer than the release of the rest.
        let may_be_release = self.may_be_release && rest.is_none();
        NoticeContext { may_be_release, ..*self }.refund_event(newest)
    }

    fn dispute_event(&self) -> Result<Option<PaymentEvent>, &'static str> {
        let dispute = self.object;
        let kind = match dispute.text("status").ok_or("The dispute has no status.")? {
            // An inquiry moves no money. If it escalates, the same dispute goes on as `needs_response`.
            "warning_needs_response" | "warning_under_review" | "warning_closed" => return Ok(None),
            "won" => EventKind::DisputeWon,
            "lost" => EventKind::DisputeLost,
            // Every other status waits for a decision, and so does one that a later version adds.
            _ => EventKind::Disputed,
        };
        let payment = reference(dispute.id_of("payment_intent"));
        let Some(target) = self.find_target(dispute, payment.as_ref())? else { return Ok(None) };
        let own = reference(dispute.text("id")).ok_or("The dispute has no id.")?;
        let reported = reported_amount(dispute).ok_or("The dispute has no amount with a currency.")?;
        let id = DisputeId::new(own.as_str().to_owned());
        let references = EventReferences { payment, refund: None, dispute: Some(own) };
        let event = self.build_event(kind, target, reported, references, self.created)?;
        Ok(Some(PaymentEvent { dispute: Some(id), ..event }))
    }

    /// Returns how a refund or a dispute names its transaction: by our id in its metadata or in those of the object
    /// around it, otherwise by the payment. `None` for a charge without a payment intent: this service makes none.
    ///
    /// # Errors
    /// A sentence if it names neither a payment nor a charge, or by an id that cannot be one.
    fn find_target(
        &self,
        object: StripeObject<'_>,
        payment: Option<&GatewayReference>,
    ) -> Result<Option<EventTarget>, &'static str> {
        let ours =
            |it: StripeObject<'_>| it.read_metadata("transaction_id", TransactionId::parse, ODD_TRANSACTION);
        if let Some(id) = ours(object)?.map_or_else(|| ours(self.object), |it| Ok(Some(it)))? {
            return Ok(Some(EventTarget::Transaction(id)));
        }
        if let Some(reference) = payment {
            let reference = reference.clone();
            return Ok(Some(EventTarget::Reference(NamedReference {
                kind: ReferenceKind::Payment,
                reference,
            })));
        }
        let charge = object.id_of("charge").or_else(|| self.object.id_of("charge"));
        let is_charge = charge.is_some() || self.object.is_a("charge");
        if is_charge { Ok(None) } else { Err("The object names neither a payment nor a charge.") }
    }

    /// Builds the event that happened in the second `at`; the time of arrival replaces a missing one.
    ///
    /// # Errors
    /// A sentence if the order's number cannot be one.
    fn build_event(
        &self,
        kind: EventKind,
        target: EventTarget,
        reported: ReportedAmount,
        references: EventReferences,
        at: Option<i64>,
    ) -> Result<PaymentEvent, &'static str> {
        // The time of an authorisation or a capture is shown, so it stays as it is written.
        let is_shown = matches!(kind, EventKind::Authorized | EventKind::Captured);
        let at = at.map(if is_shown { second_start } else { second_end });
        Ok(PaymentEvent {
            id: self.id.clone(),
            kind,
            target,
            order: self.object.read_metadata("order_number", OrderNumber::parse, ODD_ORDER)?,
            reported,
            refund: None,
            dispute: None,
            references,
            details: PaymentDetails::default(),
            at: believe_time(at, self.received_at),
        })
    }
}

fn reported_amount(object: StripeObject<'_>) -> Option<ReportedAmount> {
    amount::report_units(object.int("amount")?, object.text("currency")?)
}

#[cfg(test)]
mod tests;
