//! Traces: continued and begun, in the log, at other systems, and at a collector.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{
    Client, Collector, PASSWORD, Receiver, Server, eventually, field, gateway, item, shared, unique,
};
use crate::harness::{PATIENCE, Request};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn traced(request: Request, flags: &str) -> Request {
    request.header("traceparent", &format!("00-{TRACE}-{PARENT}-{flags}"))
}

/// The log lines about the request with that id, once its last one is there.
async fn lines(server: &Server, request: &str) -> Vec<Value> {
    let look = async || {
        let log = server.log();
        let all = log.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok());
        let own: Vec<_> = all.filter(|it| it["span"]["request_id"] == request).collect();
        own.iter().any(|it| it["message"] == "answered").then_some(own)
    };
    eventually("the request is logged", PATIENCE, look).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_log_line_of_a_request_names_its_trace_and_its_id() {
    let client = shared().client();
    let id = unique("traced");
    let login = json!({"username": unique("unknown"), "password": PASSWORD});
    let login =
        traced(client.post("/v1/auth/login", &login), "00").header("x-request-id", &id).patiently().await;
    assert_eq!(login.header("x-request-id"), Some(id.as_str()));
    login.refused(401, "invalid-credentials");
    let own = lines(shared(), &id).await;
    assert!(own.len() >= 2, "the security log and the request: {own:?}");
    assert!(own.iter().all(|it| it["span"]["trace_id"] == TRACE), "{own:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_begins_with_a_request_that_names_none_and_an_invalid_name_is_no_error() {
    let client = shared().client();
    let mut seen = HashSet::new();
    for parent in
        ["", "00-0-0-0", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "4111111111111111"]
    {
        let id = unique("begun");
        let request = client.get("/healthz").header("x-request-id", &id);
        let request = if parent.is_empty() { request } else { request.header("traceparent", parent) };
        assert_eq!(request.await.status, 200, "{parent}");
        let trace = lines(shared(), &id).await[0]["span"]["trace_id"].as_str().unwrap().to_owned();
        assert!(trace.len() == 32 && trace != TRACE, "{trace}");
        assert!(seen.insert(trace), "each has a trace of its own");
    }
}

/// Places an order for one product and pays it, both as parts of the trace.
async fn buy(customer: &Client, product: &str) -> (Value, Value) {
    let order = customer.post_once("/v1/orders", &json!({"items": [item(product, 1)]}));
    let order = traced(order, "01").header("tracestate", "rojo=1").patiently().await.ok(201);
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    let payment = customer.post_once(&path, &gateway("tok_visa", "AUTOMATIC"));
    let payment = traced(payment, "01").patiently().await.ok(201);
    (customer.order_becomes(&order, "PAID").await, payment)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_is_one_tree_from_the_callers_span_to_the_gateways_notice() {
    let collector = Collector::new().await;
    let server = Server::with(&[("IDEM_OTLP_ENDPOINT", &collector.endpoint()), ("IDEM_TRACE_SAMPLE", "0")]);
    let operator = server.operator().await;
    let (product, customer) = (operator.product("9.99", Some(5)).await, server.customer().await);
    let (order, payment) = buy(&customer, &product).await;
    let notice = "POST /v1/callbacks/{gateway}";
    collector.wait_for(TRACE, notice).await;
    let all = collector.wait_for(TRACE, "POST /v1/orders/{orderNumber}/payments").await;
    let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
    for name in ["POST /v1/orders", "orders::place_order", "commit", "gateway charge", "cache put"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let ids: HashSet<_> = all.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids.len(), all.len());
    let find = |name: &str| all.iter().find(|it| it.name == name).unwrap();
    for span in &all {
        let is_request = span.name.starts_with("POST /v1/orders");
        let known = if is_request { span.parent == PARENT } else { ids.contains(span.parent.as_str()) };
        assert!(known && span.took_ns > 0, "{span:?} in {all:?}");
    }
    assert_eq!(find(notice).parent, find("gateway charge").id, "the sandbox passes it on");
    let status = ("http.response.status_code".to_owned(), "201".to_owned());
    assert!(find("POST /v1/orders").attributes.contains(&status));
    // Nothing that says who bought what, and no secret.
    let me = customer.get("/v1/me").await.ok(200);
    let shown = format!("{:?}", collector.all());
    for private in
        [&me["username"], &me["email"], &me["id"], &order["orderNumber"], &payment["transactionId"]]
    {
        assert!(!shown.contains(private.as_str().unwrap()), "{private} in {shown}");
    }
    assert!(!shown.contains(PASSWORD) && !shown.contains("tok_visa") && !shown.contains(&product));
    // With a ratio of 0 no other trace is recorded.
    assert!(collector.all().iter().all(|it| it.trace == TRACE), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_part_of_the_trace_of_the_request_that_caused_its_event() {
    let (collector, receiver) = (Collector::new().await, Receiver::new().await);
    let server = Server::with(&[
        ("IDEM_OTLP_ENDPOINT", &collector.endpoint()),
        ("IDEM_TRACE_SAMPLE", "0"),
        ("IDEM_WEBHOOK_ALLOW", "127.0.0.1"),
    ]);
    let operator = server.operator().await;
    let endpoint = json!({"url": receiver.url("/traced"), "types": ["order.placed"]});
    operator.post("/v1/webhook-endpoints", &endpoint).await.ok(201);
    let product = operator.product("9.99", None).await;
    let customer = server.customer().await;
    let order = customer.post_once("/v1/orders", &json!({"items": [item(&product, 1)]}));
    traced(order, "01").header("tracestate", "rojo=1").patiently().await.ok(201);
    let arrival = receiver.wait_for(1, |it| it.path == "/traced").await.remove(0);
    let parent = arrival.header("traceparent").unwrap();
    assert!(parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-01"), "{parent}");
    assert_eq!(arrival.header("tracestate"), None);
    let spans = collector.wait_for(TRACE, "webhook").await;
    let find = |name: &str| spans.iter().find(|it| it.name == name).unwrap();
    assert_eq!(find("webhook").id, parent[36..52]);
    assert_eq!(find("webhook").parent, find("orders::place_order").id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_delays_no_request_and_no_stop() {
    let collector = Collector::hung().await;
    let mut server =
        Server::with(&[("IDEM_OTLP_ENDPOINT", &collector.endpoint()), ("IDEM_TRACE_SAMPLE", "1")]);
    let operator = server.operator().await;
    let (product, customer) = (operator.product("9.99", Some(5)).await, server.customer().await);
    buy(&customer, &product).await;
    collector.wait_for(TRACE, "POST /v1/orders").await;
    server.ask_to_stop();
    assert_eq!(server.stopped().code(), Some(0));
    let stopped = async || server.log().contains("\"message\":\"stopped\"").then_some(());
    eventually("it says that it stopped", PATIENCE, stopped).await;
    assert!(!server.log().contains("shutdown time limit reached"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_dead_costs_spans_that_are_counted_and_nothing_else() {
    // A port that is free again: nothing listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let server = Server::with(&[("IDEM_OTLP_ENDPOINT", &endpoint), ("IDEM_TRACE_SAMPLE", "1")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    buy(&customer, &operator.product("9.99", Some(5)).await).await;
    let dropped = async || {
        let text = customer.get("/metrics").await.text;
        let value = text.lines().find_map(|it| it.strip_prefix("idem_trace_spans_dropped_total "));
        value.is_some_and(|it| it != "0").then_some(())
    };
    eventually("lost spans are counted", PATIENCE, dropped).await;
}
