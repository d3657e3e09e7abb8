//! Outgoing webhooks: endpoints, and what arrives at them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::{
    Answer, Arrival, Client, PATIENCE, Receiver, Server, eventually, field, shared, unique,
};

const ENDPOINTS: &str = "/v1/webhook-endpoints";
/// Receivers of tests are on this machine.
const ALLOW: (&str, &str) = ("IDEM_WEBHOOK_ALLOW", "127.0.0.1");
/// A bit more than the lease of a delivery whose sender has died.
const LEASE: Duration = Duration::from_secs(40);

async fn endpoint(operator: &Client, url: &str, types: &[&str]) -> Value {
    operator.post(ENDPOINTS, &json!({"url": url, "types": types})).await.ok(201)
}

fn path(endpoint: &Value) -> String {
    format!("{ENDPOINTS}/{}", field(endpoint, "id"))
}

async fn deliveries(operator: &Client, endpoint: &Value) -> Vec<Value> {
    operator.all(&format!("{}/deliveries", path(endpoint))).await
}

/// An order that is placed, paid and being prepared.
async fn busy_order(operator: &Client, customer: &Client, product: &str) -> Value {
    let order = customer.order(product, 1).await;
    customer.pay(&order, "tok_visa").await;
    customer.order_becomes(&order, "PAID").await;
    operator.moved(&order, "PROCESSING").await
}

