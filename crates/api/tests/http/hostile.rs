//! Requests that are made to be work, or to be answered at length. Who finds another one adds a row.

use serde_json::json;

use crate::harness::{Client, Reply, Server, shared};

const KIB_64: usize = 64 * 1024;
/// Longest answer to a request that is refused, in bytes.
const REFUSAL_BYTES_MAX: usize = 32 * 1024;
const FAULTS_MAX: usize = 100;
/// What anybody may send a body to.
const OPEN: [&str; 3] = ["/v1/auth/register", "/v1/auth/login", "/v1/auth/refresh"];
/// A hostile body may be this many times the work of a plain one.
const TIMES_PLAIN_MAX: u64 = 25;
/// How often each is sent, so that there is something to measure.
const ROUNDS: usize = 4;

type Row = (&'static str, fn() -> String);

/// Bodies of almost 64 KiB.
const BODIES: &[Row] = &[
    ("exponents", || list("1e308")),
    ("exponents of a card's length", || list("1e18")),
    ("cards", || list("\"4242424242424242\"")),
    ("empty lists", || list("[]")),
    ("digits", || text("4")),
    ("digits one by one", || text("4-")),
    ("separators that change", || text("4 2-")),
    ("accounts", || text("YE ")),
    ("members", || members("")),
    ("security codes", || members("cvc")),
    ("names that are written longer", || members("\\u0001\\u0002\\u0003\\u0004\\u0005")),
    ("long names", || members(&"n".repeat(500))),
    ("cards in the depth", || nested("\"4242424242424242\"")),
    ("lists in the depth", || format!("{}{}", "[".repeat(30_000), "]".repeat(30_000))),
    ("one number", || "1".repeat(60_000)),
    ("a number with many places", || format!("0.{}1e65000", "0".repeat(60_000))),
    ("one name", || format!("{{\"{}\":1}}", "n".repeat(60_000))),
    ("a long user name", || json!({"username": "n".repeat(60_000), "password": "x"}).to_string()),
    ("a long password", || {
        json!({"username": "ada", "email": 1, "password": "x".repeat(60_000)}).to_string()
    }),
];

/// Paths with what stands behind them.
const PATHS: &[Row] = &[
    ("parameters", || format!("/v1/orders?{}", "a&b&".repeat(7_500))),
    ("a long parameter", || format!("/v1/orders?{}", "a".repeat(30_000))),
    ("cards", || format!("/v1/orders?{}", "a=4242424242424242&".repeat(1_500))),
    ("a long cursor", || format!("/v1/orders?cursor={}", "A".repeat(30_000))),
    ("a long id", || format!("/v1/orders/{}", "4-".repeat(15_000))),
    ("many segments", || "/v1".repeat(10_000)),
    ("escapes", || format!("/v1/orders/{}", "%34".repeat(10_000))),
];

/// Headers, each with what it is filled with.
const HEADERS: &[(&str, &str)] = &[
    ("x-request-id", "4-"),
    ("idempotency-key", "\\\""),
    ("if-match", "\"1\","),
    ("if-none-match", ","),
    ("accept", "a/b;q=0.1,"),
    ("accept-encoding", "gzip;q=0,"),
    ("cookie", "a=b;"),
    ("x-forwarded-for", "10.0.0.1,"),
    ("authorization", "."),
];

fn list(element: &str) -> String {
    format!("[{}0]", format!("{element},").repeat(KIB_64 / (element.len() + 1) - 1))
}

fn text(part: &str) -> String {
    format!("\"{}\"", part.repeat(KIB_64 / part.len() - 2))
}

fn members(prefix: &str) -> String {
    let member = |at: usize| format!("\"{prefix}{at:06}\":1,");
    format!("{{{}\"z\":0}}", (0..KIB_64 / member(0).len() - 1).map(member).collect::<String>())
}

fn nested(element: &str) -> String {
    const LEVELS: usize = 100;
    let open = format!("{{\"{}\":", "n".repeat(300));
    format!("{}[{element}{}]{}", open.repeat(LEVELS), format!(",{element}").repeat(1_500), "}".repeat(LEVELS))
}

/// What holds for whatever is refused.
#[track_caller]
fn check(name: &str, reply: &Reply) {
    assert!((400..500).contains(&reply.status), "{name}: {}", reply.status);
    assert!(reply.text.len() <= REFUSAL_BYTES_MAX, "{name}: {} bytes", reply.text.len());
    let faults = reply.json()["errors"].as_array().map_or(0, Vec::len);
    assert!(faults <= FAULTS_MAX, "{name}: {faults}");
}

/// Sends it, and once more if the connection that was kept for it had just been closed.
async fn send(client: &Client, path: &str, body: &str) -> Reply {
    let request = client.post(path, &json!({})).body("application/json", body);
    match request.clone().attempt().await {
        Ok(reply) => reply,
        Err(_closed) => request.await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_body_is_refused_at_a_bounded_length() {
    let (stranger, customer) = (shared().client(), shared().customer().await);
    for (name, body) in BODIES {
        let body = body();
        assert!(body.len() <= KIB_64, "{name}");
        for path in OPEN {
            check(name, &send(&stranger, path, &body).await);
            check(name, &send(&customer, path, &body).await);
        }
        let placed =
            customer.post_once("/v1/orders", &json!({})).body("application/json", body.as_str()).await;
        check(name, &placed);
        check(name, &send(&stranger, "/v1/callbacks/sandbox", &body).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_path_is_refused_at_a_bounded_length() {
    let customer = shared().customer().await;
    for (name, path) in PATHS {
        check(name, &customer.get(&path()).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_header_is_answered() {
    let client = shared().client();
    for (name, part) in HEADERS {
        // Almost as much as a head may have.
        let value = part.repeat(30_000 / part.len());
        let reply = client.get("/openapi.json").header(name, &value).await;
        assert_eq!(reply.status, 200, "{name}");
        assert_ne!(reply.header("x-request-id"), Some(value.as_str()));
        let reply = client.post("/v1/auth/register", &json!({})).header(name, &value).await;
        check(name, &reply);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_body_of_a_stranger_is_much_more_work_than_another() {
    let server = Server::with(&[]);
    let client = server.client();
    let work = async |body: &str| {
        let before = server.cpu_ticks();
        for _ in 0..ROUNDS {
            for path in OPEN {
                send(&client, path, body).await;
            }
        }
        server.cpu_ticks() - before
    };
    let plain = work(&text("x")).await.max(1);
    for (name, body) in BODIES {
        let ticks = work(&body()).await;
        assert!(ticks <= plain * TIMES_PLAIN_MAX, "{name}: {ticks} ticks, {plain} for a plain text");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_faults_a_hundred_are_listed_and_all_are_counted() {
    let customer = shared().customer().await;
    let lines = vec![json!({"productId": "", "quantity": 0, "price": "x", "colour": 1}); 100];
    let reply = customer.post_once("/v1/orders", &json!({"items": lines})).await;
    let problem = reply.refused(422, "invalid-request");
    assert_eq!(problem["detail"], "The request has 400 faults: 100 are listed, and there are 300 more.");
    assert_eq!(reply.faults().len(), FAULTS_MAX);
    let cards = vec!["4242424242424242"; 350];
    let reply = customer.post_once("/v1/orders", &json!({"items": cards})).await;
    let problem = reply.refused(422, "card-data-refused");
    assert!(
        problem["detail"].as_str().unwrap().contains("350 faults: 100 are listed, and there are 250 more."),
        "{problem}"
    );
    assert_eq!(reply.faults().len(), FAULTS_MAX);
    let query: String = (0..350).map(|it| format!("p{it}=1&")).collect();
    let reply = customer.get(&format!("/v1/orders?{query}")).await;
    assert_eq!(reply.json()["detail"], "The request has 350 faults: 100 are listed, and there are 250 more.");
    assert_eq!(reply.faults().len(), FAULTS_MAX);
}
