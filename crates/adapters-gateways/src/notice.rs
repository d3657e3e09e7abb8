//! Writing and reading the body of a notice.

use domain::{
    DisputeId, EventId, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{
        Details, Event, EventKind, EventReferences, EventTarget, GatewayReference, NamedReference,
        ReferenceKind, Stated,
    },
};
use ports::{Notice, ParsedNotice};
use serde_json::{Map, Value};

use crate::ids::derive_id;

/// Longest remark that is kept, in characters; a longer one is cut, because the money in a notice matters more.
const REMARK_CHARS_MAX: usize = 255;
/// Longest unknown type that is repeated, in characters.
const KIND_CHARS_MAX: usize = 64;
const LAST4_CHARS: usize = 4;
const LAST_MS_OF_SECOND: i64 = 999;
/// The member with everything about the transaction.
pub(crate) const DATA: &str = "data";
/// The members of the data that are ids.
pub(crate) const IDS: [&str; 7] = [
    "transactionId",
    "orderNumber",
    "refundId",
    "disputeId",
    "gatewayReference",
    "refundReference",
    "disputeReference",
];
/// The member of the data that is an amount of money.
pub(crate) const AMOUNT: &str = "amount";
/// No notice is from before 2000-01-01 or from after 2038-01-01, which every record can store.
const EARLIEST: Timestamp = Timestamp::from_millis(946_684_800_000);
const LATEST: Timestamp = Timestamp::from_millis(2_145_916_800_000);

/// The id of what happened to a transaction, or to one of its refunds: the same on every instance, and however often it is
/// said.
pub(crate) fn id(kind: EventKind, transaction: &TransactionId, refund: Option<&RefundId>) -> EventId {
    let refund = refund.map_or("", RefundId::as_str);
    EventId::new(format!("evt_{}", derive_id(&[kind.as_str(), transaction.as_str(), refund]).to_lowercase()))
}

/// The body of the notice about an event.
pub(crate) fn body(event: &Event) -> String {
    let details = &event.details;
    let transaction = match &event.target {
        EventTarget::Transaction(id) => Some(id.as_str()),
        EventTarget::Reference(_) => None,
    };
    let [payment, refund, dispute] =
        [&event.references.payment, &event.references.refund, &event.references.dispute];
    let data = object([
        ("transactionId", transaction),
        ("orderNumber", event.order.as_ref().map(OrderNumber::as_str)),
        ("refundId", event.refund.as_ref().map(RefundId::as_str)),
        ("disputeId", event.dispute.as_ref().map(DisputeId::as_str)),
        ("gatewayReference", payment.as_ref().map(GatewayReference::as_str)),
        ("refundReference", refund.as_ref().map(GatewayReference::as_str)),
        ("disputeReference", dispute.as_ref().map(GatewayReference::as_str)),
        ("amount", Some(&event.stated.amount)),
        ("currency", Some(&event.stated.currency)),
        ("cardLast4", details.card_last4.as_deref()),
        ("cardBrand", details.card_brand.as_deref()),
        ("authorizationCode", details.authorization_code.as_deref()),
        ("responseCode", details.response_code.as_deref()),
        ("failureReason", details.failure_reason.as_deref()),
    ]);
    let at = jiff::Timestamp::from_millisecond(event.at.millis()).unwrap_or_default();
    let mut notice = object([("type", Some(event.kind.as_str())), ("timestamp", Some(&format!("{at:.3}")))]);
    notice.insert("data".to_owned(), Value::Object(data));
    Value::Object(notice).to_string()
}

