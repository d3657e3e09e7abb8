//! Notices: verifying a form, and reading what it says of a payment.
//!
//! Alipay repeats a notice for 25 hours with the same `notify_id`, until it is acknowledged. `notify_time` is the
//! time of sending, and the documents do not say whether a repetition has a new one. So it is not compared with
//! the clock: an honest repetition could be refused. A replayed notice has a known id, or states a known fact.

use domain::{
    EventId, RefundId, Timestamp, TransactionId,
    payment::{EventKind, EventReferences, EventTarget, PaymentDetails, PaymentEvent, ReportedAmount},
};
use ports::{InvalidSignature, Notice, ParsedNotice};
use serde_json::{Map, Value};

use super::{
    answers::{CNY, TradeState, parse_state},
    config::Settings,
    masking::MASK_RULES,
    parameters::Parameters,
    requests::{decode_order, parse_trade_no},
};
use crate::{
    ids::derive_id,
    masking::{mask_body, mask_event_id},
};

/// The type of all notices about a payment.
const TRADE_STATUS: &str = "trade_status_sync";
/// The longest stored name of a type without an event, in characters.
const KIND_CHARS_MAX: usize = 64;
/// The length of the ids that this service gives to refunds.
const OUR_REFUND_ID_CHARS: usize = 26;

/// The members that every notice has, and no other form that Alipay signs.
const NOTICE_MEMBERS: [&str; 2] = ["notify_type", "notify_id"];

/// Verifies a notice. The stored text is the form as a JSON object, without the signature.
///
/// # Errors
/// [`InvalidSignature`], also for a form of Alipay that is no notice.
pub(super) fn verify_notice(settings: &Settings, body: &[u8]) -> Result<Notice, InvalidSignature> {
    let mut form = Parameters::parse_form(body).ok_or(InvalidSignature)?;
    // Alipay signs with the same key what the buyer's browser brings back to `return_url`, so its signature alone
    // does not make a form a notice: a buyer could send that one here.
    let is_notice = NOTICE_MEMBERS.iter().all(|it| form.get(it).is_some_and(|it| !it.is_empty()));
    if !is_notice || !settings.keys.verify_notice(&mut form) {
        return Err(InvalidSignature);
    }
    let members: Map<_, _> = form.iter().map(|(name, it)| (name.to_owned(), it.into())).collect();
    let raw = mask_body(Value::Object(members).to_string().as_bytes(), &MASK_RULES);
    Ok(Notice { id: mask_event_id(notice_id(&mut form)), raw })
}

/// Returns Alipay's id of the notice. If it cannot be an id here, it is a digest of everything but the time of
/// sending, which may be another one when the notice is repeated.
fn notice_id(form: &mut Parameters) -> EventId {
    let own = form.get("notify_id").and_then(|it| EventId::parse(it).ok());
    own.unwrap_or_else(|| {
        let _: Option<String> = form.remove("notify_time");
        EventId::new(format!("notice_{}", derive_id(&[&form.encode()]).to_lowercase()))
    })
}

/// Parses a stored notice.
pub(super) fn parse_notice(settings: &Settings, notice: &Notice, received_at: Timestamp) -> ParsedNotice {
    parse_form(settings, notice, received_at).unwrap_or_else(|fault| ParsedNotice::Unintelligible { fault })
}

