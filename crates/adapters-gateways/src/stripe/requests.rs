//! The requests to Stripe, as pure values: path, form and idempotency key.
//!
//! A request is a function of our ids and amounts, of its time, and of the return address only. Sent again it is the same, byte
//! for byte; otherwise Stripe refuses its key.

use std::fmt;

use domain::{RefundId, Timestamp, payment::CaptureMethod};
use hyper::Method;
use ports::Charge;
use url::form_urlencoded;

use crate::ids::derive_id;

/// The longest key that Stripe accepts, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// The number of objects of one page of a list, the most that Stripe returns.
pub(super) const PAGE_SIZE: usize = 100;
/// The prefix of the id of a payment method.
const PAYMENT_METHOD_PREFIX: &str = "pm_";
/// The prefix of a single-use token.
const TOKEN_PREFIX: &str = "tok_";
/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 255;
/// The beginning of the key of a capture; its amount and the time of the request follow.
const CAPTURE_KEY_PREFIX: &str = "capture-";
/// The beginning of the key of a void; the time of the request follows.
const VOID_KEY_PREFIX: &str = "void-";
/// Replaces a value in the record of a request.
const HIDDEN: &str = "***";

/// Whether the text is the id of a payment method or a token: the only two that stand for a card.
pub(super) fn is_token(text: &str) -> bool {
    let rest = text.strip_prefix(PAYMENT_METHOD_PREFIX).or_else(|| text.strip_prefix(TOKEN_PREFIX));
    let is_word = |it: &str| it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    text.len() <= TOKEN_BYTES_MAX && rest.is_some_and(|it| !it.is_empty() && is_word(it))
}

/// A request to the API. `Debug` shows what is recorded, without the token.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ApiCall {
    pub(super) method: Method,
    /// The path with its query.
    pub(super) path: String,
    /// The form, encoded; empty for a GET.
    pub(super) form: String,
    /// The idempotency key; `None` for a GET.
    pub(super) key: Option<String>,
    /// The path, and one parameter a line, without the token.
    pub(super) masked: String,
}

impl fmt::Debug for ApiCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiCall")
            .field("method", &self.method)
            .field("masked", &self.masked)
            .finish_non_exhaustive()
    }
}

impl ApiCall {
    fn new_get(path: &str, query: &[(&str, &str)]) -> Self {
        let separator = if query.is_empty() { "" } else { "?" };
        let path = format!("{path}{separator}{}", encode_form(query));
        Self { method: Method::GET, masked: path.clone(), path, form: String::new(), key: None }
    }

    fn new_post(path: String, form: &[(&str, &str)], key: String) -> Self {
        let lines = form.iter().map(|&(name, value)| {
            let is_secret = matches!(name, "payment_method" | "payment_method_data[card][token]");
            format!("{name}={}", if is_secret { HIDDEN } else { value })
        });
        let masked = std::iter::once(path.clone()).chain(lines).collect::<Vec<_>>().join("\n");
        Self { method: Method::POST, path, form: encode_form(form), key: Some(key), masked }
    }
}

fn encode_form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The key of an operation on one of our ids. A long id is replaced by its digest.
fn operation_key(operation: &str, id: &str) -> String {
    let key = format!("{operation}:{id}");
    if key.len() <= KEY_BYTES_MAX { key } else { format!("{operation}:{}", derive_id(&[id])) }
}

/// Whether a request with this key captures or cancels: what Stripe releases then is no refund.
pub(super) fn is_release_key(key: &str) -> bool {
    key.starts_with(CAPTURE_KEY_PREFIX) || key.starts_with(VOID_KEY_PREFIX)
}

/// Creates and confirms a payment of `units`.
pub(super) fn charge(charge: &Charge, units: i64, return_url: Option<&str>) -> ApiCall {
    let (units, currency) = (units.to_string(), charge.amount.currency().code().to_lowercase());
    let capture_method = match charge.capture_method {
        CaptureMethod::Automatic => "automatic",
        CaptureMethod::Manual => "manual",
    };
    let mut form = vec![
        ("amount", units.as_str()),
        ("currency", &currency),
        ("confirm", "true"),
        ("capture_method", capture_method),
        ("metadata[transaction_id]", charge.transaction.as_str()),
        ("metadata[order_number]", charge.order.as_str()),
        ("automatic_payment_methods[enabled]", "true"),
    ];
    match return_url {
        Some(url) => form.push(("return_url", url)),
        // Without a page to return to there must be no redirect, and the client's library acts instead.
        None => {
            form.push(("automatic_payment_methods[allow_redirects]", "never"));
            form.push(("use_stripe_sdk", "true"));
        }
    }
    let token = charge.token.expose_secret();
    if token.starts_with(PAYMENT_METHOD_PREFIX) {
        form.push(("payment_method", token));
    } else {
        form.push(("payment_method_data[type]", "card"));
        form.push(("payment_method_data[card][token]", token));
    }
    form.push(("expand[]", "latest_charge"));
    let key = operation_key("charge", charge.transaction.as_str());
    ApiCall::new_post("/v1/payment_intents".to_owned(), &form, key)
}

