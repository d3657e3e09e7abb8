//! A double of Stripe's API, written from its public reference: payment intents, refunds, balance, idempotency keys
//! and events. It keeps state, refuses what it does not know, and fails on request.

mod answers;
mod payments;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::http::{HttpAnswer, HttpHandler, HttpRequest, HttpServer};
use answers::{ApiResult, Failure, json_answer};

pub(crate) const API_KEY: &str = "sk_test_double";
/// A key without any permission.
pub(crate) const LIMITED_KEY: &str = "rk_test_limited";
pub(crate) const API_VERSION: &str = "2026-10-28.endive";
/// How long the double remembers a key, in seconds.
pub(crate) const KEY_SECONDS: i64 = 24 * 60 * 60;

/// How one request fails.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It never arrives.
    Drop,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It is done, and the answer takes this long.
    Late(Duration),
    /// It is not done, and answered with this status and these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// It is not done; the failure is stored under its key and repeated.
    StoredFailure,
    /// It is not done, and a proxy answers with this status and body.
    Proxy(u16, &'static str),
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) line: String,
    pub(crate) key: String,
    pub(crate) form: Vec<(String, String)>,
}

struct StoredAnswer {
    line: String,
    body: Vec<u8>,
    status: u16,
    answer: Value,
    at: i64,
}

/// What the double knows.
#[derive(Default)]
pub(crate) struct State {
    /// The time by Stripe's clock, in seconds.
    pub(crate) now: i64,
    /// Oldest first; `latest_charge` is an id.
    pub(crate) intents: Vec<Value>,
    pub(crate) charges: HashMap<String, Value>,
    pub(crate) refunds: Vec<Value>,
    /// The events, oldest first.
    pub(crate) events: Vec<Value>,
    /// Requests that no integration should send, as sentences.
    pub(crate) complaints: Vec<String>,
    pub(crate) arrived: Vec<Arrived>,
    /// The faults of the next requests.
    pub(crate) faults: VecDeque<Fault>,
    /// The fault of every charge from now on.
    pub(crate) charge_fault: Option<Fault>,
    /// Refunds stay `pending`.
    pub(crate) slow_refunds: bool,
    /// The number of objects that a list returns at most.
    pub(crate) page_max: usize,
    /// The balance transaction of the refund that releases the rest of a partial capture.
    pub(crate) release_transaction: Value,
    /// A list of payments is longer than an answer may be.
    pub(crate) has_long_lists: bool,
    /// The buyer pays just before the next cancellation.
    pub(crate) pays_at_cancellation: bool,
    /// Every capture and cancellation is too small, or wrong in another way. The refusal is stored under its key.
    pub(crate) refuses_operations: bool,
    /// Whether the search finds what was made.
    pub(crate) has_search: bool,
    keys: HashMap<String, StoredAnswer>,
    /// The key of the request that is done at this moment.
    current_key: Option<String>,
    ids: usize,
}

impl State {
    pub(crate) fn next_id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}_{}", self.ids)
    }

    /// Adds the event about an object's present state.
    pub(crate) fn emit(&mut self, kind: &str, object: &Value) {
        let id = self.next_id("evt");
        self.events.push(json!({
            "id": id, "object": "event", "api_version": API_VERSION, "created": self.now, "livemode": false,
            "type": kind, "data": {"object": object}, "request": {"id": null, "idempotency_key": self.current_key},
        }));
    }

    /// The lines of the requests that arrived.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.arrived.iter().map(|it| it.line.as_str()).collect()
    }
}

/// The double, which serves until it is dropped.
pub(crate) struct Double {
    pub(crate) base: String,
    shared: Arc<Shared>,
    _server: HttpServer,
}

struct Shared(Mutex<State>);

impl Double {
    pub(crate) async fn open(now: i64) -> Self {
        let state = State { now, page_max: 100, has_search: true, ..State::default() };
        let shared = Arc::new(Shared(Mutex::new(state)));
        let server = HttpServer::open(shared.clone()).await;
        Self { base: server.base.clone(), shared, _server: server }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap()
    }

    /// Lets the next requests fail, in this order.
    pub(crate) fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// Panics if a request was not as it should be.
    pub(crate) fn assert_content(&self) {
        assert_eq!(self.state().complaints, Vec::<String>::new());
    }
}