fn is_about(order: &Value) -> impl Fn(&Arrival) -> bool {
    let number = field(order, "orderNumber").to_owned();
    move |it| it.order() == number && it.kind().starts_with("order.")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_made_shown_changed_and_deleted_and_its_secret_is_shown_once() {
    let operator = shared().operator().await;
    let new =
        json!({"url": "https://ledger.example.com/hooks", "types": ["order.paid"], "description": "Ledger"});
    let key = unique("endpoint");
    let made = operator.post(ENDPOINTS, &new).idempotent(&key).await;
    let view = made.ok(201);
    assert_eq!(made.header("location"), Some(path(&view).as_str()));
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert!(field(&view, "secret").starts_with("whsec_"), "{view}");
    let again = operator.post(ENDPOINTS, &new).idempotent(&key).await;
    assert_eq!((again.status, &again.text, again.is_replayed()), (201, &made.text, true));

    let shown = operator.get(&path(&view)).await;
    let expected = json!({"id": view["id"], "url": "https://ledger.example.com/hooks", "types": ["order.paid"],
        "description": "Ledger", "disabled": false, "createdAt": view["createdAt"]});
    assert_eq!(shown.ok(200), expected);
    assert_eq!(operator.get(&path(&view)).header("if-none-match", "\"1\"").await.status, 304);
    assert!(operator.all(ENDPOINTS).await.contains(&expected));

    let patch = json!({"types": null, "description": null, "disabled": true});
    let changed = operator.patch(&path(&view), &patch).header("if-match", "\"1\"").await;
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let changed = changed.ok(200);
    assert_eq!(
        (&changed["types"], &changed["description"], &changed["disabled"]),
        (&json!([]), &Value::Null, &json!(true))
    );
    operator
        .patch(&path(&view), &patch)
        .header("if-match", "\"1\"")
        .await
        .refused(412, "precondition-failed");
    assert_eq!(
        operator.patch(&path(&view), &patch).await.header("etag"),
        Some("\"2\""),
        "nothing has changed"
    );

    let nothing = json!({});
    for what in ["test", "deliveries/unknown/redelivery"] {
        let refused = operator.post(&format!("{}/{what}", path(&view)), &nothing).await;
        refused.refused(409, "webhook-endpoint-disabled");
    }
    operator.delete(&path(&view)).header("if-match", "\"1\"").await.refused(412, "precondition-failed");
    operator.delete(&path(&view)).await.ok(204);
    for gone in [
        operator.get(&path(&view)),
        operator.patch(&path(&view), &patch),
        operator.delete(&path(&view)),
        operator.get(&format!("{}/deliveries", path(&view))),
        operator.post(&format!("{}/secret-rotation", path(&view)), &nothing),
        operator.post(&format!("{}/test", path(&view)), &nothing),
    ] {
        gone.await.refused(404, "not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_manage_endpoints_and_every_fault_is_named() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let good = json!({"url": "https://ledger.example.com/"});
    customer.post(ENDPOINTS, &good).await.refused(403, "forbidden");
    customer.get(ENDPOINTS).await.refused(403, "forbidden");
    shared().client().get(ENDPOINTS).await.refused(401, "unauthorized");
    let bad =
        json!({"url": 1, "types": ["order.paid", "order.unknown", 7], "description": "", "secret": "mine"});
    let faults = operator.post(ENDPOINTS, &bad).await.faults();
    assert_eq!(faults, ["/description", "/secret", "/types/1", "/types/2", "/url"]);
    assert_eq!(operator.post(ENDPOINTS, &json!({})).await.faults(), ["/url"]);
    for url in [
        "ledger.example.com",
        "ftp://ledger.example.com/",
        "https://user:word@ledger.example.com/",
        "http://8.8.8.8/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00:ec2::254]/",
        "https://[64:ff9b::7f00:1]/",
        "https://localhost/",
        "https://100.64.0.1/",
    ] {
        assert_eq!(operator.post(ENDPOINTS, &json!({"url": url})).await.faults(), ["/url"], "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_an_order_arrive_in_order_and_the_official_library_verifies_them() {
    let server = Server::with(&[ALLOW]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let receiver = Receiver::new().await;
    let all = endpoint(&operator, &receiver.url("/all"), &[]).await;
    endpoint(&operator, &receiver.url("/paid"), &["order.paid"]).await;
    let product = operator.product("5.00", None).await;
    let order = busy_order(&operator, &customer, &product).await;
    let about = is_about(&order);
    let arrived = receiver.wait_for(3, |it| about(it) && it.path == "/all").await;
    let kinds: Vec<_> = arrived.iter().map(Arrival::kind).collect();
    assert_eq!(kinds, ["order.placed", "order.paid", "order.processing"]);
    for it in &arrived {
        assert!(it.is_genuine(field(&all, "secret")) && it.signatures() == 1, "{it:?}");
        assert_eq!(it.body()["id"], it.id());
    }
    receiver.wait_for(1, |it| about(it) && it.path == "/paid").await;
    let filtered: Vec<_> = receiver.arrivals().into_iter().filter(|it| it.path == "/paid").collect();
    assert_eq!(filtered.iter().map(Arrival::kind).collect::<Vec<_>>(), ["order.paid"]);
    assert!(!filtered[0].is_genuine(field(&all, "secret")), "each endpoint has a secret of its own");

    operator.post(&format!("{}/test", path(&all)), &json!({})).await.ok(202);
    let test = receiver.wait_for(1, |it| it.kind() == "webhook.test").await;
    assert_eq!(test[0].body()["data"], json!({"endpointId": all["id"]}));
    let look = async || {
        let log = deliveries(&operator, &all).await;
        log.iter().all(|it| it["status"] == "DELIVERED").then_some(log)
    };
    let log = eventually("everything is delivered", PATIENCE, look).await;
    assert!(
        log.iter()
            .all(|it| it["attempts"] == 1 && it["responseStatus"] == 204 && it["nextAttemptAt"].is_null())
    );

    let first = log.iter().find(|it| it["eventId"] == arrived[0].id()).unwrap();
    let again = format!("{}/deliveries/{}/redelivery", path(&all), field(first, "id"));
    let key = unique("again");
    let sent = operator.post(&again, &json!({})).idempotent(&key).await.ok(202);
    assert_eq!(operator.post(&again, &json!({})).idempotent(&key).await.ok(202), sent, "once for each key");
    receiver.wait_for(2, |it| it.id() == arrived[0].id() && it.path == "/all").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_for_its_failed_event_and_a_dead_endpoint_delays_no_other() {
    let server = Server::with(&[ALLOW]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let dead = Receiver::answering(|_, _| Answer::Silence).await;
    let failing = Receiver::answering(|it, _| {
        // The first attempt of each placed order fails.
        let is_first = it.kind() == "order.placed";
        if is_first { Answer::Status(500, "") } else { Answer::Status(200, "") }
    })
    .await;
    let live = Receiver::new().await;
    for receiver in [&dead, &failing, &live] {
        endpoint(&operator, &receiver.url("/"), &[]).await;
    }
    let product = operator.product("5.00", None).await;
    let order = busy_order(&operator, &customer, &product).await;
    let about = is_about(&order);
    live.wait_for(3, &about).await;
    let retried = failing.wait_for(2, &about).await;
    let ids: Vec<_> = retried.iter().map(Arrival::id).collect();
    assert!(retried.iter().all(|it| it.kind() == "order.placed"), "the others wait: {retried:?}");
    assert_eq!(ids[0], ids[1], "the same id at each attempt");
    assert!(!dead.arrivals().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_is_disabled_with_a_finding_and_goes_on_once_enabled() {
    let server = Server::with(&[ALLOW]);
    let operator = server.operator().await;
    let receiver =
        Receiver::answering(|_, before| Answer::Status(if before == 0 { 410 } else { 200 }, "")).await;
    let gone = endpoint(&operator, &receiver.url("/"), &["order.placed"]).await;
    let customer = server.customer().await;
    let product = operator.product("5.00", None).await;
    let order = customer.order(&product, 1).await;
    let disabled =
        async || Some(operator.get(&path(&gone)).await.ok(200)).filter(|it| it["disabled"] == true);
    eventually("it is disabled", PATIENCE, disabled).await;
    let findings = operator.all("/v1/operations/findings").await;
    let finding = findings.iter().find(|it| it["kind"] == "webhook-disabled").expect("there is a finding");
    assert!(field(finding, "detail").contains(field(&gone, "id")), "{finding}");
    let second = customer.order(&product, 1).await;
    operator.patch(&path(&gone), &json!({"disabled": false})).await.ok(200);
    for order in [&order, &second] {
        receiver.wait_for(1, is_about(order)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_signs_beside_the_one_before() {
    let server = Server::with(&[ALLOW]);
    let operator = server.operator().await;
    let receiver = Receiver::new().await;
    let before = endpoint(&operator, &receiver.url("/"), &[]).await;
    let after = operator.post(&format!("{}/secret-rotation", path(&before)), &json!({})).await.ok(200);
    assert_ne!(before["secret"], after["secret"]);
    // A round of deliveries that began before goes on for a few seconds with the secret of then.
    let sent = AtomicUsize::new(0);
    let signed_twice = async || {
        operator.post(&format!("{}/test", path(&before)), &json!({})).await.ok(202);
        let number = sent.fetch_add(1, Ordering::Relaxed) + 1;
        let tests = receiver.wait_for(number, |it| it.kind() == "webhook.test").await;
        tests.into_iter().find(|it| it.signatures() == 2)
    };
    let test = eventually("both secrets sign", PATIENCE, signed_twice).await;
    for secret in [&before, &after] {
        assert!(test.is_genuine(field(secret, "secret")));
    }
    for secret in [&before, &after] {
        assert!(!server.log().contains(field(secret, "secret")), "no secret is logged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_when_the_process_was_killed_is_sent_again_with_the_same_id() {
    let mut server = Server::with(&[ALLOW]);
    let operator = server.operator().await;
    let receiver =
        Receiver::answering(|_, before| if before == 0 { Answer::Silence } else { Answer::Status(200, "") })
            .await;
    let made = endpoint(&operator, &receiver.url("/"), &["order.placed"]).await;
    let customer = server.customer().await;
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let first = receiver.wait_for(1, is_about(&order)).await;
    server.kill9();
    server.restart();
    let again = receiver.wait_within(LEASE + PATIENCE, 2, is_about(&order)).await;
    assert_eq!(again[1].id(), first[0].id());
    assert!(again[1].is_genuine(field(&made, "secret")), "the secret outlives the process");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_instances_each_message_is_sent_by_one() {
    let server = Server::with(&[ALLOW]);
    let beside = server.beside(&[ALLOW]);
    let operator = server.operator().await;
    let receiver = Receiver::new().await;
    let made = endpoint(&operator, &receiver.url("/"), &["order.placed"]).await;
    let product = operator.product("5.00", None).await;
    let customer = server.customer().await;
    let there = customer.at(beside.address());
    for _ in 0..20 {
        customer.order(&product, 1).await;
        there.order(&product, 1).await;
    }
    receiver.wait_for(40, |_| true).await;
    let look = async || {
        let log = deliveries(&operator, &made).await;
        (log.len() == 40 && log.iter().all(|it| it["status"] == "DELIVERED")).then_some(log)
    };
    let log = eventually("everything is delivered", PATIENCE, look).await;
    assert!(log.iter().all(|it| it["attempts"] == 1), "no attempt was made twice: {log:?}");
    assert_eq!(receiver.arrivals().len(), 40);
}
