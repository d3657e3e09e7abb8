//! WeChat Pay as its public reference describes it, with state, over HTTP. It verifies every request, and answers
//! badly when a test asks for it.

mod answers;
mod refunds;
mod trades;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use domain::Timestamp;
use ports::{Clock, NoticeHeaders};
use serde_json::{Value, json};

use super::keys::{self, vector};
use crate::http::HttpServer;

pub(crate) use answers::Request;
pub(crate) use refunds::Refund;
pub(crate) use trades::Trade;

/// The difference that WeChat Pay accepts between the time of a request and its own.
const STAMP_TOLERANCE_S: i64 = 300;

/// A clock that a test sets; the double reads it too.
pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(crate) fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.saturating_add(by);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection closes before the request is read.
    Dropped,
    /// The request is done, and the connection closes without an answer.
    AnswerLost,
    /// The request is done, and the answer takes this long.
    Late(Duration),
    /// The request is not done; the answer has this status and code, and is signed if the flag says so.
    Error(u16, &'static str, bool),
    /// The request is done, and the answer has this status and code, signed.
    DoneBut(u16, &'static str),
    /// The request is done, and this header of the answer has this value; no value: the header is missing.
    Header(&'static str, Option<&'static str>),
    /// The request is done, and the answer is 200 with this body, signed.
    Says(&'static str),
    /// The request is done, and the body is another one than was signed.
    OtherBody(&'static str),
}

/// A fault of the next requests whose method and path begin with a text.
struct Planned {
    target: &'static str,
    fault: Fault,
    left: usize,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) trades: HashMap<String, Trade>,
    pub(crate) refunds: HashMap<String, Refund>,
    pub(crate) requests: Vec<Request>,
    planned: Vec<Planned>,
    nonces: Vec<String>,
    complaints: Vec<String>,
    numbers: u32,
}

/// An answer before it is signed. An empty body goes with 204.
pub(crate) struct Reply {
    status: u16,
    body: String,
}

impl Reply {
    fn done(body: &Value) -> Self {
        Self { status: 200, body: body.to_string() }
    }

    fn error(status: u16, code: &str) -> Self {
        Self { status, body: json!({ "code": code, "message": "具体原因" }).to_string() }
    }
}

/// WeChat Pay, until it is dropped.
pub(crate) struct Double {
    pub(crate) base: String,
    pub(crate) clock: Arc<TestClock>,
    shared: Arc<Shared>,
    _server: HttpServer,
}

/// What the double and its server share.
struct Shared {
    state: Mutex<State>,
    clock: Arc<TestClock>,
}

impl Double {
    pub(crate) async fn open(clock: Arc<TestClock>) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), clock: Arc::clone(&clock) });
        let server = HttpServer::open(shared.clone()).await;
        Self { base: server.base.clone(), clock, shared, _server: server }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    /// Plans a fault of the next `times` requests whose method and path begin with `target`.
    pub(crate) fn plan(&self, target: &'static str, fault: Fault, times: usize) {
        self.state().planned.push(Planned { target, fault, left: times });
    }

    /// Ends all planned faults.
    pub(crate) fn recover(&self) {
        self.state().planned.clear();
    }

    /// The number of requests whose method and path begin with `target`.
    pub(crate) fn count(&self, target: &str) -> usize {
        self.state().requests.iter().filter(|it| it.target().starts_with(target)).count()
    }

    /// The numbers of trades and of refunds.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let state = self.state();
        (state.trades.len(), state.refunds.len())
    }

    /// The notice about a paid trade, signed now.
    pub(crate) fn notify_trade(&self, number: &str) -> (NoticeHeaders, Vec<u8>) {
        let content = self.state().trades[number].describe(number);
        self.sign_notice(number, "TRANSACTION.SUCCESS", &content)
    }

    /// The notice about a refund, signed now.
    pub(crate) fn notify_refund(&self, number: &str) -> (NoticeHeaders, Vec<u8>) {
        let (content, status) = {
            let state = self.state();
            let refund = &state.refunds[number];
            (refund.describe_for_notice(number), refund.status)
        };
        self.sign_notice(number, &format!("REFUND.{status}"), &content)
    }

    fn sign_notice(&self, id: &str, kind: &str, content: &Value) -> (NoticeHeaders, Vec<u8>) {
        let now = self.clock.now();
        let content = content.to_string();
        let key = vector("api_v3_test_key");
        let body = keys::write_notice(&format!("EV-{id}"), kind, &beijing(now), content.as_bytes(), key);
        (keys::sign_as_platform(&body, now), body)
    }
}

impl Drop for Double {
    /// A malformed request is a fault of the adapter, whatever its answer was.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.state().complaints, Vec::<String>::new());
        }
    }
}

impl State {
    fn next_number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    fn take_fault(&mut self, target: &str) -> Option<Fault> {
        let planned = self.planned.iter_mut().find(|it| it.left > 0 && target.starts_with(it.target))?;
        planned.left -= 1;
        Some(planned.fault.clone())
    }

