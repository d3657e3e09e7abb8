//! The requests of the API. Everything here is pure.

use std::fmt;

use domain::{Money, RefundId, TransactionId};
use hyper::Method;
use ports::Charge;
use serde_json::json;

use super::{WeChatConfig, masking, times};
use crate::masking::mask_body;

/// The token of the product Native: a QR code.
const NATIVE: &str = "native";
/// The prefix of the tokens of the product JSAPI: the buyer's `openid` follows.
const JSAPI_PREFIX: &str = "jsapi:";
/// The longest `openid`, in bytes, by the reference of the API.
const OPENID_BYTES_MAX: usize = 128;
/// The longest `attach` and `description`, in characters, by the reference of the API.
const TEXT_CHARS_MAX: usize = 127;
/// A number that no trade of this service has: its ids have 26 characters.
const UNUSED_NUMBER: &str = "idem_check";

/// A way of paying.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Product {
    /// The buyer scans a QR code with WeChat.
    Native,
    /// The buyer pays in WeChat, on a page of an official account or in a mini program.
    Jsapi {
        /// The buyer's id for our `appid`, which is personal data.
        openid: String,
    },
}

impl Product {
    /// Parses a token: `native`, or `jsapi:` with the buyer's `openid`.
    pub(super) fn parse(token: &str) -> Option<Self> {
        if token == NATIVE {
            return Some(Self::Native);
        }
        let openid = token.strip_prefix(JSAPI_PREFIX)?;
        let is_allowed = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_');
        let is_openid = (1..=OPENID_BYTES_MAX).contains(&openid.len()) && openid.bytes().all(is_allowed);
        is_openid.then(|| Self::Jsapi { openid: openid.to_owned() })
    }
}

/// A request before it is signed. `Debug` shows what may be recorded: the body has the buyer's `openid`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The path with its query, as it is signed and sent.
    pub(super) path: String,
    /// The body, as it is signed and sent; empty for GET.
    pub(super) body: String,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} {:?})", self.method, self.masked_text())
    }
}

impl Call {
    fn build_get(path: String) -> Self {
        Self { method: Method::GET, path, body: String::new() }
    }

    fn build_post(path: String, body: &serde_json::Value) -> Self {
        Self { method: Method::POST, path, body: body.to_string() }
    }

    /// Returns path and body for the record, without personal data.
    pub(super) fn masked_text(&self) -> String {
        if self.body.is_empty() {
            return self.path.clone();
        }
        format!("{}\n{}", self.path, mask_body(self.body.as_bytes(), &masking::RULES))
    }
}

/// Begins a trade: WeChat Pay then waits for the buyer. The number is the transaction's id, so the same request
/// again begins no second one.
pub(super) fn begin_trade(config: &WeChatConfig, charge: &Charge, product: &Product) -> Call {
    let order = charge.order.as_str();
    let mut body = json!({
        "appid": config.app_id,
        "mchid": config.merchant_id,
        "description": format!("订单 {order}").chars().take(TEXT_CHARS_MAX).collect::<String>(),
        "out_trade_no": charge.transaction.as_str(),
        "time_expire": times::format_time(times::pay_until(charge.created_at)),
        "notify_url": config.notify_url,
        "amount": { "total": charge.amount.minor_units(), "currency": charge.amount.currency().code() },
    });
    let mut add = |name: &str, value| body.as_object_mut().map(|it| it.insert(name.to_owned(), value));
    // WeChat Pay returns it with the paid trade. A cut number would be another order's.
    if order.chars().count() <= TEXT_CHARS_MAX {
        add("attach", json!(order));
    }
    match product {
        Product::Native => Call::build_post("/v3/pay/transactions/native".to_owned(), &body),
        Product::Jsapi { openid } => {
            add("payer", json!({ "openid": openid }));
            Call::build_post("/v3/pay/transactions/jsapi".to_owned(), &body)
        }
    }
}

/// Asks for a trade: by WeChat Pay's number if it is known, which a paid trade has, otherwise by ours.
pub(super) fn query_trade(config: &WeChatConfig, charge: &Charge) -> Call {
    let name = match &charge.reference {
        Some(reference) => format!("id/{}", encode_segment(reference.as_str())),
        None => format!("out-trade-no/{}", encode_segment(charge.transaction.as_str())),
    };
    Call::build_get(format!("/v3/pay/transactions/{name}?mchid={}", config.merchant_id))
}

/// Asks for a trade that does not exist.
pub(super) fn query_nothing(config: &WeChatConfig) -> Call {
    Call::build_get(format!("/v3/pay/transactions/out-trade-no/{UNUSED_NUMBER}?mchid={}", config.merchant_id))
}

/// Closes a trade, so that it cannot be paid.
pub(super) fn close_trade(config: &WeChatConfig, transaction: &TransactionId) -> Call {
    let number = encode_segment(transaction.as_str());
    let body = json!({ "mchid": config.merchant_id });
    Call::build_post(format!("/v3/pay/transactions/out-trade-no/{number}/close"), &body)
}

/// Refunds a part of a trade or all of it. The number is the refund's id, so the same request again returns
/// nothing more.
pub(super) fn refund_trade(config: &WeChatConfig, charge: &Charge, refund: &RefundId, amount: Money) -> Call {
    let body = json!({
        "out_trade_no": charge.transaction.as_str(),
        "out_refund_no": refund.as_str(),
        "notify_url": config.notify_url,
        "amount": {
            "refund": amount.minor_units(),
            "total": charge.amount.minor_units(),
            "currency": charge.amount.currency().code(),
        },
    });
    Call::build_post("/v3/refund/domestic/refunds".to_owned(), &body)
}

/// Asks for a refund by our number; WeChat Pay knows no other way.
pub(super) fn query_refund(refund: &RefundId) -> Call {
    Call::build_get(format!("/v3/refund/domestic/refunds/{}", encode_segment(refund.as_str())))
}

/// Encodes one segment of a path. The path is signed as it is sent.
fn encode_segment(text: &str) -> String {
    let encode = |it: u8| match it {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(it).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}
