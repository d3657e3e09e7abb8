//! Building requests. Nothing here reads a clock or calls Alipay: the same charge gives the same text, on every
//! instance and however often.

use domain::{
    Money, OrderNumber, RefundId, Timestamp,
    payment::{GatewayReference, NextAction},
};
use ports::Charge;
use serde_json::{Map, Value, json};

use super::{
    china_time::format_china_time, config::Settings, expiry::expires_at, methods::Method,
    parameters::Parameters, products::Product,
};

/// The parameter that holds the content of a request, as JSON.
pub(super) const BIZ_CONTENT: &str = "biz_content";
/// The longest title that Alipay accepts, in characters.
const SUBJECT_CHARS_MAX: usize = 256;

/// Builds and signs the parameters of a request that is made at `at`.
pub(super) fn sign_request(
    settings: &Settings,
    method: Method,
    content: &Value,
    at: Timestamp,
) -> Parameters {
    let mut request = Parameters::default();
    request.set("app_id", &settings.app_id);
    request.set("method", method.name());
    request.set("format", "JSON");
    request.set("charset", "utf-8");
    request.set("timestamp", format_china_time(at));
    request.set("version", "1.0");
    if method.is_notified() {
        request.set("notify_url", &settings.notify_url);
    }
    if method.has_return() {
        request.set("return_url", settings.return_url.clone().unwrap_or_default());
    }
    request.set(BIZ_CONTENT, content.to_string());
    settings.keys.sign(&mut request);
    request
}

/// Returns what the buyer must do to pay; `None` for a QR code, which only Alipay can make.
pub(super) fn sign_next_action(settings: &Settings, charge: &Charge) -> Option<NextAction> {
    let product = Product::from_token(&charge.token);
    // The time of the payment and not the present: the address is the same whenever it is built.
    let at = charge.created_at;
    let signed = || sign_request(settings, product.method(), &payment_content(settings, charge), at).encode();
    match product {
        Product::QrCode => None,
        Product::Page | Product::MobilePage => {
            Some(NextAction::Redirect { url: format!("{}?{}", settings.api_base, signed()) })
        }
        Product::App => {
            let parameters = [("orderString".to_owned(), signed())].into();
            Some(NextAction::ClientSdk { parameters })
        }
    }
}

/// Returns the content of a request that begins a payment.
pub(super) fn payment_content(settings: &Settings, charge: &Charge) -> Value {
    let product = Product::from_token(&charge.token);
    let mut content = json!({
        "out_trade_no": charge.transaction.as_str(),
        "total_amount": charge.amount.to_string(),
        "subject": payment_subject(&charge.order),
        "passback_params": encode_order(&charge.order),
        "time_expire": format_china_time(expires_at(charge)),
    });
    if let Some(code) = product.code() {
        set_member(&mut content, "product_code", code);
    }
    if let (Product::MobilePage, Some(return_url)) = (product, &settings.return_url) {
        set_member(&mut content, "quit_url", return_url.as_str());
    }
    content
}

/// Returns the content that names a payment: by Alipay's number if it is known, otherwise by ours.
pub(super) fn trade_content(charge: &Charge) -> Value {
    match &charge.reference {
        Some(trade) => json!({"trade_no": trade.as_str()}),
        None => json!({"out_trade_no": charge.transaction.as_str()}),
    }
}

/// Returns the content of a query of a payment. The funds of a payment show that a closed one was paid.
pub(super) fn query_content(charge: &Charge) -> Value {
    let mut content = trade_content(charge);
    set_member(&mut content, "query_options", vec!["fund_bill_list"]);
    content
}

/// Returns the content of a refund.
pub(super) fn refund_content(charge: &Charge, refund: &RefundId, amount: Money) -> Value {
    let mut content = trade_content(charge);
    set_member(&mut content, "out_request_no", refund.as_str());
    set_member(&mut content, "refund_amount", amount.to_string());
    content
}

/// Returns the content of a query of a refund. Its time is only answered if it is asked for.
pub(super) fn refund_query_content(charge: &Charge, refund: &RefundId) -> Value {
    let mut content = trade_content(charge);
    set_member(&mut content, "out_request_no", refund.as_str());
    set_member(&mut content, "query_options", vec!["gmt_refund_pay"]);
    content
}

fn set_member(content: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = content.as_object_mut() {
        let _: Option<Value> = Map::insert(members, name.to_owned(), value.into());
    }
}

/// Returns the title that the buyer reads. Alipay refuses some special characters in it.
fn payment_subject(order: &OrderNumber) -> String {
    let plain = order.as_str().chars().filter(|it| it.is_ascii_alphanumeric() || "-_".contains(*it));
    "订单 ".chars().chain(plain).take(SUBJECT_CHARS_MAX).collect()
}

/// Encodes the order's number, as Alipay wants what it has to give back in notices (`passback_params`).
fn encode_order(order: &OrderNumber) -> String {
    form_urlencoded::byte_serialize(order.as_str().as_bytes()).collect()
}

/// Returns the order's number that a notice gives back. Alipay's documents leave open whether it is decoded, which
/// makes no difference for our numbers: they are letters and digits.
pub(super) fn decode_order(returned: &str) -> Option<OrderNumber> {
    let (decoded, _) = form_urlencoded::parse(returned.as_bytes()).next()?;
    OrderNumber::parse(&decoded).ok()
}

/// Parses Alipay's number of a payment.
pub(super) fn parse_trade_no(text: &str) -> Option<GatewayReference> {
    GatewayReference::parse(text).ok()
}

#[cfg(test)]
mod tests;
