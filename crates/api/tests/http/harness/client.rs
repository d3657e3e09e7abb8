//! A client that checks every answer.

use std::{future::IntoFuture, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::Value;

use super::{Reply, contract::Contract, unique};

/// A client of a server, logged in or not.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    contract: Arc<Contract>,
    /// The access token, once there is one.
    pub(crate) token: Option<String>,
    /// The refresh token that came with it.
    pub(crate) refresh_token: Option<String>,
}

impl Client {
    pub(super) fn new(address: SocketAddr, contract: Arc<Contract>) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // Well below the 5 s after which the server closes an idle connection: a request on one that is just being
            // closed has no answer, and a client cannot know whether a POST was done.
            .pool_idle_timeout(Duration::from_secs(1))
            .build()
            .unwrap();
        Self { http, address, contract, token: None, refresh_token: None }
    }

    /// The same connection pool with other tokens, as login and refresh give them.
    pub(crate) fn with_tokens(&self, tokens: &Value) -> Self {
        let token = |name: &str| tokens[name].as_str().map(str::to_owned);
        Self { token: token("accessToken"), refresh_token: token("refreshToken"), ..self.clone() }
    }

    /// The same session at another server, or at the same one after it was started again.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// A POST without an idempotency key.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Request {
        self.request(Method::POST, path).json(body)
    }

    /// A POST with an idempotency key of its own.
    pub(crate) fn post_once(&self, path: &str, body: &Value) -> Request {
        self.post(path, body).idempotent(&unique("key"))
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Request {
        self.request(Method::PUT, path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Request {
        self.request(Method::PATCH, path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        Request {
            client: self.clone(),
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            sent: Vec::new(),
        }
    }
}

/// A request on its way out.
#[derive(Clone)]
pub(crate) struct Request {
    client: Client,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    /// Texts of the body that an error must not repeat.
    sent: Vec<String>,
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn idempotent(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        texts(body, &mut self.sent);
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.retain(|(name, _)| name != "content-type");
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// Sends it, and again for as long as the answer is to come again later: a limit of time may be over on a machine with
    /// other work. Only what may be sent twice is.
    #[expect(clippy::print_stdout, reason = "a test that had to be patient says so")]
    pub(crate) async fn patiently(self) -> Reply {
        const ATTEMPTS_MAX: u32 = 100;
        const PAUSE: Duration = Duration::from_millis(100);
        let keyed = self.headers.iter().any(|(name, _)| name == "idempotency-key");
        // A login that is repeated begins one more session, which harms nothing.
        let repeatable = keyed || self.path == "/v1/auth/login";
        assert!(repeatable || matches!(self.method, Method::GET | Method::PUT), "{} is sent once", self.path);
        for _ in 1..ATTEMPTS_MAX {
            let reply = self.clone().await;
            if !reply.is_for_later() {
                return reply;
            }
            println!("{}: {}, so once more", reply.asked, reply.status);
            tokio::time::sleep(PAUSE).await;
        }
        self.await
    }

    /// Sends it and checks the answer, if there is one.
    pub(crate) async fn attempt(self) -> Result<Reply, reqwest::Error> {
        let Self { client, method, path, headers, body, mut sent } = self;
        let mut request = client.http.request(method.clone(), format!("http://{}{path}", client.address));
        if let Some(token) = &client.token {
            request = request.bearer_auth(token);
            sent.push(token.clone());
        }
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        if let Some(body) = &body {
            request = request.body(body.clone());
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let reply = Reply { asked: format!("{method} {path}"), status, headers, text };
        client.contract.check(method.as_str(), &path, body.as_deref(), &reply);
        reply.check_conventions(method == Method::HEAD, &sent);
        Ok(reply)
    }
}

impl IntoFuture for Request {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let what = format!("{} {}", self.method, self.path);
        Box::pin(async move { self.attempt().await.unwrap_or_else(|fault| panic!("{what}: {fault:?}")) })
    }
}

/// Every string of a body.
fn texts(body: &Value, found: &mut Vec<String>) {
    match body {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|it| texts(it, found)),
        Value::Object(all) => all.values().for_each(|it| texts(it, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