#[async_trait]
impl HttpHandler for Shared {
    async fn answer(&self, request: HttpRequest) -> Option<HttpAnswer> {
        let mut state = self.0.lock().unwrap();
        let line = format!("{} {}", request.method, request.path);
        let form = form_urlencoded::parse(if request.method == "GET" {
            request.query.as_bytes()
        } else {
            request.body.as_slice()
        });
        let form: Vec<(String, String)> = form.into_owned().collect();
        let key = request.header("idempotency-key").to_owned();
        state.arrived.push(Arrived { line: line.clone(), key: key.clone(), form: form.clone() });
        let is_charge = line == "POST /v1/payment_intents";
        let standing = state.charge_fault.clone().filter(|_| is_charge);
        let fault = state.faults.pop_front().or(standing);
        match fault {
            Some(Fault::Drop) => return None,
            Some(Fault::Status(status, headers)) => {
                // Not even the type of a refusal makes another status a refusal.
                let kind = if status < 500 { "invalid_request_error" } else { "api_error" };
                let failure = Failure::new(status, kind, "", "the double fails on request");
                let mut answer = json_answer(status, &failure.body(), state.now);
                answer.headers.extend(headers);
                return Some(answer);
            }
            Some(Fault::Proxy(status, body)) => return Some(HttpAnswer::new(status, body.to_owned())),
            Some(Fault::LoseAnswer | Fault::Late(_) | Fault::StoredFailure) | None => {}
        }
        let is_broken = matches!(fault, Some(Fault::StoredFailure));
        let answer = state.serve(&request, &line, &key, &form, is_broken);
        match fault {
            Some(Fault::LoseAnswer) => None,
            Some(Fault::Late(after)) => Some(HttpAnswer { after, ..answer }),
            _ => Some(answer),
        }
    }
}

impl State {
    fn serve(
        &mut self,
        request: &HttpRequest,
        line: &str,
        key: &str,
        form: &[(String, String)],
        is_broken: bool,
    ) -> HttpAnswer {
        if let Err(failure) = self.check_headers(request) {
            return json_answer(failure.status, &failure.body(), self.now);
        }
        if request.method == "GET" {
            let (status, body) = answers::split(self.read(&request.path, form));
            return json_answer(status, &body, self.now);
        }
        if let Some(answer) = self.replay(line, key, &request.body) {
            return answer;
        }
        self.current_key = Some(key.to_owned());
        let result = if is_broken { Err(Failure::stored()) } else { self.write(&request.path, form) };
        self.current_key = None;
        // A request that fails validation was not begun, and nothing is stored under its key.
        let is_stored = self.refuses_operations || !matches!(&result, Err(failure) if failure.status == 400);
        let (status, answer) = answers::split(result);
        if is_stored {
            let (line, body, at) = (line.to_owned(), request.body.clone(), self.now);
            self.keys.insert(key.to_owned(), StoredAnswer { line, body, status, answer: answer.clone(), at });
        }
        json_answer(status, &answer, self.now)
    }

    fn check_headers(&mut self, request: &HttpRequest) -> Result<(), Failure> {
        match request.header("authorization").strip_prefix("Bearer ") {
            Some(API_KEY) => {}
            Some(LIMITED_KEY) => {
                return Err(Failure::new(403, "invalid_request_error", "", "the key has no permission"));
            }
            _ => return Err(Failure::new(401, "invalid_request_error", "", "Invalid API Key provided")),
        }
        let is_form = request.header("content-type") == "application/x-www-form-urlencoded";
        let has_key = (1..=255).contains(&request.header("idempotency-key").len());
        if request.header("stripe-version") != API_VERSION {
            self.complaints.push("another version".to_owned());
        }
        if request.method == "POST" && !(is_form && has_key) {
            self.complaints.push(format!("{} without a form or a key", request.path));
        }
        Ok(())
    }

    /// The stored answer of an earlier request with this key, if it is not forgotten.
    fn replay(&mut self, line: &str, key: &str, body: &[u8]) -> Option<HttpAnswer> {
        let now = self.now;
        self.keys.retain(|_, it| now - it.at < KEY_SECONDS);
        let stored = self.keys.get(key)?;
        if stored.line != line || stored.body != body {
            let failure =
                Failure::new(400, "idempotency_error", "", "Keys can only be used with the same parameters");
            return Some(json_answer(400, &failure.body(), now));
        }
        let mut answer = json_answer(stored.status, &stored.answer, now);
        answer.headers.push(("idempotent-replayed", "true".to_owned()));
        if stored.status >= 500 {
            answer.headers.push(("stripe-should-retry", "false".to_owned()));
        }
        Some(answer)
    }

    fn write(&mut self, path: &str, form: &[(String, String)]) -> ApiResult {
        let parts: Vec<_> = path.trim_start_matches("/v1/").split('/').collect();
        match parts[..] {
            ["payment_intents"] => self.create_intent(form),
            ["payment_intents", id, "capture"] => self.capture_intent(id, form),
            ["payment_intents", id, "cancel"] => self.cancel_intent(id, form),
            ["refunds"] => self.create_refund(form),
            _ => self.unknown_path(path),
        }
    }

    fn read(&mut self, path: &str, query: &[(String, String)]) -> ApiResult {
        let parts: Vec<_> = path.trim_start_matches("/v1/").split('/').collect();
        match parts[..] {
            ["balance"] => Ok(json!({"object": "balance", "livemode": false})),
            ["payment_intents"] => self.list_intents(query),
            ["payment_intents", "search"] => self.search_intents(query),
            ["payment_intents", id] => self.retrieve_intent(id, query),
            ["refunds"] => self.list_refunds(query),
            ["refunds", id] => self.retrieve_refund(id),
            _ => self.unknown_path(path),
        }
    }

    fn unknown_path(&mut self, path: &str) -> ApiResult {
        self.complaints.push(format!("unknown path {path}"));
        Err(Failure::new(404, "invalid_request_error", "", "Unrecognized request URL"))
    }
}
