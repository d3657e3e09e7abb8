//! Writing and reading the body of a notice.

use domain::{
    DisputeId, EventId, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{EventKind, PaymentDetails, PaymentEvent, ReportedAmount},
};
use ports::{Notice, ParsedNotice};
use serde_json::{Map, Value};

use crate::sandbox::derive_id;

/// Longest remark that is kept, in characters; a longer one is cut, because the money in a notice matters more.
const DETAIL_CHARS_MAX: usize = 255;
/// Longest unknown type that is repeated, in characters.
const KIND_CHARS_MAX: usize = 64;
const LAST4_CHARS: usize = 4;
const LAST_MS_OF_SECOND: i64 = 999;
/// The member with everything about the transaction.
pub(crate) const DATA: &str = "data";
/// The members of the data that are ids.
pub(crate) const IDS: [&str; 4] = ["transactionId", "orderNumber", "refundId", "disputeId"];
/// The member of the data that is an amount of money.
pub(crate) const AMOUNT: &str = "amount";
/// No notice is from before 2000-01-01 or from after 2038-01-01, which every record can store.
const EARLIEST: Timestamp = Timestamp::from_millis(946_684_800_000);
const LATEST: Timestamp = Timestamp::from_millis(2_145_916_800_000);

/// The id of what happened to a transaction, or to one of its refunds: the same on every instance, and however often it is
/// said.
pub(crate) fn event_id(kind: EventKind, transaction: &TransactionId, refund: Option<&RefundId>) -> EventId {
    let refund = refund.map_or("", RefundId::as_str);
    EventId::new(format!("evt_{}", derive_id(&[kind.as_str(), transaction.as_str(), refund]).to_lowercase()))
}

/// The body of the notice about an event.
pub(crate) fn format_body(event: &PaymentEvent) -> String {
    let details = &event.details;
    let data = json_object([
        ("transactionId", Some(event.transaction.as_str())),
        ("orderNumber", Some(event.order.as_str())),
        ("refundId", event.refund.as_ref().map(RefundId::as_str)),
        ("disputeId", event.dispute.as_ref().map(DisputeId::as_str)),
        ("amount", Some(&event.reported.amount)),
        ("currency", Some(&event.reported.currency)),
        ("cardLast4", details.card_last4.as_deref()),
        ("cardBrand", details.card_brand.as_deref()),
        ("authorizationCode", details.authorization_code.as_deref()),
        ("responseCode", details.response_code.as_deref()),
        ("failureReason", details.failure_reason.as_deref()),
    ]);
    let at = jiff::Timestamp::from_millisecond(event.at.as_millis()).unwrap_or_default();
    let mut notice =
        json_object([("type", Some(event.kind.as_str())), ("timestamp", Some(&format!("{at:.3}")))]);
    notice.insert("data".to_owned(), Value::Object(data));
    Value::Object(notice).to_string()
}

fn json_object<const N: usize>(members: [(&str, Option<&str>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect()
}

/// What a notice says, as it is kept; `received_at` stands in for a missing time.
pub(crate) fn parse_notice(notice: &Notice, received_at: Timestamp) -> ParsedNotice {
    parse_payload(&notice.id, &notice.raw, received_at)
        .unwrap_or_else(|fault| ParsedNotice::Unintelligible { fault })
}

fn parse_payload(id: &EventId, raw: &str, received_at: Timestamp) -> Result<ParsedNotice, &'static str> {
    let notice: Value = serde_json::from_str(raw).map_err(|_| "The notice is not JSON.")?;
    let notice = notice.as_object().ok_or("The notice is not a JSON object.")?;
    let kind = text_member(notice, "type").ok_or("The notice has no type.")?;
    let Some(kind) = EventKind::parse(kind) else {
        return Ok(ParsedNotice::UnknownType { kind: kind.chars().take(KIND_CHARS_MAX).collect() });
    };
    let data = notice.get(DATA).and_then(Value::as_object).ok_or("The notice has no data.")?;
    let refund = text_member(data, "refundId").map(RefundId::parse);
    let amount = text_member(data, AMOUNT).zip(text_member(data, "currency"));
    let event = PaymentEvent {
        id: id.clone(),
        kind,
        transaction: id_member(data, "transactionId", TransactionId::parse)
            .ok_or("The notice has no transactionId.")?,
        order: id_member(data, "orderNumber", OrderNumber::parse).ok_or("The notice has no orderNumber.")?,
        reported: amount
            .and_then(|(amount, currency)| ReportedAmount::parse(amount, currency))
            .ok_or("The notice has no decimal amount with a currency code.")?,
        refund: match (kind.is_refund(), refund) {
            (true, Some(Ok(id))) => Some(id),
            (true, None | Some(Err(_))) => return Err("The notice has no refundId."),
            (false, _) => None,
        },
        dispute: id_member(data, "disputeId", DisputeId::parse).filter(|_| kind.is_dispute()),
        details: parse_details(data),
        at: event_time(notice, kind, received_at)?,
    };
    Ok(ParsedNotice::Event(Box::new(event)))
}

fn text_member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

fn id_member<T, E>(data: &Map<String, Value>, name: &str, parse: fn(&str) -> Result<T, E>) -> Option<T> {
    parse(text_member(data, name)?).ok()
}

fn parse_details(data: &Map<String, Value>) -> PaymentDetails {
    let remark = |name| detail_text(data.get(name)?);
    PaymentDetails {
        card_last4: remark("cardLast4").map(|it| last_four_chars(&it)),
        card_brand: remark("cardBrand"),
        authorization_code: remark("authorizationCode"),
        response_code: remark("responseCode"),
        failure_reason: remark("failureReason"),
    }
}

/// A detail as text; one that cannot be text is left out, because the money in a notice matters more.
fn detail_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(it) => it.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(text.chars().take(DETAIL_CHARS_MAX).collect())
}

/// Of a number that was masked because it was sent whole, only the end.
fn last_four_chars(text: &str) -> String {
    text.chars().skip(text.chars().count().saturating_sub(LAST4_CHARS)).collect()
}

/// When it happened. A stamp of whole seconds may be of any moment in its second. So that a word which ends something comes
/// after what it ends, it is taken as the last one; of money that was held or taken it is shown as it was written.
fn event_time(
    notice: &Map<String, Value>,
    kind: EventKind,
    received_at: Timestamp,
) -> Result<Timestamp, &'static str> {
    let text = match notice.get("timestamp") {
        None | Some(Value::Null) => return Ok(received_at),
        Some(text) => text.as_str().unwrap_or_default(),
    };
    let at = text.parse::<jiff::Timestamp>().map_err(|_| "The notice's timestamp is not in RFC 3339.")?;
    let shown = matches!(kind, EventKind::Authorized | EventKind::Captured);
    let rest_ms = if shown || text.contains(['.', ',']) { 0 } else { LAST_MS_OF_SECOND };
    let at = Timestamp::from_millis(at.as_millisecond().saturating_add(rest_ms));
    // A clock that was never set, or a slip of the pen: what happened matters more than when.
    Ok(if (EARLIEST..LATEST).contains(&at) { at } else { received_at })
}

#[cfg(test)]
mod tests;
