//! A client that retries as the contract says: without an answer, or with one that asks to come later, it sends the same
//! request with the same key again, to one instance and the other in turn.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::sleep;

use crate::{ChaosError, Entry, History, Operation, timeline::Timeline};

/// How often one request is sent until it is given up: much longer than any fault lasts.
const ATTEMPTS_MAX: usize = 3_000;
const PAUSE: Duration = Duration::from_millis(50);
/// How long a client waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Statuses that say: later, with the same key. An instance that hung while a request arrived answers 408 to it: it has
/// not begun.
const LATER: [u16; 3] = [408, 429, 503];

/// A request that is sent until it has an answer.
#[derive(Debug, Clone)]
pub(crate) struct RetryableRequest {
    method: Method,
    path: String,
    body: Option<String>,
    /// The idempotency key; for an event its id. Empty: none.
    key: String,
    headers: Vec<(&'static str, String)>,
}

impl RetryableRequest {
    /// A read of that path and query.
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            body: None,
            key: String::new(),
            headers: Vec::new(),
        }
    }

    /// A write without a body and without a key.
    pub(crate) fn act(path: &str) -> Self {
        Self { method: Method::POST, ..Self::get(path) }
    }

    /// A write without a key.
    pub(crate) fn post(path: &str, body: impl ToString) -> Self {
        Self { method: Method::POST, body: Some(body.to_string()), ..Self::get(path) }
    }

    /// The creation of something whose name is in the path.
    pub(crate) fn put(path: &str, body: impl ToString) -> Self {
        Self { method: Method::PUT, body: Some(body.to_string()), ..Self::get(path) }
    }

    /// The same with an idempotency key.
    pub(crate) fn keyed(mut self, key: &str) -> Self {
        self.headers.push(("idempotency-key", key.to_owned()));
        key.clone_into(&mut self.key);
        self
    }

    /// The same as the delivery of an event, with these headers.
    pub(crate) fn delivering(mut self, event: &str, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers);
        event.clone_into(&mut self.key);
        self
    }
}

/// An answer that is not one to come again later.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The HTTP status, never one that asks to come again later.
    pub(crate) status: u16,
    /// Its body as it came.
    pub(crate) body: String,
    /// How often the request was sent, this time included.
    pub(crate) attempts: usize,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// A client of both instances, with the session of one account or none.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    ports: [u16; 2],
    token: String,
    timeline: Timeline,
    /// Where its answers are written down.
    pub(crate) history: History,
}

/// A pool of connections for all clients.
pub(crate) fn build_http() -> Result<reqwest::Client, ChaosError> {
    let redirects = reqwest::redirect::Policy::none();
    // Below the 5 s after which the service closes an idle connection.
    let idle = Duration::from_secs(1);
    let builder = reqwest::Client::builder().no_proxy().redirect(redirects).pool_idle_timeout(idle);
    Ok(builder.timeout(TIMEOUT).build()?)
}

impl Client {
    /// A client without a session.
    pub(crate) fn new(http: reqwest::Client, ports: [u16; 2], timeline: Timeline, history: History) -> Self {
        Self { http, ports, token: String::new(), timeline, history }
    }

    /// The same with the session of that access token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Sends a request until it has an answer.
    pub(crate) async fn send_until_answered(&self, request: &RetryableRequest) -> Result<Answer, ChaosError> {
        self.send_from_until_answered(0, request).await
    }

    /// The same, at first to that instance.
    pub(crate) async fn send_from_until_answered(
        &self,
        instance: usize,
        request: &RetryableRequest,
    ) -> Result<Answer, ChaosError> {
        let instances = (0..2).cycle().skip(instance);
        let ports = instances.filter_map(|it| Some((*self.ports.get(it)?, it))).take(ATTEMPTS_MAX);
        for (attempts, (port, instance)) in (1..).zip(ports) {
            if let Some(answer) = self.send_once(instance, port, request).await {
                return Ok(Answer { attempts, ..answer });
            }
            sleep(PAUSE).await;
        }
        Err(format!("{} {} was never answered", request.method, request.path).into())
    }

    /// Sends a request until it has an answer, and writes that down. An answer of another status is wrong.
    pub(crate) async fn send_and_record(
        &self,
        request: &RetryableRequest,
        operation: &Operation,
        allowed: &[u16],
    ) -> Result<Answer, ChaosError> {
        self.send_from_and_record(0, request, operation, allowed).await
    }

    /// The same, at first to that instance.
    pub(crate) async fn send_from_and_record(
        &self,
        instance: usize,
        request: &RetryableRequest,
        operation: &Operation,
        allowed: &[u16],
    ) -> Result<Answer, ChaosError> {
        let answer = self.send_from_until_answered(instance, request).await?;
        if !allowed.contains(&answer.status) {
            self.history.note_wrong(format!("{operation:?}: {} {}", answer.status, answer.body));
        }
        let view = answer.json();
        let id = match operation {
            Operation::Place(_) | Operation::Cancel(_) => find_text(&view, "orderNumber"),
            Operation::Pay(_) | Operation::Capture(_) => find_text(&view, "transactionId"),
            Operation::Refund(_) => find_text(&view, "refundId"),
            Operation::Register(_) | Operation::Deliver(_) => "",
        };
        self.history.note(Entry {
            operation: operation.clone(),
            key: request.key.clone(),
            status: answer.status,
            body: answer.body.clone(),
            id: id.to_owned(),
            state: find_text(&view, "status").to_owned(),
        });
        Ok(answer)
    }

    /// Sends a request once; `None` if there is no answer, or one that asks to come later.
    async fn send_once(&self, instance: usize, port: u16, request: &RetryableRequest) -> Option<Answer> {
        let url = format!("http://127.0.0.1:{port}{}", request.path);
        let mut builder = self.http.request(request.method.clone(), url);
        if !self.token.is_empty() {
            builder = builder.bearer_auth(&self.token);
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.header("content-type", "application/json").body(body.clone());
        }
        let sent = self.timeline.begin_request();
        let answer = match builder.send().await {
            Ok(reply) => {
                let status = reply.status().as_u16();
                reply.text().await.ok().map(|body| Answer { status, body, attempts: 1 })
            }
            Err(_) => None,
        };
        let answer = answer.filter(|it| !asks_to_come_later(it));
        self.timeline.end_request(sent, instance, request.method != Method::GET, answer.is_some());
        answer
    }
}

fn asks_to_come_later(answer: &Answer) -> bool {
    let is_in_progress = || find_text(&answer.json(), "type") == "/problems/idempotency-in-progress";
    LATER.contains(&answer.status) || answer.status == 409 && is_in_progress()
}

/// A text member of a view; empty if there is none.
pub(crate) fn find_text<'v>(view: &'v Value, name: &str) -> &'v str {
    view.get(name).and_then(Value::as_str).unwrap_or_default()
}
