//! Alipay's side, written from the public API reference (opendocs.alipay.com, `alipay.trade.*`): it verifies
//! what we send, keeps state, signs its answers and notices, and fails when a test wants it to.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::{RefundId, Timestamp, payment::NextAction};
use port_contracts::gateway::GatewayControl;
use ports::{Charge, Clock};
use serde_json::{Value, json};

use super::{
    keys::{self, Form},
    methods,
};
use crate::http::{HttpAnswer, HttpHandler, HttpRequest, HttpServer};

pub(crate) const APP_ID: &str = "2014072300007148";
pub(crate) const SELLER_ID: &str = "2088101106499364";
pub(crate) const BUYER_ID: &str = "2088102122524333";

/// A clock that a test moves.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A failure of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    /// The request does not arrive.
    Drop,
    /// The request is done, and the answer is lost.
    Lose,
    /// The request is done, and answered after that time.
    Late(Duration),
    /// Nothing is done; the status of HTTP and a header.
    Status(u16, Option<(&'static str, &'static str)>),
    /// Nothing is done; `code` and `sub_code` of the answer.
    Code(&'static str, &'static str),
    /// The same without a signature.
    Unsigned(&'static str, &'static str),
    /// The request is done; the signature of the answer is that of another one.
    BadSignature,
}

#[derive(Debug, Clone)]
pub(crate) struct Trade {
    pub(crate) number: String,
    pub(crate) status: &'static str,
    pub(crate) content: Value,
    pub(crate) paid_at: Option<String>,
    /// Amount in fen and time of each refund, by `out_request_no`.
    pub(crate) refunds: BTreeMap<String, (i64, String)>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) trades: BTreeMap<String, Trade>,
    /// Payments that a QR code was made for.
    pub(crate) precreated: BTreeMap<String, Value>,
    failures: HashMap<String, VecDeque<Failure>>,
    charge_failure: Option<Failure>,
    /// Every request that arrived: method and content.
    pub(crate) received: Vec<(String, Value)>,
    /// What was wrong with our requests.
    complaints: Vec<String>,
    /// A refund is answered before it is done.
    pub(crate) refunds_later: bool,
    notices: u32,
}

pub(crate) struct Double {
    pub(crate) clock: Arc<TestClock>,
    shared: Arc<Shared>,
    pub(crate) base: String,
    _server: HttpServer,
}

/// What the double and its server share.
struct Shared {
    state: Mutex<State>,
    clock: Arc<TestClock>,
}

#[async_trait]
impl HttpHandler for Shared {
    async fn answer(&self, request: HttpRequest) -> Option<HttpAnswer> {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/gateway.do"));
        assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded;charset=utf-8");
        answer_request(&mut self.state.lock().unwrap(), self.clock.now(), &request)
    }
}

impl Double {
    pub(crate) async fn open(now: Timestamp) -> Arc<Self> {
        let clock = Arc::new(TestClock(AtomicI64::new(now.as_millis())));
        let shared = Arc::new(Shared { state: Mutex::default(), clock: Arc::clone(&clock) });
        let server = HttpServer::open(shared.clone()).await;
        let base = format!("{}/gateway.do", server.base);
        Arc::new(Self { clock, shared, base, _server: server })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    /// The next requests of a method fail in this way, one after the other.
    pub(crate) fn fail_next(&self, method: &str, failures: &[Failure]) {
        self.state().failures.entry(method.to_owned()).or_default().extend(failures);
    }

    /// The methods of all requests that arrived since the last call, without `alipay.trade.`.
    pub(crate) fn take_methods(&self) -> Vec<String> {
        let received = std::mem::take(&mut self.state().received);
        received.iter().map(|(it, _)| it.trim_start_matches("alipay.trade.").to_owned()).collect()
    }

    /// The buyer scans the QR code: only now the payment exists.
    pub(crate) fn scan_code(&self, our_id: &str) {
        let mut state = self.state();
        let content = state.precreated[our_id].clone();
        state.create_trade(self.clock.now(), &content).unwrap();
    }

    /// The buyer opens a signed address, or the app an order string.
    pub(crate) fn open_action(&self, action: &NextAction) -> Result<(), String> {
        let query = match action {
            NextAction::Redirect { url } => url.strip_prefix(&format!("{}?", self.base)).unwrap(),
            NextAction::ClientSdk { parameters } => &parameters["orderString"],
            NextAction::QrCode { .. } => panic!("a code is scanned"),
        };
        let form = keys::parse_form(query.as_bytes());
        let content = methods::check_request(&form)?;
        self.state().create_trade(self.clock.now(), &content)
    }

    /// The buyer pays an opened payment.
    pub(crate) fn pay_opened(&self, our_id: &str) {
        let now = methods::china_time(self.clock.now());
        let mut state = self.state();
        let trade = state.trades.get_mut(our_id).unwrap();
        assert_eq!(trade.status, "WAIT_BUYER_PAY");
        (trade.status, trade.paid_at) = ("TRADE_SUCCESS", Some(now));
    }

    /// Alipay closes an unpaid payment when its time is over.
    pub(crate) fn close_expired(&self, our_id: &str) {
        self.state().trades.get_mut(our_id).unwrap().status = "TRADE_CLOSED";
    }

    /// The parameters of the notice about the present state; each call is another notice.
    pub(crate) fn notice(&self, our_id: &str) -> Form {
        let now = methods::china_time(self.clock.now());
        let mut state = self.state();
        state.notices += 1;
        let id = format!("ac05099524730693a8b330c5ecf72da{:04}", state.notices);
        let trade = &state.trades[our_id];
        let mut form = notice_form(&id, &now, our_id, &trade.number, trade.status);
        let mut set = |name: &str, value: String| form.insert(name.to_owned(), value);
        for name in ["total_amount", "subject", "passback_params"] {
            set(name, trade.content[name].as_str().unwrap().to_owned());
        }
        if let Some(at) = &trade.paid_at {
            set("gmt_payment", at.clone());
        }
        if let Some((id, (_, at))) = trade.refunds.iter().max_by_key(|(_, (_, at))| at) {
            let sum = trade.refunds.values().map(|(fen, _)| fen).sum();
            set("refund_fee", methods::yuan(sum));
            set("gmt_refund", format!("{at}.000"));
            set("out_biz_no", id.clone());
        }
        form
    }
}

/// The parameters that every notice about a payment has.
pub(crate) fn notice_form(id: &str, now: &str, our_id: &str, number: &str, status: &str) -> Form {
    let pairs = [
        ("notify_id", id),
        ("notify_type", "trade_status_sync"),
        ("notify_time", now),
        ("app_id", APP_ID),
        ("auth_app_id", APP_ID),
        ("charset", "utf-8"),
        ("version", "1.0"),
        ("seller_id", SELLER_ID),
        ("buyer_id", BUYER_ID),
        ("buyer_logon_id", "159****5620"),
        ("out_trade_no", our_id),
        ("trade_no", number),
        ("trade_status", status),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

impl Drop for Double {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.state().complaints, Vec::<String>::new(), "our requests are right");
        }
    }
}

