//! The Stripe adapter against `localstripe`, a stateful imitation of Stripe that this project did not write, with
//! its webhooks.
//!
//! It needs Python with the packages of `crates/xtask/localstripe.txt`, which `cargo xtask test` installs in
//! `target/tools/localstripe`. Without them the tests say that they are skipped.
//!
//! localstripe has no idempotency keys, and lacks some parameters and members that Stripe has. `Shim` stands between
//! the adapter and it, and lists them: it removes those parameters, and adds those members to answers. The notices
//! are verified and parsed exactly as localstripe sends them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly: that is what it is for"
)]

mod http;

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use adapters_gateways::{Stripe, StripeConfig};
use async_trait::async_trait;
use domain::{
    Money, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{CaptureMethod, EventKind, NextAction, PaymentEvent, PaymentToken},
};
use http::{HttpAnswer, HttpHandler, HttpRequest, HttpServer};
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use ports::{
    Answer, AttemptLog, Charge, Clock, Gateway, GatewayCheck, Lookup, LookupAnswer, LookupSubject, Notice,
    ParsedNotice,
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use url::form_urlencoded;

const API_KEY: &str = "sk_test_localstripe";
const SECRET: &str = "whsec_localstripe";
/// The longest wait for a notice.
const PATIENCE: Duration = Duration::from_secs(60);
const GOOD_CARD: &str = "4242424242424242";
const DECLINED_CARD: &str = "4000000000000341";
const AUTHENTICATED_CARD: &str = "4000002500003155";

/// localstripe, until it is dropped; it also ends when this process does.
struct LocalStripe {
    process: Child,
    base: String,
}

impl LocalStripe {
    /// Starts it; `None` if Python or a package is not installed.
    fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages: PathBuf = root.join("../../target/tools/localstripe");
        let command = |arguments: &[&str]| {
            let mut command = Command::new("python3");
            command.env("PYTHONPATH", &packages).args(arguments).stdin(Stdio::piped()).stderr(Stdio::null());
            command
        };
        let found = command(&["-c", "import localstripe.server"]).stdout(Stdio::null()).status();
        if !found.is_ok_and(|it| it.success()) {
            // Past the capture of the test runner, which shows nothing of a test that passes.
            let words = b"SKIPPED: localstripe is not installed; `cargo xtask test` installs it with pip\n";
            io::stderr().write_all(words).unwrap();
            return None;
        }
        let script = root.join("tests/stripe/scripts/serve_localstripe.py");
        let mut process = command(&[script.to_str().unwrap()]).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Self { process, base: format!("http://127.0.0.1:{}", port.trim()) })
    }
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

type HttpClient = Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>;

/// Stands between the adapter and localstripe.
struct Shim {
    client: HttpClient,
    target: String,
    /// The amount of each manual capture, by payment: localstripe does not state it.
    captured: Mutex<HashMap<String, i64>>,
}

impl Shim {
    /// Whether localstripe knows the parameter.
    fn is_known(name: &str) -> bool {
        let unknown = ["automatic_payment_methods", "use_stripe_sdk", "created["];
        !unknown.iter().any(|it| name.starts_with(it))
    }

    fn keep_known(encoded: &[u8]) -> Vec<(String, String)> {
        form_urlencoded::parse(encoded).into_owned().filter(|(name, _)| Self::is_known(name)).collect()
    }

