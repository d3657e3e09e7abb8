//! Reading answers: what Alipay says of a request, of a payment and of a refund.

use std::fmt;

use domain::Timestamp;
use domain::payment::{GatewayReference, ReportedAmount};
use serde_json::{Map, Value};

use super::{china_time::parse_china_time, requests::parse_trade_no};

/// The code of a request that was done, or of a question that was answered.
const SUCCESS: &str = "10000";
/// The code of a request that the rules of payments refuse; the sub-code says why.
const BUSINESS_FAILED: &str = "40004";
/// The only currency of Alipay in mainland China.
pub(super) const CNY: &str = "CNY";
/// The payment does not exist: the buyer has not opened it.
pub(super) const TRADE_NOT_EXIST: &str = "ACQ.TRADE_NOT_EXIST";

/// A verified answer. `Debug` shows only its codes: the members name the buyer.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Reply {
    code: String,
    sub_code: Option<String>,
    sub_message: Option<String>,
    members: Map<String, Value>,
}

/// The meaning of an answer's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyKind {
    /// It was done.
    Success,
    /// It is not known whether it was done. The same request may be sent again.
    Busy,
    /// Application, keys or contract are not right: an operator has to fix them. It was not done.
    Credentials,
    /// It was not done, for the reason of the sub-code.
    Refused,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({} {}, …)", self.code, self.refusal_code())
    }
}

impl Reply {
    /// Parses the content of an answer; `None` if it is no object with a code.
    pub(super) fn parse(content: &str) -> Option<Self> {
        let Ok(Value::Object(members)) = serde_json::from_str(content) else { return None };
        let text = |name| text_member(&members, name);
        Some(Self {
            code: text("code")?,
            sub_code: text("sub_code")
                .map(|it| it.strip_prefix("aop.ACQ.").map_or(it.clone(), prefix_acquiring)),
            sub_message: text("sub_msg").or_else(|| text("msg")),
            members,
        })
    }

    /// Classifies the codes.
    pub(super) fn kind(&self) -> ReplyKind {
        let sub_code = self.sub_code.as_deref().unwrap_or_default();
        let is_busy = sub_code.ends_with("SYSTEM_ERROR")
            || sub_code.starts_with("isp.")
            || sub_code.ends_with("call-limited");
        match self.code.as_str() {
            SUCCESS => ReplyKind::Success,
            // 20000: the service is not available; 40005: too many calls.
            "20000" | "40005" => ReplyKind::Busy,
            _ if is_busy => ReplyKind::Busy,
            // 20001: authorisation; 40003: the application lacks something; 40006: no permission.
            "20001" | "40003" | "40006" => ReplyKind::Credentials,
            "40001" | "40002" if is_about_credentials(sub_code) => ReplyKind::Credentials,
            "40001" | "40002" => ReplyKind::Refused,
            BUSINESS_FAILED if matches!(sub_code, "ACQ.ACCESS_FORBIDDEN" | "ACQ.PARTNER_ERROR") => {
                ReplyKind::Credentials
            }
            BUSINESS_FAILED => ReplyKind::Refused,
            // An unknown code says nothing about the effect.
            _ => ReplyKind::Busy,
        }
    }

    /// Whether the request was done, or the question answered.
    pub(super) fn is_success(&self) -> bool {
        self.kind() == ReplyKind::Success
    }

    /// The code of a refusal, such as `ACQ.TRADE_HAS_CLOSE`.
    pub(super) fn refusal_code(&self) -> &str {
        self.sub_code.as_deref().unwrap_or(&self.code)
    }

    /// The reason of a refusal, as Alipay writes it.
    pub(super) fn refusal_reason(&self) -> String {
        self.sub_message.clone().unwrap_or_else(|| self.refusal_code().to_owned())
    }

    /// The codes and the reason, for operators.
    pub(super) fn describe(&self) -> String {
        format!("{} {}: {}", self.code, self.refusal_code(), self.refusal_reason())
    }

    /// Returns a member as text; `None` if it is missing, empty, or neither text nor a number.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        text_member(&self.members, name)
    }

    /// Alipay's number of the payment; `None` if the answer has none.
    pub(super) fn trade_no(&self) -> Option<GatewayReference> {
        parse_trade_no(&self.text("trade_no")?)
    }

    fn has_elements(&self, name: &str) -> bool {
        self.members.get(name).and_then(Value::as_array).is_some_and(|it| !it.is_empty())
    }
}

fn prefix_acquiring(code: &str) -> String {
    format!("ACQ.{code}")
}

/// Whether the code is about the application or the signature rather than about the content of a request.
fn is_about_credentials(sub_code: &str) -> bool {
    ["app-id", "signature", "auth-token", "timestamp", "method", "version", "charset"]
        .iter()
        .any(|it| sub_code.contains(it))
}

fn text_member(members: &Map<String, Value>, name: &str) -> Option<String> {
    match members.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|it| !it.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What happened to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TradeState {
    /// The buyer has opened it and not paid.
    Unpaid,
    /// The buyer has paid, at that time. Refunds change nothing about that.
    Paid(Option<Timestamp>),
    /// It was closed before it was paid, at that time.
    Closed(Option<Timestamp>),
}

/// A payment as an answer or a notice describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trade {
    /// Alipay's number; `None` if it is not stated or unusable.
    pub(super) trade_no: Option<GatewayReference>,
    pub(super) state: TradeState,
    /// The whole amount, also after refunds.
    pub(super) total: ReportedAmount,
    /// The status, as Alipay writes it.
    pub(super) status: String,
}

impl Trade {
    /// Reads the answer to a query; `None` if it is unreadable or about another payment.
    pub(super) fn parse(reply: &Reply, our_id: &str) -> Option<Self> {
        if reply.text("out_trade_no")? != our_id {
            return None;
        }
        let status = reply.text("trade_status")?;
        let paid_at = reply.text("send_pay_date");
        let was_paid = paid_at.is_some() || reply.has_elements("fund_bill_list");
        let state = parse_state(&status, was_paid, paid_at.as_deref(), None)?;
        let currency = reply.text("trans_currency").unwrap_or_else(|| CNY.to_owned());
        let total = ReportedAmount::parse(&reply.text("total_amount")?, &currency)?;
        Some(Self { trade_no: reply.trade_no(), state, total, status })
    }
}

/// Returns the state that a status means; `None` for an unknown status. A payment is closed when its time is
/// over, but also when all of its money is refunded; only the former was never paid.
pub(super) fn parse_state(
    status: &str,
    was_paid: bool,
    paid_at: Option<&str>,
    closed_at: Option<&str>,
) -> Option<TradeState> {
    let paid = TradeState::Paid(paid_at.and_then(parse_china_time));
    match status {
        "WAIT_BUYER_PAY" => Some(TradeState::Unpaid),
        "TRADE_SUCCESS" | "TRADE_FINISHED" => Some(paid),
        "TRADE_CLOSED" if was_paid => Some(paid),
        "TRADE_CLOSED" => Some(TradeState::Closed(closed_at.and_then(parse_china_time))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
