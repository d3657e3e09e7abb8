//! What is sent twice is applied once, on every write.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{
    Client, Notice, PASSWORD, Person, Reply, Request, Server, field, gateway, item, shared, unique,
};

/// Sends a request twice under one key, then another one under the same key.
async fn once(status: u16, ask: impl Fn() -> Request, other: Request) -> Reply {
    let key = unique("key");
    let first = ask().idempotent(&key).await;
    first.ok(status);
    assert!(!first.is_replayed());
    let again = ask().idempotent(&format!("\"{key}\"")).await;
    let seen = |it: &Reply| (it.status, it.text.clone());
    assert_eq!((seen(&again), again.is_replayed()), (seen(&first), true), "{}", first.asked);
    for name in ["etag", "location", "content-type"] {
        assert_eq!(again.header(name), first.header(name), "{}: {name}", first.asked);
    }
    other.idempotent(&key).await.refused(422, "idempotency-key-reused");
    ask().idempotent("two words").await.refused(400, "idempotency-key-invalid");
    first
}

fn transitions(order: &Value) -> String {
    format!("/v1/orders/{}/transitions", field(order, "orderNumber"))
}

async fn paid(operator: &Client, customer: &Client) -> Value {
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    customer.pay(&order, "tok_visa").await;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_gets_its_first_answer_again() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let path = transitions(&paid(&operator, &customer).await);
    let ask = || operator.post(&path, &json!({"to": "PROCESSING"}));
    let first = once(200, ask, operator.post(&path, &json!({"to": "REFUND_PENDING"}))).await;
    assert_eq!((&first.json()["status"], first.header("etag")), (&json!("PROCESSING"), Some("\"3\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_sent_again_refuses_no_refund() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = paid(&operator, &customer).await;
    let process = || operator.post(&transitions(&order), &json!({"to": "PROCESSING"}));
    let first = process().idempotent("first").await;
    first.ok(200);
    customer.moved(&order, "REFUND_PENDING").await;
    let again = process().idempotent("first").await;
    assert_eq!((&again.text, again.is_replayed()), (&first.text, true));
    process().await.refused(428, "precondition-required");
    process().header("if-match", "*").await.refused(428, "precondition-required");
    process().header("if-match", "\"3\"").await.refused(412, "precondition-failed");
    assert_eq!(customer.reread(&order).await["status"], "REFUND_PENDING", "the refund is not decided");
    process().header("if-match", "\"4\"").await.ok(200);
    assert_eq!(customer.path(&order).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_resolved_once() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (_, waiting) = customer.undecided(&operator.product("5.00", None).await).await;
    Notice::saying("payment.captured", &waiting, &json!({"amount": "4.99"})).deliver(&customer).await;
    let finding = operator.findings(&waiting).await.remove(0);
    let path = format!("/v1/operations/findings/{}/resolution", field(&finding, "id"));
    let ask = || operator.post(&path, &json!({"note": "settled by hand"}));
    let first = once(200, ask, operator.post(&path, &json!({"note": "another word"}))).await;
    assert!(first.json()["resolvedAt"].is_string());
    customer.post(&path, &json!({"note": "mine"})).idempotent("k").await.refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_is_sent_again_is_the_same_account() {
    let client = shared().client();
    let (ada, bob) = (Person::new("ada"), Person::new("bob"));
    let ask = || client.post("/v1/auth/register", &ada.account());
    once(201, ask, client.post("/v1/auth/register", &bob.account())).await;
    ask().await.refused(409, "username-taken");
    ask().idempotent(&unique("key")).await.refused(409, "username-taken");
    client.post("/v1/auth/register", &bob.account()).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_with_another_password_is_another_request() {
    let client = shared().client();
    let person = Person::new("careful");
    let key = unique("key");
    client.post("/v1/auth/register", &person.account()).idempotent(&key).await.ok(201);
    let mut other = person.account();
    other["password"] = json!("another horse battery staple");
    // As long as that does not help to guess it.
    for _ in 0..10 {
        let reply = client.post("/v1/auth/register", &other).idempotent(&key).await;
        reply.refused(422, "idempotency-key-reused");
    }
    let reply = client.post("/v1/auth/register", &other).idempotent(&key).await;
    reply.refused(429, "too-many-requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_registration_on_two_instances_at_once_is_one_account_and_one_answer() {
    let first = Server::with(&[]);
    let second = first.beside(&[]);
    for _ in 0..5 {
        let (person, key) = (Person::new("twice"), unique("key"));
        let mut asked = JoinSet::new();
        for at in 0..8 {
            let client = if at % 2 == 0 { first.client() } else { second.client() };
            let request = client.post("/v1/auth/register", &person.account()).idempotent(&key);
            asked.spawn(async move { request.await });
        }
        let replies = asked.join_all().await;
        let done: Vec<_> = replies.iter().filter(|it| !it.is_in_progress()).collect();
        assert!(!done.is_empty());
        assert!(done.iter().all(|it| it.ok(201) == done[0].json()), "{done:?}");
        assert_eq!(done.iter().filter(|it| !it.is_replayed()).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_is_recognised_while_the_secret_is_replaced() {
    const OLD: &str = "old-old-old-old-old-old-old-old-old";
    const NEW: &str = "new-new-new-new-new-new-new-new-new";
    let before = Server::with(&[("IDEM_JWT_SECRET", OLD)]);
    let person = Person::new("patient");
    let ask = |client: Client| client.post("/v1/auth/register", &person.account()).idempotent("k");
    let first = ask(before.client()).await;
    first.ok(201);
    let both = format!("new:{NEW},old:{OLD}");
    let meanwhile = before.beside(&[("IDEM_JWT_SECRET", &both)]);
    let again = ask(meanwhile.client()).await;
    assert_eq!((again.ok(201), again.is_replayed()), (first.json(), true));
    let after = before.beside(&[("IDEM_JWT_SECRET", NEW)]);
    ask(after.client()).await.refused(422, "idempotency-key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_password_that_is_sent_again_is_no_failed_login() {
    let client = Person::new("changer").register(&shared().client()).await;
    let change = |new: &str| {
        let body = json!({"currentPassword": PASSWORD, "newPassword": new});
        client.put("/v1/me/password", &body)
    };
    let ask = || change("another horse battery staple");
    let first = once(204, ask, change("a third horse battery staple")).await;
    assert_eq!((first.text.as_str(), first.header("content-type")), ("", None));
    ask().await.refused(403, "wrong-password");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_ended_once() {
    let person = Person::new("devices");
    let one = person.register(&shared().client()).await;
    person.login(&shared().client()).await;
    person.login(&shared().client()).await;
    let sessions = one.all("/v1/me/sessions").await;
    let path = |at: usize| format!("/v1/me/sessions/{}", field(&sessions[at], "id"));
    let first = once(204, || one.delete(&path(0)), one.delete(&path(1))).await;
    assert_eq!(first.text, "");
    one.delete(&path(0)).await.refused(404, "not-found");
    assert_eq!(one.all("/v1/me/sessions").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_keeps_no_key() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = paid(&operator, &customer).await;
    let ask = |to: &str| operator.post(&transitions(&order), &json!({"to": to})).idempotent("kept");
    ask("LOST").await.refused(422, "invalid-request");
    ask("SHIPPED").await.refused(409, "transition-not-allowed");
    ask("PROCESSING").header("if-match", "\"1\"").await.refused(412, "precondition-failed");
    ask("PROCESSING").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_written_in_another_way_is_the_same() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let body = json!({"items": [item(&operator.product("1.00", None).await, 1)]});
    let key = unique("key");
    let first = customer.post("/v1/orders", &body).idempotent(&key).await;
    for path in ["/v1/%6frders", "/%761/%6F%72ders"] {
        let again = customer.post(path, &body).idempotent(&key).await;
        assert_eq!((again.ok(201), again.is_replayed()), (first.json(), true), "{path}");
    }
    let number = first.json()["orderNumber"].as_str().unwrap().to_owned();
    let (head, tail) = number.split_at(1);
    let written = format!("/v1/orders/%{:02x}{tail}/payments", head.as_bytes()[0]);
    let pay = |path: &str| customer.post(path, &gateway("tok_visa", "AUTOMATIC")).idempotent(&key);
    let first = pay(&format!("/v1/orders/{number}/payments")).await;
    let again = pay(&written).await;
    assert_eq!((again.ok(201), again.is_replayed()), (first.ok(201), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_parameter_is_refused_on_every_method() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let order = customer.order(&product, 1).await;
    let number = format!("/v1/orders/{}", field(&order, "orderNumber"));
    let offer = json!({"name": "Tea", "price": "1.00", "currency": "CNY", "stock": 1, "active": true});
    let empty = json!({});
    for request in [
        customer.post_once("/v1/orders?dryRun=1", &json!({"items": [item(&product, 1)]})),
        customer.post_once(&format!("{number}/payments?dryRun=1"), &gateway("tok_visa", "AUTOMATIC")),
        customer.post(&format!("{number}/transitions?dryRun=1"), &json!({"to": "CANCELLED"})),
        customer.post("/v1/auth/register?dryRun=1", &Person::new("stranger").account()),
        customer.post("/v1/auth/refresh?dryRun=1", &json!({"refreshToken": customer.refresh_token})),
        customer.post("/v1/auth/logout?dryRun=1", &empty),
        customer.delete("/v1/me/sessions/any?dryRun=1"),
        customer.get(&format!("{number}?dryRun=1")),
        customer.get(&format!("{number}/history?dryRun=1")),
        customer.get("/v1/me?dryRun"),
        customer.get(&format!("/v1/products/{product}?dryRun=1")),
        operator.put(&format!("/v1/products/{product}?dryRun=1"), &offer),
        operator.post_once("/v1/payments/any/captures?dryRun=1", &empty),
    ] {
        assert_eq!(request.await.faults(), ["dryRun"]);
    }
    let head = customer.request(reqwest::Method::HEAD, "/v1/me?dryRun=1").await;
    assert_eq!(head.status, 422);
    assert_eq!(customer.reread(&order).await, order, "nothing was done");
    customer.get("/v1/me").await.ok(200);
}

/// Of every operation with a body.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_parameter_is_named_with_the_faults_of_the_body() {
    let callers = [shared().operator().await, shared().customer().await];
    let document = callers[0].get("/openapi.json").await.json();
    let mut tried = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in ["post", "put", "patch", "delete"] {
            let body = &operations[method]["requestBody"];
            if body.is_null() || path.contains("/callbacks/") {
                continue;
            }
            let at = path.split('/').map(|it| if it.starts_with('{') { "any" } else { it });
            let at = format!("{}?dryRun=1", at.collect::<Vec<_>>().join("/"));
            let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let send = async |by: &Client| {
                let key = unique("key");
                by.request(method.clone(), &at).json(&json!({"?": 1})).header("idempotency-key", &key).await
            };
            let mut reply = send(&callers[0]).await;
            if reply.status == 403 {
                reply = send(&callers[1]).await;
            }
            let faults = reply.faults();
            let named = ["dryRun", "/?"].map(|it| faults.contains(&it.to_owned()));
            assert_eq!(named, [true; 2], "{method} {path}: {faults:?}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried} operations have a body");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_and_for_what_is_looked_at_before_the_parameters() {
    let (client, customer) = (shared().client(), shared().customer().await);
    client.post_once("/v1/orders?x=1", &json!({})).await.refused(401, "unauthorized");
    client.get("/v1/me?x=1").await.refused(401, "unauthorized");
    let capture = customer.post_once("/v1/payments/any/captures?x=1", &json!({})).await;
    capture.refused(403, "forbidden");
    client.post("/v1/nothing?x=1", &json!({})).await.refused(404, "not-found");
    client.delete("/v1/orders?x=1").await.refused(405, "method-not-allowed");
    // A gateway's notice counts whatever its address says.
    client.post("/v1/callbacks/sandbox?x=1", &json!({})).await.refused(401, "invalid-signature");
}
