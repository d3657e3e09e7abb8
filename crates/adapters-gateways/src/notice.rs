//! Writing and reading the body of a notice.

use domain::{
    DisputeId, EventId, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{
        EventKind, EventReferences, EventTarget, GatewayReference, NamedReference, PaymentDetails,
        PaymentEvent, ReferenceKind, ReportedAmount,
    },
};
use ports::{Notice, ParsedNotice};
use serde_json::{Map, Value};

use crate::{ids::derive_id, masking::MaskRules};

/// The longest stored detail, in characters. A longer one is cut: it must not make the event unreadable.
const DETAIL_CHARS_MAX: usize = 255;
/// The longest stored name of an unknown type, in characters.
const KIND_CHARS_MAX: usize = 64;
const LAST4_CHARS: usize = 4;
const LAST_MS_OF_SECOND: i64 = 999;
/// The member that holds all data about the transaction.
const DATA: &str = "data";
/// The member of `data` that is an amount of money.
const AMOUNT: &str = "amount";
/// What is not masked like free text in a notice of this form.
pub(crate) const MASK_RULES: MaskRules = MaskRules {
    within: Some(DATA),
    ids: &[
        "transactionId",
        "orderNumber",
        "refundId",
        "disputeId",
        "gatewayReference",
        "refundReference",
        "disputeReference",
    ],
    amounts: &[AMOUNT],
    hidden: &[],
    only: &[],
};
/// Times before 2000-01-01 are not believed.
pub(crate) const EARLIEST: Timestamp = Timestamp::from_millis(946_684_800_000);
/// Times from 2038-01-01 are not believed; MySQL cannot store times after 2038-01-19.
pub(crate) const LATEST: Timestamp = Timestamp::from_millis(2_145_916_800_000);

/// Returns the event id of a fact about a transaction or one of its refunds. It is the same on every instance
/// and in every notice of the fact.
pub(crate) fn event_id(kind: EventKind, transaction: &TransactionId, refund: Option<&RefundId>) -> EventId {
    let refund = refund.map_or("", RefundId::as_str);
    EventId::new(format!("evt_{}", derive_id(&[kind.as_str(), transaction.as_str(), refund]).to_lowercase()))
}

/// Formats the body of the notice about an event.
pub(crate) fn format_body(event: &PaymentEvent) -> String {
    let details = &event.details;
    let transaction = match &event.target {
        EventTarget::Transaction(id) => Some(id.as_str()),
        EventTarget::Reference(_) => None,
    };
    let [payment, refund, dispute] =
        [&event.references.payment, &event.references.refund, &event.references.dispute];
    let data = json_object([
        ("transactionId", transaction),
        ("orderNumber", event.order.as_ref().map(OrderNumber::as_str)),
        ("refundId", event.refund.as_ref().map(RefundId::as_str)),
        ("disputeId", event.dispute.as_ref().map(DisputeId::as_str)),
        ("gatewayReference", payment.as_ref().map(GatewayReference::as_str)),
        ("refundReference", refund.as_ref().map(GatewayReference::as_str)),
        ("disputeReference", dispute.as_ref().map(GatewayReference::as_str)),
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

/// Parses a masked notice; `received_at` replaces a missing timestamp.
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
    let references = parse_references(data, kind);
    let target = parse_target(data, &references).ok_or("The notice has no transactionId.")?;
    let order = id_member(data, "orderNumber", OrderNumber::parse);
    // Only an event that began in the gateway's dashboard has no order number, and it has no `transactionId`
    // either.
    if order.is_none() && matches!(target, EventTarget::Transaction(_)) {
        return Err("The notice has no orderNumber.");
    }
    let refund = id_member(data, "refundId", RefundId::parse).filter(|_| kind.is_refund());
    if kind.is_refund() && refund.is_none() && references.refund.is_none() {
        return Err("The notice has no refundId.");
    }
    let amount = text_member(data, AMOUNT).zip(text_member(data, "currency"));
    let event = PaymentEvent {
        id: id.clone(),
        kind,
        target,
        order,
        reported: amount
            .and_then(|(amount, currency)| ReportedAmount::parse(amount, currency))
            .ok_or("The notice has no decimal amount with a currency code.")?,
        refund,
        dispute: id_member(data, "disputeId", DisputeId::parse).filter(|_| kind.is_dispute()),
        references,
        details: parse_details(data),
        at: event_time(notice, kind, received_at)?,
    };
    Ok(ParsedNotice::Event(Box::new(event)))
}

/// Returns the gateway's references that an event of this kind may state.
fn parse_references(data: &Map<String, Value>, kind: EventKind) -> EventReferences {
    let named = |name| id_member(data, name, GatewayReference::parse);
    EventReferences {
        payment: named("gatewayReference"),
        refund: named("refundReference").filter(|_| kind.is_refund()),
        dispute: named("disputeReference").filter(|_| kind.is_dispute()),
    }
}

/// Returns how the event names its transaction: by our id, otherwise by the reference of the payment, the
/// refund or the dispute, in this order.
fn parse_target(data: &Map<String, Value>, references: &EventReferences) -> Option<EventTarget> {
    let by_reference = |kind, reference: &Option<GatewayReference>| {
        Some(EventTarget::Reference(NamedReference { kind, reference: reference.clone()? }))
    };
    id_member(data, "transactionId", TransactionId::parse)
        .map(EventTarget::Transaction)
        .or_else(|| by_reference(ReferenceKind::Payment, &references.payment))
        .or_else(|| by_reference(ReferenceKind::Refund, &references.refund))
        .or_else(|| by_reference(ReferenceKind::Dispute, &references.dispute))
}

fn text_member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

fn id_member<T, E>(data: &Map<String, Value>, name: &str, parse: fn(&str) -> Result<T, E>) -> Option<T> {
    parse(text_member(data, name)?).ok()
}

fn parse_details(data: &Map<String, Value>) -> PaymentDetails {
    let detail = |name| detail_text(data.get(name)?);
    PaymentDetails {
        card_last4: detail("cardLast4").map(|it| last_four_chars(&it)),
        card_brand: detail("cardBrand"),
        authorization_code: detail("authorizationCode"),
        response_code: detail("responseCode"),
        failure_reason: detail("failureReason"),
    }
}

/// Returns a detail as text, cut to [`DETAIL_CHARS_MAX`]. `None` for a list or an object: an odd detail must
/// not make the event unreadable.
fn detail_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(it) => it.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(text.chars().take(DETAIL_CHARS_MAX).collect())
}

/// Returns the last four characters: a gateway that sends a whole number instead gets it masked before.
fn last_four_chars(text: &str) -> String {
    text.chars().skip(text.chars().count().saturating_sub(LAST4_CHARS)).collect()
}

/// Returns the time of the event. A timestamp in whole seconds means any time within that second. It counts
/// as the last millisecond of it, so that an event which ends something does not come before what it ends.
/// The time of an authorisation or a capture is shown to clients, so it stays as it was written.
///
/// # Errors
/// A sentence for operators if the timestamp is not in RFC 3339.
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
    Ok(believe_time(Some(at), received_at))
}

/// Returns the time that a gateway states, or that of arrival if it states none or one that cannot be true.
pub(crate) fn believe_time(stated: Option<Timestamp>, received_at: Timestamp) -> Timestamp {
    // A clock that was never set, or a typing error. The event is accepted with the time of arrival.
    stated.filter(|at| (EARLIEST..LATEST).contains(at)).unwrap_or(received_at)
}

#[cfg(test)]
mod tests;
