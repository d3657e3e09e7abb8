//! The record itself is unavailable or hangs: what cannot be written is refused in time, and what was answered stays true.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    everyday::timed,
    harness::{
        Client, Notice, Person, Place, QUIET, Reply, Request, Server, Shelf, eventually, field, gateway,
        item, unique,
    },
    stack::Stack,
    trouble::{FaultKind, FaultTarget, becomes},
};

/// A refusal comes well within the deadline of ten seconds.
const REFUSED_WITHIN: Duration = Duration::from_secs(7);
/// How soon everything works again.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// How soon a revocation is known everywhere.
const REVOKED_WITHIN: Duration = Duration::from_secs(1);
/// How soon an order is closed whose time is over.
const EXPIRED_WITHIN: Duration = Duration::from_secs(10);
const STOCK: i64 = 100;

fn pair() -> (Server, Server) {
    let place = Arc::new(Place::with(Stack::private()));
    (Server::on(Arc::clone(&place), QUIET), Server::on(place, QUIET))
}

/// Sends all at once; each answer comes in time.
async fn all(requests: Vec<Request>) -> Vec<Reply> {
    let asked: JoinSet<_> = requests
        .into_iter()
        .map(|request| async move {
            let (reply, time) = timed(request).await;
            assert!(time < REFUSED_WITHIN, "{}: after {time:?}", reply.asked);
            reply
        })
        .collect();
    asked.join_all().await
}

/// Every kind of write that a customer can ask for, orders with these keys.
fn writes(client: &Client, product: &str, payable: &str, keys: &[String]) -> Vec<Request> {
    let order = json!({"items": [item(product, 1)]});
    let mut writes: Vec<_> =
        keys.iter().map(|key| client.post("/v1/orders", &order).idempotent(key)).collect();
    let payments = format!("/v1/orders/{payable}/payments");
    writes.push(client.post_once(&payments, &gateway("tok_visa", "AUTOMATIC")));
    writes.push(client.post(&format!("/v1/orders/{payable}/transitions"), &json!({"to": "CANCELLED"})));
    writes.push(client.post("/v1/auth/register", &Person::new("late").account()));
    writes.push(client.post("/v1/auth/refresh", &json!({"refreshToken": client.refresh_token})));
    writes
}

async fn is_away_and_comes_back(fault: FaultKind) {
    let (first, second) = pair();
    let (operator, customer) = (first.operator().await, first.customer().await);
    let there = customer.at(second.address());
    let product = operator.product("5.00", Some(u32::try_from(STOCK).unwrap())).await;
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        acknowledged.push(customer.order(&product, 1).await);
    }
    let payable = field(&acknowledged[0], "orderNumber").to_owned();
    let (undecided, waiting) = customer.undecided(&product).await;
    let captured = Notice::of("payment.captured", &waiting);
    let keys: Vec<_> = (0..10).map(|_| unique("key")).collect();
    let (here_keys, there_keys) = keys.split_at(5);

    FaultTarget::Database.inject(&first, fault);
    let mut asked = writes(&customer, &product, &payable, here_keys);
    asked.extend(writes(&there, &product, &payable, there_keys));
    asked.extend([captured.signed(&customer), captured.signed(&there)]);
    for refused in all(asked).await {
        let kind = refused.json()["type"].clone();
        let known = ["/problems/unavailable", "/problems/overloaded"].iter().any(|it| kind == *it);
        assert!(refused.status == 503 && known, "{}: {}", refused.asked, refused.text);
    }
    becomes(&first, 503, "unavailable", &[FaultTarget::Database]).await;
    FaultTarget::Database.clear(&first, fault);

    let order = json!({"items": [item(&product, 1)]});
    let place = |client: &Client, key: &str| client.post("/v1/orders", &order).idempotent(key);
    for client in [&customer, &there] {
        let placed = async || (place(client, &keys[0]).await.status == 201).then_some(());
        eventually("orders are placed again", BACK_WITHIN, placed).await;
    }
    becomes(&first, 200, "ok", &[]).await;
    becomes(&second, 200, "ok", &[]).await;
    for key in &keys {
        let (once, twice) = (place(&customer, key).await, place(&there, key).await);
        once.ok(201);
        assert_eq!((once.status, &once.text, twice.is_replayed()), (201, &twice.text, true));
    }
    captured.deliver(&customer).await;
    assert!(captured.deliver(&there).await, "it is known now");
    assert_eq!(there.reread(&undecided).await["version"], 2);
    // Its payment and its cancellation were refused, but either may have been done all the same.
    operator.settled().await;
    for order in &acknowledged[1..] {
        assert_eq!(there.reread(order).await, *order);
    }
    let orders = operator.check_invariants(&[Shelf { product, initial: STOCK }]).await;
    assert_eq!(orders.len(), acknowledged.len() + keys.len() + 1);
    let again =
        customer.post("/v1/auth/refresh", &json!({"refreshToken": customer.refresh_token})).await.ok(200);
    there.with_tokens(&again).get("/v1/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_dies_loses_nothing_that_was_answered() {
    is_away_and_comes_back(FaultKind::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_hangs_delays_no_request_beyond_its_deadline() {
    is_away_and_comes_back(FaultKind::Hung).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_is_not_accepted_by_an_instance_that_cannot_ask() {
    for fault in [FaultKind::Killed, FaultKind::Hung] {
        let (first, second) = pair();
        let customer = first.customer().await;
        let there = customer.at(second.address());
        there.get("/v1/me").await.ok(200);
        // No notification arrives, and then the database cannot be asked either.
        FaultTarget::Redis.inject(&first, fault);
        customer.post("/v1/auth/logout", &json!({})).await.ok(204);
        FaultTarget::Database.inject(&first, fault);
        // The promise names the time.
        tokio::time::sleep(REVOKED_WITHIN).await;
        for client in [&customer, &there] {
            let reply = client.get("/v1/me").await;
            assert!(matches!(reply.status, 401 | 503), "{fault:?}: {}", reply.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_while_the_record_was_away_is_done_once_when_it_is_back() {
    const ORDERS: i64 = 10;
    let place = Arc::new(Place::with(Stack::private()));
    let settings = [("IDEM_ORDER_TTL", "1s")];
    let (first, second) = (Server::on(Arc::clone(&place), &settings), Server::on(place, &settings));
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("5.00", Some(u32::try_from(STOCK).unwrap())).await;
    for fault in [FaultKind::Killed, FaultKind::Hung] {
        for _ in 0..ORDERS {
            customer.order(&product, 1).await;
        }
        FaultTarget::Database.inject(&first, fault);
        becomes(&second, 503, "unavailable", &[FaultTarget::Database]).await;
        FaultTarget::Database.clear(&first, fault);
        becomes(&second, 200, "ok", &[]).await;
        let closed = async || {
            (operator.get(&format!("/v1/products/{product}")).await.json()["stock"] == STOCK).then_some(())
        };
        eventually("all stock is back", EXPIRED_WITHIN, closed).await;
    }
    let orders = operator.check_invariants(&[Shelf { product, initial: STOCK }]).await;
    assert!(orders.len() == 20 && orders.iter().all(|it| it["status"] == "CLOSED" && it["version"] == 2));
}