    /// Does a request.
    fn handle(&mut self, request: &Request, now: Timestamp) -> Reply {
        if let Err(complaint) = self.check_request(request, now) {
            self.complaints.push(format!("{}: {complaint}", request.target()));
            return Reply::error(401, "SIGN_ERROR");
        }
        let done = self.route(request, now);
        done.unwrap_or_else(|complaint| {
            self.complaints.push(format!("{}: {complaint}", request.target()));
            Reply::error(400, "PARAM_ERROR")
        })
    }

    /// Checks headers and signature.
    fn check_request(&mut self, request: &Request, now: Timestamp) -> Result<(), String> {
        for (name, value) in [("accept", "application/json"), ("wechatpay-serial", vector("public_key_id"))] {
            let got = request.headers.get(name).map(String::as_str);
            (got == Some(value)).then_some(()).ok_or(format!("{name} is {got:?}"))?;
        }
        request.headers.get("user-agent").filter(|it| !it.is_empty()).ok_or("no user-agent")?;
        let header = request.headers.get("authorization").ok_or("no authorization")?;
        let fields = parse_authorization(header).ok_or(format!("authorization is {header}"))?;
        let field = |name: &str| fields.get(name).copied().unwrap_or_default();
        let (seconds, nonce) = (field("timestamp"), field("nonce_str"));
        let known =
            field("mchid") == vector("merchant_id") && field("serial_no") == vector("merchant_serial");
        known.then_some(()).ok_or("another merchant")?;
        let stamp: i64 = seconds.parse().map_err(|_| "no timestamp")?;
        let is_fresh = (stamp - now.as_millis() / 1000).abs() <= STAMP_TOLERANCE_S;
        is_fresh.then_some(()).ok_or("an old timestamp")?;
        let is_new = nonce.len() == 32 && !self.nonces.iter().any(|it| it == nonce);
        is_new.then_some(()).ok_or("a used or short nonce")?;
        self.nonces.push(nonce.to_owned());
        let Request { method, path, body, .. } = request;
        let text = format!("{method}\n{path}\n{seconds}\n{nonce}\n{body}\n");
        keys::is_signed_by_merchant(&text, field("signature"))
            .then_some(())
            .ok_or("a wrong signature".to_owned())
    }

    fn route(&mut self, request: &Request, now: Timestamp) -> Result<Reply, String> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let segments: Vec<_> = path.trim_start_matches("/v3/").split('/').collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["pay", "transactions", product @ ("native" | "jsapi")]) => {
                self.begin_trade(product, &request.json()?, now)
            }
            ("POST", ["pay", "transactions", "out-trade-no", number, "close"]) => {
                self.close_trade(number, &request.json()?)
            }
            ("GET", ["pay", "transactions", kind @ ("id" | "out-trade-no"), number]) => {
                self.query_trade(kind, number, query)
            }
            ("POST", ["refund", "domestic", "refunds"]) => self.begin_refund(&request.json()?, now),
            ("GET", ["refund", "domestic", "refunds", number]) if query.is_empty() => {
                Ok(self.query_refund(number))
            }
            _ => Err("no such resource".to_owned()),
        }
    }
}

/// Returns the fields of an `Authorization` header.
pub(crate) fn parse_authorization(header: &str) -> Option<HashMap<&str, &str>> {
    let fields = header.strip_prefix("WECHATPAY2-SHA256-RSA2048 ")?.split(',');
    fields
        .map(|it| {
            it.split_once('=').and_then(|(name, it)| Some((name, it.strip_prefix('"')?.strip_suffix('"')?)))
        })
        .collect()
}

/// Formats a time as WeChat Pay does: whole seconds in Beijing.
pub(crate) fn beijing(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_second(at.as_millis().div_euclid(1000)).unwrap();
    at.display_with_offset(jiff::tz::offset(8)).to_string()
}

/// Checks that a body has these members and no other; those that end in `?` may be missing.
fn check_members(body: &Value, allowed: &[&str]) -> Result<(), String> {
    let members = body.as_object().ok_or("not an object")?;
    for name in members.keys() {
        let is_allowed = allowed.iter().any(|it| it.trim_end_matches('?') == name);
        is_allowed.then_some(()).ok_or(format!("unknown member {name}"))?;
    }
    for name in allowed.iter().filter(|it| !it.ends_with('?')) {
        members.get(*name).ok_or(format!("no {name}"))?;
    }
    Ok(())
}

fn check_merchant(body: &Value) -> Result<(), String> {
    (body["mchid"] == vector("merchant_id")).then_some(()).ok_or("another mchid".to_owned())
}

/// Checks a number of the merchant's: its length and its characters.
fn check_number(number: &Value, longest: usize) -> Result<String, String> {
    let text = number.as_str().ok_or("a number is no text")?;
    let allowed = |it: u8| it.is_ascii_alphanumeric() || b"_-|*@".contains(&it);
    let is_good = (6..=longest).contains(&text.len()) && text.bytes().all(allowed);
    is_good.then(|| text.to_owned()).ok_or(format!("the number {text}"))
}
