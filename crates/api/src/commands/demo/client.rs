//! The HTTP client that plays all users of the demo, and the gateway.

use std::{collections::HashMap, error::Error, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, body::Bytes, header, http::request::Builder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::DemoResult;

/// Time limit of each request, far above what a local server needs.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest response that is read, in bytes.
const RESPONSE_BYTES_MAX: usize = 1024 * 1024;

pub(super) struct DemoClient {
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    base_url: String,
    /// Access tokens by user name; a user without one sends no `Authorization` header.
    pub(super) tokens: HashMap<&'static str, String>,
}

pub(super) struct ClientResponse {
    pub(super) status: u16,
    pub(super) replayed: bool,
    pub(super) body: String,
}

impl ClientResponse {
    pub(super) fn parse_json(&self) -> DemoResult<Value> {
        Ok(serde_json::from_str(&self.body)?)
    }
}

impl DemoClient {
    pub(super) fn new(base: &str) -> Self {
        let http = legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { http, base_url: base.to_owned(), tokens: HashMap::new() }
    }

    pub(super) async fn send_json(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> DemoResult<ClientResponse> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base_url));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let request = key.into_iter().fold(request, |it, key| it.header("Idempotency-Key", key));
        self.read_response(self.with_token(who, request), body.to_string()).await
    }

    pub(super) async fn get(&self, who: &str, path: &str) -> DemoResult<ClientResponse> {
        self.read_response(
            self.with_token(who, Request::get(format!("{}{path}", self.base_url))),
            String::new(),
        )
        .await
    }

    /// Logs in and returns the access token.
    pub(super) async fn login(&self, who: &str, password: &str) -> DemoResult<String> {
        let body = json!({"username": who, "password": password});
        let answer = self.send_json(who, "POST", "/v1/auth/login", &body, None).await?;
        super::text_at(&answer.parse_json()?, "/accessToken")
    }

    /// Delivers a signed notice, with the headers of Standard Webhooks.
    pub(super) async fn deliver_notice(
        &self,
        id: &str,
        (at, signature): &(i64, String),
        body: &str,
    ) -> DemoResult<ClientResponse> {
        let request = Request::post(format!("{}/v1/callbacks/sandbox", self.base_url));
        let request = request.header("webhook-id", id).header("webhook-timestamp", *at);
        self.read_response(request.header("webhook-signature", signature), body.to_owned()).await
    }

    fn with_token(&self, who: &str, request: Builder) -> Builder {
        let token = self.tokens.get(who).map(|it| format!("Bearer {it}"));
        token.into_iter().fold(request, |it, token| it.header(header::AUTHORIZATION, token))
    }

    async fn read_response(&self, request: Builder, body: String) -> DemoResult<ClientResponse> {
        let response = timeout(TIMEOUT, self.http.request(request.body(Full::from(body))?)).await??;
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotent-replayed");
        let body = Limited::new(response.into_body(), RESPONSE_BYTES_MAX).collect();
        let body = timeout(TIMEOUT, body).await?.map_err(|it| -> Box<dyn Error> { it })?.to_bytes();
        Ok(ClientResponse { status, replayed, body: String::from_utf8(body.into())? })
    }
}
