//! The people of the story, as the server sees them.

use std::{collections::HashMap, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use super::Told;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests.
pub(super) struct Client {
    http: reqwest::Client,
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
    pub(super) fn new(base: &str) -> Told<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { http, base: base.to_owned(), tokens: HashMap::new() })
    }

    pub(super) async fn send(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Told<Answer> {
        let request = self.http.request(method.parse::<Method>()?, format!("{}{path}", self.base)).json(body);
        let request = key.into_iter().fold(request, |it, key| it.header("Idempotency-Key", key));
        self.answer(self.authorized(who, request)).await
    }

    pub(super) async fn get(&self, who: &str, path: &str) -> Told<Answer> {
        self.answer(self.authorized(who, self.http.get(format!("{}{path}", self.base)))).await
    }

    /// Logs in and gives the access token.
    pub(super) async fn login(&self, who: &str, password: &str) -> Told<String> {
        let body = json!({"username": who, "password": password});
        let answer = self.send(who, "POST", "/v1/auth/login", &body, None).await?;
        super::text(&answer.json()?, "/accessToken")
    }

    /// Delivers a signed notice.
    pub(super) async fn notice(&self, id: &str, (at, signature): &(i64, String), body: &str) -> Told<Answer> {
        let request = self.http.post(format!("{}/v1/callbacks/sandbox", self.base)).body(body.to_owned());
        let request = request.header("webhook-id", id).header("webhook-timestamp", *at);
        self.answer(request.header("webhook-signature", signature)).await
    }

    fn authorized(&self, who: &str, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        self.tokens.get(who).into_iter().fold(request, |it, token| it.bearer_auth(token))
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Told<Answer> {
        let response = request.send().await?;
        Ok(Answer {
            status: response.status().as_u16(),
            replayed: response.headers().contains_key("idempotent-replayed"),
            body: response.text().await?,
        })
    }
}
