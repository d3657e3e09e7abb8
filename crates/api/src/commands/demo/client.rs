//! The people of the story, as the server sees them.

use std::{collections::HashMap, error::Error, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, body::Bytes, header, http::request::Builder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Told;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Sends requests.
pub(super) struct Client {
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    base: String,
    /// Who is logged in, with which token.
    pub(super) tokens: HashMap<&'static str, String>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) replayed: bool,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Told<Value> {
        Ok(serde_json::from_str(&self.body)?)
    }
}

impl Client {
    pub(super) fn new(base: &str) -> Self {
        let http = legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { http, base: base.to_owned(), tokens: HashMap::new() }
    }

    pub(super) async fn send(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Told<Answer> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let request = key.into_iter().fold(request, |it, key| it.header("Idempotency-Key", key));
        self.answer(self.authorized(who, request), body.to_string()).await
    }

    pub(super) async fn get(&self, who: &str, path: &str) -> Told<Answer> {
        self.answer(self.authorized(who, Request::get(format!("{}{path}", self.base))), String::new()).await
    }

    /// Logs in and gives the access token.
    pub(super) async fn login(&self, who: &str, password: &str) -> Told<String> {
        let body = json!({"username": who, "password": password});
        let answer = self.send(who, "POST", "/v1/auth/login", &body, None).await?;
        super::text(&answer.json()?, "/accessToken")
    }

    /// Delivers a signed notice.
    pub(super) async fn notice(&self, id: &str, (at, signature): &(i64, String), body: &str) -> Told<Answer> {
        let request = Request::post(format!("{}/v1/callbacks/sandbox", self.base));
        let request = request.header("webhook-id", id).header("webhook-timestamp", *at);
        self.answer(request.header("webhook-signature", signature), body.to_owned()).await
    }

    fn authorized(&self, who: &str, request: Builder) -> Builder {
        let token = self.tokens.get(who).map(|it| format!("Bearer {it}"));
        token.into_iter().fold(request, |it, token| it.header(header::AUTHORIZATION, token))
    }

    async fn answer(&self, request: Builder, body: String) -> Told<Answer> {
        let response = timeout(TIMEOUT, self.http.request(request.body(Full::from(body))?)).await??;
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotent-replayed");
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
        let body = timeout(TIMEOUT, body).await?.map_err(|it| -> Box<dyn Error> { it })?.to_bytes();
        Ok(Answer { status, replayed, body: String::from_utf8(body.into())? })
    }
}
