//! Requests as they arrive at the double, and its signed answers.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::Timestamp;
use ports::Clock;
use serde_json::Value;

use super::{super::keys, Fault, Reply, Shared};
use crate::http::{HttpAnswer, HttpHandler, HttpRequest};

/// The headers in which WeChat Pay signs an answer.
const SIGNATURE_HEADERS: [&str; 4] =
    ["wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial"];

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    is_json: bool,
}

impl Request {
    pub(crate) fn target(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn json(&self) -> Result<Value, String> {
        self.is_json.then_some(()).ok_or("the content-type is not application/json")?;
        serde_json::from_str(&self.body).map_err(|it| it.to_string())
    }
}

impl From<HttpRequest> for Request {
    fn from(it: HttpRequest) -> Self {
        let path = if it.query.is_empty() { it.path.clone() } else { format!("{}?{}", it.path, it.query) };
        let is_json = it.header("content-type") == "application/json";
        let body = String::from_utf8(it.body).unwrap();
        Self { method: it.method, path, headers: it.headers, body, is_json }
    }
}

#[async_trait]
impl HttpHandler for Shared {
    async fn answer(&self, request: HttpRequest) -> Option<HttpAnswer> {
        let (request, now) = (Request::from(request), self.clock.now());
        let mut state = self.state.lock().unwrap();
        let fault = state.take_fault(&request.target());
        state.requests.push(request.clone());
        let reply = match fault {
            Some(Fault::Dropped) => return None,
            Some(Fault::Error(status, code, _)) => Reply::error(status, code),
            _ => state.handle(&request, now),
        };
        build_answer(reply, fault, now)
    }
}

/// Returns the answer as it is sent; `None` if it is lost.
fn build_answer(mut reply: Reply, fault: Option<Fault>, now: Timestamp) -> Option<HttpAnswer> {
    if let Some(Fault::DoneBut(status, code)) = fault {
        reply = Reply::error(status, code);
    }
    if let Some(Fault::Says(body)) = fault {
        reply = Reply { status: 200, body: body.to_owned() };
    }
    let mut signed = keys::sign_as_platform(reply.body.as_bytes(), now);
    let signature = SIGNATURE_HEADERS.into_iter().filter_map(|name| Some((name, signed.remove(name)?)));
    let mut answer = HttpAnswer { headers: signature.collect(), ..HttpAnswer::new(reply.status, reply.body) };
    match fault {
        Some(Fault::AnswerLost) => return None,
        Some(Fault::Late(after)) => answer.after = after,
        Some(Fault::Error(_, _, false)) => answer.headers.clear(),
        Some(Fault::Header(name, value)) => {
            answer.headers.retain(|(known, _)| *known != name);
            answer.headers.extend(value.map(|it| (name, it.to_owned())));
        }
        Some(Fault::OtherBody(body)) => answer.body = body.to_owned(),
        Some(Fault::Dropped | Fault::Error(..) | Fault::DoneBut(..) | Fault::Says(_)) | None => {}
    }
    Some(answer)
}
