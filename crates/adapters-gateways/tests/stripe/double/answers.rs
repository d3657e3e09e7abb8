//! The bodies and headers of the double's answers.

use serde_json::{Value, json};

use crate::http::HttpAnswer;

pub(super) type ApiResult = Result<Value, Failure>;

/// An error, as Stripe writes it.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) status: u16,
    kind: String,
    code: String,
    message: String,
    pub(super) more: Value,
}

impl Failure {
    pub(super) fn new(status: u16, kind: &str, code: &str, message: &str) -> Self {
        let [kind, code, message] = [kind, code, message].map(str::to_owned);
        Self { status, kind, code, message, more: json!({}) }
    }

    /// The failure of a request that began, which is stored under its key.
    pub(super) fn stored() -> Self {
        Self::new(500, "api_error", "", "An unknown error occurred")
    }

    pub(super) fn body(&self) -> Value {
        let mut error =
            json!({"type": self.kind, "message": self.message, "doc_url": "https://stripe.com/docs"});
        if !self.code.is_empty() {
            error["code"] = json!(self.code);
        }
        for (name, value) in self.more.as_object().unwrap() {
            error[name] = value.clone();
        }
        json!({"error": error})
    }
}

pub(super) fn split(result: ApiResult) -> (u16, Value) {
    result.map_or_else(|failure| (failure.status, failure.body()), |body| (200, body))
}

pub(super) fn json_answer(status: u16, body: &Value, now: i64) -> HttpAnswer {
    let date = jiff::Timestamp::from_second(now).unwrap();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
    let headers = vec![("content-type", "application/json".to_owned()), ("date", date)];
    HttpAnswer { headers, ..HttpAnswer::new(status, body.to_string()) }
}
