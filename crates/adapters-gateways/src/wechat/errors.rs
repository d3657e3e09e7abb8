//! The error answers of WeChat Pay, code by code.
//!
//! The table in `docs/gateways/wechat.md` is this file in words, and its test checks each row.

use domain::card;
use hyper::StatusCode;
use serde_json::Value;

/// The longest code and message that are kept, in characters.
const DETAIL_CHARS_MAX: usize = 255;

/// What an error answer means for its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same request may be answered otherwise in a moment, with the same number.
    Repeat,
    /// The request was not done, and will not be.
    Refused,
    /// The account or the configuration is wrong: no request is done until an operator fixes it.
    Misconfigured,
    /// There is no trade or refund of this number.
    Absent,
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What it means.
    pub(super) verdict: Verdict,
    /// The code, such as `ORDERPAID`; the HTTP status if the body states none.
    pub(super) code: String,
    /// The code with WeChat Pay's explanation, which is Chinese; without card numbers.
    pub(super) reason: String,
    /// Whether it has a valid signature. WeChat Pay does not sign all of its errors.
    pub(super) is_signed: bool,
    /// Whether the same request was sent before in the same call. That one may still be under way.
    pub(super) is_repetition: bool,
}

/// Reads an error answer: any but 200 and 204.
pub(super) fn read_refusal(status: StatusCode, body: &[u8], is_signed: bool) -> Refusal {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let cut = |text: &str| card::mask_numbers(text).chars().take(DETAIL_CHARS_MAX).collect::<String>();
    let status_text = status.as_u16().to_string();
    let code = if text("code").is_empty() { &status_text } else { text("code") };
    let message = text("message");
    let reason = if message.is_empty() { cut(code) } else { cut(&format!("{code}: {message}")) };
    Refusal {
        verdict: classify_error(status, code),
        code: cut(code),
        reason,
        is_signed,
        is_repetition: false,
    }
}

/// Returns what a status and a code mean. Some codes have statuses that say something else, so the code decides
/// where it is known. The spellings without underscore are those of older pages of the reference.
pub(super) fn classify_error(status: StatusCode, code: &str) -> Verdict {
    match code {
        "SYSTEM_ERROR"
        | "SYSTEMERROR"
        | "BANK_ERROR"
        | "BANKERROR"
        | "FREQUENCY_LIMITED"
        | "FREQUENCY_LIMIT_EXCEED"
        | "RATELIMIT_EXCEEDED"
        | "USERPAYING"
        | "USER_PAYING" => Verdict::Repeat,
        "SIGN_ERROR" | "NO_AUTH" | "NOAUTH" | "MCH_NOT_EXISTS" | "APPID_MCHID_NOT_MATCH" => {
            Verdict::Misconfigured
        }
        "ORDER_NOT_EXIST" | "ORDERNOTEXIST" | "RESOURCE_NOT_EXISTS" | "REFUNDNOTEXIST" => Verdict::Absent,
        "OPENID_MISMATCH"
        | "INVALID_TRANSACTIONID"
        | "PARAM_ERROR"
        | "INVALID_REQUEST"
        | "ORDER_CLOSED"
        | "ORDERPAID"
        | "OUT_TRADE_NO_USED"
        | "ACCOUNT_ERROR"
        | "ACCOUNTERROR"
        | "NOT_ENOUGH"
        | "NOTENOUGH"
        | "RULE_LIMIT"
        | "RULELIMIT"
        | "TRADE_ERROR"
        | "USER_ACCOUNT_ABNORMAL" => Verdict::Refused,
        _ => match status.as_u16() {
            401 => Verdict::Misconfigured,
            // 2xx: an answer that is neither 200 nor 204 says that the work goes on.
            0..=399 | 408 | 409 | 425 | 429 | 500.. => Verdict::Repeat,
            400..=499 => Verdict::Refused,
        },
    }
}