    async fn send(&self, method: &str, path: &str, form: &[(String, String)], key: &str) -> (u16, Value) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let (uri, body) = match method {
            "GET" => (format!("{}{path}?{form}", self.target), String::new()),
            _ => (format!("{}{path}", self.target), form),
        };
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", key)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from(body));
        let response = self.client.request(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    fn add_captured(&self, intent: &mut Value) {
        if let Some(amount) =
            intent["id"].as_str().and_then(|it| self.captured.lock().unwrap().get(it).copied())
        {
            intent["amount_received"] = json!(amount);
        }
    }
}

#[async_trait]
impl HttpHandler for Shim {
    async fn answer(&self, request: HttpRequest) -> Option<HttpAnswer> {
        let is_get = request.method == "GET";
        let form = Self::keep_known(if is_get { request.query.as_bytes() } else { &request.body });
        let key = request.header("authorization");
        let (status, mut body) = self.send(&request.method, &request.path, &form, key).await;
        if let Some(id) =
            request.path.strip_prefix("/v1/payment_intents/").and_then(|it| it.strip_suffix("/capture"))
            && status == 200
        {
            let amount =
                form.iter().find(|(name, _)| name == "amount_to_capture").unwrap().1.parse().unwrap();
            self.captured.lock().unwrap().insert(id.to_owned(), amount);
        }
        if let Some(page) = body.get_mut("data").and_then(Value::as_array_mut) {
            page.iter_mut().for_each(|it| self.add_captured(it));
        } else if body.is_object() {
            self.add_captured(&mut body);
        }
        let mut answer = HttpAnswer::new(status, body.to_string());
        answer.headers.push(("content-type", "application/json".to_owned()));
        Some(answer)
    }
}

/// Receives the notices of localstripe and verifies them with the adapter.
struct Inbox {
    gateway: Mutex<Option<Arc<Stripe>>>,
    notices: Mutex<Vec<Notice>>,
}

#[async_trait]
impl HttpHandler for Inbox {
    async fn answer(&self, request: HttpRequest) -> Option<HttpAnswer> {
        let gateway = self.gateway.lock().unwrap().clone()?;
        let Ok(notice) = gateway.verify_notice(&request.headers, &request.body, SystemClock.now()) else {
            return Some(HttpAnswer::new(401, String::new()));
        };
        self.notices.lock().unwrap().push(notice);
        Some(HttpAnswer::new(200, String::new()))
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
    }
}

struct Bench {
    gateway: Arc<Stripe>,
    shim: Arc<Shim>,
    inbox: Arc<Inbox>,
    log: AttemptLog,
    _servers: [HttpServer; 2],
    _localstripe: LocalStripe,
}

async fn bench() -> Option<Bench> {
    let localstripe = LocalStripe::start()?;
    let client: HttpClient = Client::builder(TokioExecutor::new()).build_http();
    let shim = Shim { client, target: localstripe.base.clone(), captured: Mutex::default() };
    let (shim, inbox) = (Arc::new(shim), Inbox { gateway: Mutex::default(), notices: Mutex::default() });
    let inbox = Arc::new(inbox);
    let api = HttpServer::open(shim.clone()).await;
    let callbacks = HttpServer::open(inbox.clone()).await;
    let config = StripeConfig {
        api_key: Some(API_KEY.into()),
        webhook_secrets: vec![SECRET.into()],
        api_base: api.base.clone(),
        return_url: None,
    };
    let gateway = Arc::new(Stripe::open(config, Arc::new(SystemClock)).unwrap());
    *inbox.gateway.lock().unwrap() = Some(Arc::clone(&gateway));
    let endpoint = [("url", callbacks.base.as_str()), ("secret", SECRET)];
    let endpoint = endpoint.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(shim.send("POST", "/_config/webhooks/idem", &endpoint, "").await.0, 200);
    let log = AttemptLog::default();
    Some(Bench { gateway, shim, inbox, log, _servers: [api, callbacks], _localstripe: localstripe })
}

impl Bench {
    /// Makes a payment method of a test card, as Stripe's library does in the buyer's browser.
    async fn charge_of(&self, card: &str, capture_method: CaptureMethod) -> Charge {
        let pairs =
            [("type", "card"), ("card[number]", card), ("card[exp_month]", "12"), ("card[exp_year]", "2034")];
        let pairs = pairs.into_iter().chain([("card[cvc]", "123")]);
        let form: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (status, method) =
            self.shim.send("POST", "/v1/payment_methods", &form, &format!("Bearer {API_KEY}")).await;
        assert_eq!(status, 200, "{method}");
        let id = method["id"].as_str().unwrap().to_owned();
        Charge {
            transaction: TransactionId::new(format!("t-{id}")),
            reference: None,
            order: OrderNumber::new(format!("o-{id}")),
            token: PaymentToken::new(id),
            amount: Money::parse("19.98", "EUR").unwrap(),
            capture_method,
            created_at: SystemClock.now(),
            requested_at: SystemClock.now(),
            is_repeated: false,
        }
    }

    async fn charge(&self, charge: &Charge) -> PaymentEvent {
        self.event(self.gateway.charge(charge.clone(), &self.log).await.unwrap())
    }

    #[track_caller]
    fn event(&self, answer: Answer) -> PaymentEvent {
        match answer {
            Answer::Event(event) => *event,
            Answer::Accepted { .. } | Answer::RefundRefused(_) | Answer::OperationRefused(_) => {
                panic!("no event: {:?}", self.log.take())
            }
        }
    }

    async fn kinds(&self, charge: &Charge) -> Vec<EventKind> {
        let lookup = Lookup { charge: charge.clone(), subject: LookupSubject::Payment };
        match self.gateway.look_up(lookup, &self.log).await.unwrap() {
            LookupAnswer::Found { events, .. } => events.iter().map(|it| it.kind).collect(),
            other @ (LookupAnswer::Unknown | LookupAnswer::CannotTell) => panic!("{other:?}"),
        }
    }