/// Captures `units` of an authorisation. The amount and the time of the request are parts of the key: Stripe stores a
/// refusal under its key, and would answer a later request with it.
pub(super) fn capture(charge: &Charge, intent: &str, units: i64) -> ApiCall {
    let amount = units.to_string();
    let form = [("amount_to_capture", amount.as_str()), ("expand[]", "latest_charge")];
    let operation = format!("{CAPTURE_KEY_PREFIX}{units}-{}", charge.requested_at.as_millis());
    let key = operation_key(&operation, charge.transaction.as_str());
    ApiCall::new_post(format!("/v1/payment_intents/{}/capture", path_segment(intent)), &form, key)
}

/// Cancels a payment that is not captured. The time of the request is a part of the key, as for a capture.
pub(super) fn void(charge: &Charge, intent: &str) -> ApiCall {
    let operation = format!("{VOID_KEY_PREFIX}{}", charge.requested_at.as_millis());
    let key = operation_key(&operation, charge.transaction.as_str());
    let path = format!("/v1/payment_intents/{}/cancel", path_segment(intent));
    ApiCall::new_post(path, &[("expand[]", "latest_charge")], key)
}

/// Refunds `units` of a captured payment.
pub(super) fn refund(charge: &Charge, intent: &str, refund: &RefundId, units: i64) -> ApiCall {
    let amount = units.to_string();
    let form = [
        ("payment_intent", intent),
        ("amount", &amount),
        ("metadata[refund_id]", refund.as_str()),
        ("metadata[transaction_id]", charge.transaction.as_str()),
        ("metadata[order_number]", charge.order.as_str()),
    ];
    ApiCall::new_post("/v1/refunds".to_owned(), &form, operation_key("refund", refund.as_str()))
}

/// Retrieves a payment by its reference.
pub(super) fn retrieve_intent(intent: &str) -> ApiCall {
    ApiCall::new_get(
        &format!("/v1/payment_intents/{}", path_segment(intent)),
        &[("expand[]", "latest_charge")],
    )
}

/// Retrieves a refund by its reference.
pub(super) fn retrieve_refund(refund: &str) -> ApiCall {
    ApiCall::new_get(&format!("/v1/refunds/{}", path_segment(refund)), &[])
}

/// Lists the refunds of a payment, newest first, from the one after `after`.
pub(super) fn list_refunds(intent: &str, after: Option<&str>) -> ApiCall {
    let size = PAGE_SIZE.to_string();
    let mut query = vec![("payment_intent", intent), ("limit", size.as_str())];
    query.extend(after.map(|it| ("starting_after", it)));
    ApiCall::new_get("/v1/refunds", &query)
}

/// Lists the payments that were made in a period, newest first, from the one after `after`.
pub(super) fn list_intents(from: Timestamp, to: Timestamp, after: Option<&str>) -> ApiCall {
    let [from, to] = [from, to].map(|it| it.as_millis().div_euclid(1000).to_string());
    let size = PAGE_SIZE.to_string();
    let mut query = vec![("created[gte]", from.as_str()), ("created[lte]", &to), ("limit", &size)];
    query.extend(after.map(|it| ("starting_after", it)));
    ApiCall::new_get("/v1/payment_intents", &query)
}

/// Searches the payment with this transaction id in its metadata; `None` if the id cannot stand in a query.
pub(super) fn search_intents(charge: &Charge) -> Option<ApiCall> {
    let id = charge.transaction.as_str();
    let query = format!("metadata['transaction_id']:'{id}'");
    let is_plain = !id.contains(['\'', '"', '\\']);
    is_plain.then(|| ApiCall::new_get("/v1/payment_intents/search", &[("query", &query), ("limit", "2")]))
}

/// Retrieves the balance, which every secret key may read.
pub(super) fn retrieve_balance() -> ApiCall {
    ApiCall::new_get("/v1/balance", &[])
}

/// Encodes a reference as a part of a path: it came from outside, and must not name another resource.
fn path_segment(reference: &str) -> String {
    form_urlencoded::byte_serialize(reference.as_bytes()).collect()
}

#[cfg(test)]
mod tests;