fn parse_form(
    settings: &Settings,
    notice: &Notice,
    received_at: Timestamp,
) -> Result<ParsedNotice, &'static str> {
    let Ok(Value::Object(form)) = serde_json::from_str(&notice.raw) else {
        return Err("The notice is not a form.");
    };
    let text = |name: &str| form.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    check_recipient(settings, &text)?;
    let kind = text("notify_type").unwrap_or(TRADE_STATUS);
    let Some(status) = text("trade_status").filter(|_| kind == TRADE_STATUS) else {
        return Ok(unknown_type(kind));
    };
    let paid_at = text("gmt_payment");
    // What was refunded was paid, whether or not the notice repeats when.
    let was_paid = paid_at.is_some() || text("gmt_refund").is_some();
    let state = parse_state(status, was_paid, paid_at, text("gmt_close").or(text("notify_time")));
    let (kind, at) = match state {
        Some(TradeState::Paid(at)) => (EventKind::Captured, at),
        Some(TradeState::Closed(at)) => (EventKind::Failed, at),
        // The buyer has scanned the code or opened the page: a step without a result.
        Some(TradeState::Unpaid) => return Ok(ParsedNotice::Irrelevant { kind: cut_kind(status) }),
        None => return Ok(unknown_type(status)),
    };
    check_refund(status, &text)?;
    let transaction = text("out_trade_no").and_then(|it| TransactionId::parse(it).ok());
    let amount = text("total_amount")
        .and_then(|it| ReportedAmount::parse(it, text("trans_currency").unwrap_or(CNY)))
        .ok_or("The notice has no decimal total_amount.")?;
    let event = PaymentEvent {
        id: notice.id.clone(),
        kind,
        target: EventTarget::Transaction(transaction.ok_or("The notice has no out_trade_no.")?),
        order: text("passback_params").and_then(decode_order),
        reported: amount,
        refund: None,
        dispute: None,
        references: EventReferences {
            payment: text("trade_no").and_then(parse_trade_no),
            ..EventReferences::default()
        },
        details: notice_details(status, kind),
        at: at.unwrap_or(received_at),
    };
    Ok(ParsedNotice::Event(Box::new(event)))
}

/// Checks that the notice is about a payment of our application to our account.
fn check_recipient<'f>(
    settings: &Settings,
    text: &impl Fn(&str) -> Option<&'f str>,
) -> Result<(), &'static str> {
    // The stored ids are masked, so ours are compared in the same form.
    let is_ours = |name, own: &str| {
        let own = mask_event_id(EventId::new(own.to_owned()));
        text(name).map(|it| it == own.as_str())
    };
    if is_ours("app_id", &settings.app_id) != Some(true) {
        return Err("The notice is for another application: its app_id is not the configured one.");
    }
    let seller = settings.seller_id.as_deref();
    if seller.and_then(|own| is_ours("seller_id", own)) == Some(false) {
        return Err("The notice is for another account: its seller_id is not the configured one.");
    }
    Ok(())
}

/// Checks that a notice about a refund is about one of ours. Such a notice repeats that the payment was captured,
/// and states only the sum of all refunds (`refund_fee`): the result of a refund of ours is known from its answer
/// or a query. A refund that began in Alipay's console cannot be recorded from this, so an operator has to look.
fn check_refund<'f>(status: &str, text: &impl Fn(&str) -> Option<&'f str>) -> Result<(), &'static str> {
    // A finished payment repeats earlier refunds: it ends the time in which refunds are possible.
    if text("gmt_refund").is_none() || status == "TRADE_FINISHED" {
        return Ok(());
    }
    // A refund without an id of its own has that of its payment.
    let id = text("out_biz_no").filter(|it| text("out_trade_no") != Some(*it));
    if id.is_some_and(is_our_refund_id) {
        return Ok(());
    }
    Err("It reports a refund that did not begin here, and only the sum of all refunds of the payment.")
}

fn is_our_refund_id(text: &str) -> bool {
    let is_of_alphabet = |it: u8| it.is_ascii_lowercase() || matches!(it, b'2'..=b'7');
    RefundId::parse(text).is_ok() && text.len() == OUR_REFUND_ID_CHARS && text.bytes().all(is_of_alphabet)
}

fn unknown_type(kind: &str) -> ParsedNotice {
    ParsedNotice::UnknownType { kind: cut_kind(kind) }
}

fn cut_kind(kind: &str) -> String {
    kind.chars().take(KIND_CHARS_MAX).collect()
}

fn notice_details(status: &str, kind: EventKind) -> PaymentDetails {
    let reason = "closed at Alipay before it was paid";
    PaymentDetails {
        response_code: Some(status.to_owned()),
        failure_reason: (kind == EventKind::Failed).then(|| reason.to_owned()),
        ..PaymentDetails::default()
    }
}

#[cfg(test)]
mod tests;
