//! The HTTP client that plays all users of the demo, and the gateway.

use std::{collections::HashMap, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use super::DemoResult;

/// Time limit of each request, far above what a local server needs.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct DemoClient {
    http: reqwest::Client,
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
    pub(super) fn new(base: &str) -> DemoResult<Self> {
        // No proxy: one that is set in the environment would be asked for an address of this machine.
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { http, base_url: base.to_owned(), tokens: HashMap::new() })
    }

    pub(super) async fn send_json(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> DemoResult<ClientResponse> {
        let request =
            self.http.request(method.parse::<Method>()?, format!("{}{path}", self.base_url)).json(body);
        let request = key.into_iter().fold(request, |it, key| it.header("Idempotency-Key", key));
        self.read_response(self.with_token(who, request)).await
    }

    pub(super) async fn get(&self, who: &str, path: &str) -> DemoResult<ClientResponse> {
        self.read_response(self.with_token(who, self.http.get(format!("{}{path}", self.base_url)))).await
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
        let request = self.http.post(format!("{}/v1/callbacks/sandbox", self.base_url)).body(body.to_owned());
        let request = request.header("webhook-id", id).header("webhook-timestamp", *at);
        self.read_response(request.header("webhook-signature", signature)).await
    }

    fn with_token(&self, who: &str, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        self.tokens.get(who).into_iter().fold(request, |it, token| it.bearer_auth(token))
    }

    async fn read_response(&self, request: reqwest::RequestBuilder) -> DemoResult<ClientResponse> {
        let response = request.send().await?;
        Ok(ClientResponse {
            status: response.status().as_u16(),
            replayed: response.headers().contains_key("idempotent-replayed"),
            body: response.text().await?,
        })
    }
}