impl State {
    /// Creates the payment, which the buyer has opened. It exists once; a request for it must be the same.
    fn create_trade(&mut self, now: Timestamp, content: &Value) -> Result<(), String> {
        let id = content["out_trade_no"].as_str().unwrap().to_owned();
        if methods::china_time(now).as_str() >= content["time_expire"].as_str().unwrap() {
            return Err("订单已超时".to_owned());
        }
        let number = format!("20261126220014{:014}", self.trades.len() + 1);
        let trade = self.trades.entry(id).or_insert_with(|| Trade {
            number,
            status: "WAIT_BUYER_PAY",
            content: content.clone(),
            paid_at: None,
            refunds: BTreeMap::new(),
        });
        if trade.content == *content { Ok(()) } else { Err("ACQ.CONTEXT_INCONSISTENT".to_owned()) }
    }
}

/// Answers a request; `None` if no answer arrives.
fn answer_request(state: &mut State, now: Timestamp, request: &HttpRequest) -> Option<HttpAnswer> {
    let mut form = keys::parse_form(request.query.as_bytes());
    form.extend(keys::parse_form(&request.body));
    let method = form["method"].clone();
    let is_charge = method == "alipay.trade.precreate";
    let failure = state.failures.get_mut(&method).and_then(VecDeque::pop_front);
    let failure = failure.or(state.charge_failure.filter(|_| is_charge));
    if let Some(Failure::Drop) = failure {
        return None;
    }
    let member = format!("{}_response", method.replace('.', "_"));
    let code = |code: &str, sub_code: &str| json!({"code": code, "msg": "failed", "sub_code": sub_code, "sub_msg": format!("说明 {sub_code}")});
    match failure {
        Some(Failure::Status(status, header)) => {
            let headers = header.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
            return Some(HttpAnswer { headers, ..HttpAnswer::new(status, "<html>busy</html>".to_owned()) });
        }
        Some(Failure::Code(number, sub_code)) => {
            return Some(signed_answer(&member, &code(number, sub_code)));
        }
        Some(Failure::Unsigned(number, sub_code)) => {
            let body = json!({ "error_response": code(number, sub_code) }).to_string();
            return Some(HttpAnswer::new(200, body));
        }
        Some(Failure::Drop | Failure::Lose | Failure::Late(_) | Failure::BadSignature) | None => {}
    }
    let answer = match methods::check_request(&form) {
        Ok(content) => {
            state.received.push((method.clone(), content.clone()));
            methods::answer_method(state, now, &method, &content)
        }
        Err(complaint) => {
            state.complaints.push(format!("{method}: {complaint}"));
            code("40002", "isv.invalid-signature")
        }
    };
    match (failure, signed_answer(&member, &answer)) {
        (Some(Failure::Lose), _) => None,
        (Some(Failure::Late(after)), answer) => Some(HttpAnswer { after, ..answer }),
        (Some(Failure::BadSignature), _) => {
            let body = json!({ member: answer, "sign": keys::sign("another") }).to_string();
            Some(HttpAnswer::new(200, body))
        }
        (_, answer) => Some(answer),
    }
}

fn signed_answer(member: &str, content: &Value) -> HttpAnswer {
    let content = content.to_string();
    let body = format!(r#"{{"{member}":{content},"sign":"{}"}}"#, keys::sign(&content));
    HttpAnswer::new(200, body)
}

impl GatewayControl for Double {
    fn lose_answers(&self) -> &'static str {
        self.state().charge_failure = Some(Failure::Lose);
        "qr"
    }

    fn drop_requests(&self) -> &'static str {
        self.state().charge_failure = Some(Failure::Drop);
        "qr"
    }

    fn restore(&self) {
        self.state().charge_failure = None;
    }

    fn pay(&self, charge: &Charge) {
        self.scan_code(charge.transaction.as_str());
        self.pay_opened(charge.transaction.as_str());
    }

    fn complete_refund(&self, _: &RefundId) {}
}