fn object<const N: usize>(members: [(&str, Option<&str>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect()
}

/// What a notice says, as it is kept; `received_at` stands in for a missing time.
pub(crate) fn parse_notice(notice: &Notice, received_at: Timestamp) -> ParsedNotice {
    read(&notice.id, &notice.raw, received_at).unwrap_or_else(|fault| ParsedNotice::Unintelligible { fault })
}

fn read(id: &EventId, raw: &str, received_at: Timestamp) -> Result<ParsedNotice, &'static str> {
    let notice: Value = serde_json::from_str(raw).map_err(|_| "The notice is not JSON.")?;
    let notice = notice.as_object().ok_or("The notice is not a JSON object.")?;
    let kind = text(notice, "type").ok_or("The notice has no type.")?;
    let Some(kind) = EventKind::parse(kind) else {
        return Ok(ParsedNotice::UnknownType { kind: kind.chars().take(KIND_CHARS_MAX).collect() });
    };
    let data = notice.get(DATA).and_then(Value::as_object).ok_or("The notice has no data.")?;
    let references = references(data, kind);
    let target = target(data, &references).ok_or("The notice has no transactionId.")?;
    let order = id_in(data, "orderNumber", OrderNumber::parse);
    // What began in the gateway's dashboard knows neither our id nor our order.
    if order.is_none() && matches!(target, EventTarget::Transaction(_)) {
        return Err("The notice has no orderNumber.");
    }
    let refund = id_in(data, "refundId", RefundId::parse).filter(|_| kind.is_refund());
    if kind.is_refund() && refund.is_none() && references.refund.is_none() {
        return Err("The notice has no refundId.");
    }
    let amount = text(data, AMOUNT).zip(text(data, "currency"));
    let event = Event {
        id: id.clone(),
        kind,
        target,
        order,
        stated: amount
            .and_then(|(amount, currency)| Stated::parse(amount, currency))
            .ok_or("The notice has no decimal amount with a currency code.")?,
        refund,
        dispute: id_in(data, "disputeId", DisputeId::parse).filter(|_| kind.is_dispute()),
        references,
        details: details(data),
        at: time(notice, kind, received_at)?,
    };
    Ok(ParsedNotice::Event(Box::new(event)))
}

/// What the gateway calls the things that an event of that kind is about.
fn references(data: &Map<String, Value>, kind: EventKind) -> EventReferences {
    let named = |name| id_in(data, name, GatewayReference::parse);
    EventReferences {
        payment: named("gatewayReference"),
        refund: named("refundReference").filter(|_| kind.is_refund()),
        dispute: named("disputeReference").filter(|_| kind.is_dispute()),
    }
}

/// What the event names the transaction by: our id, or else the widest of the gateway's names that it has.
fn target(data: &Map<String, Value>, references: &EventReferences) -> Option<EventTarget> {
    let by_reference = |kind, reference: &Option<GatewayReference>| {
        Some(EventTarget::Reference(NamedReference { kind, reference: reference.clone()? }))
    };
    id_in(data, "transactionId", TransactionId::parse)
        .map(EventTarget::Transaction)
        .or_else(|| by_reference(ReferenceKind::Payment, &references.payment))
        .or_else(|| by_reference(ReferenceKind::Refund, &references.refund))
        .or_else(|| by_reference(ReferenceKind::Dispute, &references.dispute))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

fn id_in<T, E>(data: &Map<String, Value>, name: &str, parse: fn(&str) -> Result<T, E>) -> Option<T> {
    parse(text(data, name)?).ok()
}

fn details(data: &Map<String, Value>) -> Details {
    let remark = |name| remark(data.get(name)?);
    Details {
        card_last4: remark("cardLast4").map(|it| last4(&it)),
        card_brand: remark("cardBrand"),
        authorization_code: remark("authorizationCode"),
        response_code: remark("responseCode"),
        failure_reason: remark("failureReason"),
    }
}

/// A detail as text; one that cannot be text is left out, because the money in a notice matters more.
fn remark(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(it) => it.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(text.chars().take(REMARK_CHARS_MAX).collect())
}

/// Of a number that was masked because it was sent whole, only the end.
fn last4(text: &str) -> String {
    text.chars().skip(text.chars().count().saturating_sub(LAST4_CHARS)).collect()
}

/// When it happened. A stamp of whole seconds may be of any moment in its second. So that a word which ends something comes
/// after what it ends, it is taken as the last one; of money that was held or taken it is shown as it was written.
fn time(
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