    /// Waits for the notice of this kind about the charge.
    async fn notice(&self, kind: EventKind, charge: &Charge) -> PaymentEvent {
        let find = || {
            let all = self.inbox.notices.lock().unwrap();
            let parsed = all.iter().map(|it| self.gateway.parse_notice(it, SystemClock.now()));
            let mut events = parsed.filter_map(|it| match it {
                ParsedNotice::Event(event) => Some(*event),
                ParsedNotice::Irrelevant { .. } | ParsedNotice::UnknownType { .. } => None,
                ParsedNotice::Unintelligible { fault } => panic!("{fault}"),
            });
            events.find(|it| it.kind == kind && it.order.as_ref() == Some(&charge.order))
        };
        let wait = async {
            loop {
                if let Some(event) = find() {
                    return event;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("no notice of {kind:?}"))
    }
}

/// Asserts that a notice states the fact of an answer.
#[track_caller]
fn assert_same(notice: &PaymentEvent, answer: &PaymentEvent) {
    let (id, details, at) = (answer.id.clone(), answer.details.clone(), answer.at);
    assert_eq!(PaymentEvent { id, details, at, ..notice.clone() }, *answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_made_notified_found_and_refunded() {
    let Some(it) = bench().await else { return };
    let ready = it.gateway.check(&it.log).await.unwrap();
    assert_eq!(ready, GatewayCheck::Ready("Test mode: payments move no money.".to_owned()));
    let charge = it.charge_of(GOOD_CARD, CaptureMethod::Automatic).await;
    let captured = it.charge(&charge).await;
    assert_eq!((captured.kind, captured.reported.amount.as_str()), (EventKind::Captured, "19.98"));
    assert_same(&it.notice(EventKind::Captured, &charge).await, &captured);
    assert_eq!(it.kinds(&charge).await, [EventKind::Captured], "by our id");
    let known = Charge { reference: captured.references.payment.clone(), ..charge.clone() };
    assert_eq!(it.kinds(&known).await, [EventKind::Captured], "by its reference");
    for (id, amount) in [("r1", "5"), ("r2", "14.98")] {
        let (id, amount) = (RefundId::new(id.to_owned()), Money::parse(amount, "EUR").unwrap());
        let refunded = it.event(it.gateway.refund(known.clone(), id.clone(), amount, &it.log).await.unwrap());
        assert_eq!((refunded.kind, refunded.refund.as_ref()), (EventKind::RefundSucceeded, Some(&id)));
        let subject = LookupSubject::Refund { id, reference: None, amount };
        let lookup = Lookup { charge: known.clone(), subject };
        let LookupAnswer::Found { reference, .. } = it.gateway.look_up(lookup, &it.log).await.unwrap() else {
            panic!("the refund is found")
        };
        assert_eq!(reference, refunded.references.refund);
    }
    let unmade = Charge { transaction: TransactionId::new("unmade".to_owned()), ..charge };
    let lookup = Lookup { charge: unmade, subject: LookupSubject::Payment };
    assert_eq!(it.gateway.look_up(lookup, &it.log).await.unwrap(), LookupAnswer::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_is_captured_in_part_or_voided() {
    let Some(it) = bench().await else { return };
    let charge = it.charge_of(GOOD_CARD, CaptureMethod::Manual).await;
    assert_eq!(it.charge(&charge).await.kind, EventKind::Authorized);
    let part = Money::parse("5", "EUR").unwrap();
    let captured = it.event(it.gateway.capture(charge.clone(), part, &it.log).await.unwrap());
    assert_eq!((captured.kind, captured.reported.amount.as_str()), (EventKind::Captured, "5.00"));
    let again = it.event(it.gateway.capture(charge.clone(), part, &it.log).await.unwrap());
    assert_eq!(
        (again.kind, again.reported),
        (EventKind::Captured, captured.reported),
        "a refused repetition"
    );

    let charge = it.charge_of(GOOD_CARD, CaptureMethod::Manual).await;
    it.charge(&charge).await;
    for _ in 0..2 {
        let voided = it.event(it.gateway.void(charge.clone(), &it.log).await.unwrap());
        assert_eq!((voided.kind, voided.reported.amount.as_str()), (EventKind::Voided, "19.98"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_and_an_authentication_are_answered_and_notified() {
    let Some(it) = bench().await else { return };
    let charge = it.charge_of(DECLINED_CARD, CaptureMethod::Automatic).await;
    let declined = it.charge(&charge).await;
    assert_eq!(
        (declined.kind, declined.details.response_code.as_deref()),
        (EventKind::Failed, Some("card_declined"))
    );
    let failed = it.notice(EventKind::Failed, &charge).await;
    assert_eq!(failed.details.failure_reason.as_deref(), Some("Your card was declined."));

    let charge = it.charge_of(AUTHENTICATED_CARD, CaptureMethod::Automatic).await;
    let answer = it.gateway.charge(charge.clone(), &it.log).await.unwrap();
    let Answer::Accepted {
        reference: Some(reference),
        next_action: Some(NextAction::ClientSdk { parameters }),
    } = answer
    else {
        panic!("the buyer must act")
    };
    // As Stripe's library does when the buyer has authenticated.
    let form = [("client_secret", parameters["clientSecret"].as_str()), ("success", "true")];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let path = format!("/v1/payment_intents/{reference}/_authenticate");
    let (status, body) = it.shim.send("POST", &path, &form, &format!("Bearer {API_KEY}")).await;
    assert_eq!(status, 200, "{body}");
    let captured = it.notice(EventKind::Captured, &charge).await;
    assert_eq!(captured.references.payment, Some(reference));
    assert_eq!(it.kinds(&charge).await, [EventKind::Captured]);
}
