//! Many at once: what must not happen does not.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Client, Notice, Person, QUIET, Server, Shelf, field, gateway, item, unique};

const THREADS: usize = 64;

fn quiet() -> Server {
    Server::with(QUIET)
}

/// A second instance: what is true for both of them, the record alone has decided.
fn beside(first: &Server) -> Server {
    first.beside(QUIET)
}

fn shelf(product: &str, initial: i64) -> Shelf {
    Shelf { product: product.to_owned(), initial }
}

/// The same elements in another order, which is the same every time.
fn shuffled<T>(mut all: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed;
    for at in (1..all.len()).rev() {
        // The constants of Knuth's MMIX generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (at + 1);
        all.swap(at, other);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_sent_by_many_places_one_order() {
    let server = quiet();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("2.00", Some(100)).await;
    let body = json!({"items": [item(&product, 1)]});
    for _ in 0..3 {
        let key = unique("storm");
        let mut asked = JoinSet::new();
        for _ in 0..THREADS {
            let request = customer.post("/v1/orders", &body).idempotent(&key);
            asked.spawn(async move { request.await });
        }
        let replies = asked.join_all().await;
        for reply in &replies {
            assert_eq!((reply.status, &reply.text), (201, &replies[0].text));
        }
        assert_eq!(replies.iter().filter(|it| !it.is_replayed()).count(), 1, "one was the first");
    }
    let orders = operator.check_invariants(&[shelf(&product, 100)]).await;
    assert_eq!((orders.len(), operator.stock(&product).await), (3, 97));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_on_two_servers_places_one_order() {
    let first = quiet();
    let second = beside(&first);
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("2.00", Some(100)).await;
    let key = unique("storm");
    let body = json!({"items": [item(&product, 1)]});
    let mut asked = JoinSet::new();
    for at in 0..THREADS {
        let client = if at % 2 == 0 { customer.clone() } else { customer.at(second.address()) };
        let request = client.post("/v1/orders", &body).idempotent(&key);
        asked.spawn(async move { request.await });
    }
    let replies = asked.join_all().await;
    assert!(replies.iter().all(|it| (it.status, &it.text) == (201, &replies[0].text)), "{:?}", replies[0]);
    let orders = operator.check_invariants(&[shelf(&product, 100)]).await;
    assert_eq!((orders.len(), operator.stock(&product).await), (1, 99));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_pieces_make_ten_orders_however_many_want_them() {
    let server = quiet();
    let second = beside(&server);
    let operator = server.operator().await;
    let (scarce, plenty) =
        (operator.product("2.00", Some(10)).await, operator.product("1.00", Some(1000)).await);
    let mut buyers = Vec::new();
    for at in 0..4 {
        let buyer = server.customer().await;
        buyers.push(if at % 2 == 0 { buyer } else { buyer.at(second.address()) });
    }
    let mut asked = JoinSet::new();
    for buyer in buyers.iter().cycle().take(THREADS) {
        let request = buyer.post_once("/v1/orders", &json!({"items": [item(&plenty, 1), item(&scarce, 1)]}));
        asked.spawn(async move { request.await });
    }
    let replies = asked.join_all().await;
    for refused in replies.iter().filter(|it| it.status != 201) {
        let problem = refused.refused(409, "out-of-stock");
        assert_eq!(problem["errors"][0]["pointer"], "/items/1", "{problem}");
    }
    let orders = operator.check_invariants(&[shelf(&scarce, 10), shelf(&plenty, 1000)]).await;
    assert_eq!(orders.len(), 10);
    assert_eq!((operator.stock(&scarce).await, operator.stock(&plenty).await), (0, 990));
}

/// Everything that a gateway tells of one payment, and a part of it given back.
fn story(transaction: &Value) -> Vec<Notice> {
    let refund = format!("refund-{}", field(transaction, "transactionId"));
    let mut story = vec![Notice::refund("refund.succeeded", transaction, &refund, "2.00")];
    story.extend(
        ["payment.authorized", "payment.captured", "dispute.won"].map(|kind| Notice::of(kind, transaction)),
    );
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn every_notice_is_applied_once_however_often_and_in_whatever_order_it_comes() {
    const ORDERS: usize = 25;
    const DELIVERIES: usize = 8;
    const TASKS: usize = 16;
    let server = quiet();
    let second = beside(&server);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(100)).await;
    let mut payments = Vec::new();
    for _ in 0..ORDERS {
        payments.push(customer.undecided(&product).await.1);
    }
    let notices: Vec<_> = payments.iter().flat_map(story).collect();
    let all: Vec<_> = (0..DELIVERIES).flat_map(|_| notices.iter().cloned()).collect();
    let all = shuffled(all, 20_261_122);
    let mut tasks = JoinSet::new();
    for (at, share) in all.chunks(all.len().div_ceil(TASKS)).enumerate() {
        let client = if at % 2 == 0 { server.client() } else { second.client() };
        let share = share.to_vec();
        tasks.spawn(async move {
            let mut new = 0;
            for notice in share {
                new += usize::from(!notice.deliver(&client).await);
            }
            new
        });
    }
    let new: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(new, notices.len(), "each event is new once");
    for payment in &payments {
        let it = customer.payment(payment).await;
        let expected = (json!("CAPTURED"), json!("5.00"), json!("2.00"));
        assert_eq!(
            (it["status"].clone(), it["capturedAmount"].clone(), it["refundedAmount"].clone()),
            expected
        );
    }
    let orders = operator.check_invariants(&[shelf(&product, 100)]).await;
    assert!(orders.len() == ORDERS && orders.iter().all(|it| it["status"] == "PAID" && it["version"] == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_on_two_servers_at_the_same_moment_is_new_once() {
    let server = quiet();
    let second = beside(&server);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(100)).await;
    for _ in 0..5 {
        let (_, waiting) = customer.undecided(&product).await;
        let notice = Notice::of("payment.captured", &waiting);
        let mut tasks = JoinSet::new();
        for at in 0..16 {
            let client = if at % 2 == 0 { server.client() } else { second.client() };
            let notice = notice.clone();
            tasks.spawn(async move { notice.deliver(&client).await });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|duplicate| !duplicate).count(), 1);
    }
    let orders = operator.check_invariants(&[shelf(&product, 100)]).await;
    assert!(orders.iter().all(|it| it["status"] == "PAID" && it["version"] == 2), "{orders:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_is_live_however_many_are_tried_on_two_servers() {
    let server = quiet();
    let second = beside(&server);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(100)).await;
    for token in ["tok_visa", "tok_pending", "tok_timeout"] {
        let order = customer.order(&product, 1).await;
        let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
        let mut tasks = JoinSet::new();
        for at in 0..32 {
            let client = if at % 2 == 0 { customer.clone() } else { customer.at(second.address()) };
            let request = client.post_once(&path, &gateway(token, "AUTOMATIC"));
            tasks.spawn(async move { request.await });
        }
        let replies = tasks.join_all().await;
        assert_eq!(replies.iter().filter(|it| it.status == 201).count(), 1, "{token}");
        for refused in replies.iter().filter(|it| it.status != 201) {
            refused.refused(409, "order-not-payable");
        }
        assert_eq!(customer.all(&path).await.len(), 1, "{token}");
        if token == "tok_timeout" {
            // The gateway is asked again at any moment, by an instance whose clock is ahead.
            customer.order_becomes(&order, "PAID").await;
        }
    }
    operator.check_invariants(&[shelf(&product, 100)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_logins_does_not_keep_orders_from_being_placed() {
    const LOGINS: usize = 200;
    // As slow as passwords are in earnest.
    let server = Server::with(&[("IDEM_BCRYPT_COST", "10")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("2.00", None).await;
    let mut logins = JoinSet::new();
    for _ in 0..LOGINS {
        let guess = Person::new("guess").credentials("a wrong password");
        let request = server.client().post("/v1/auth/login", &guess);
        logins.spawn(async move { request.await.status });
    }
    for _ in 0..10 {
        let order = customer.post_once("/v1/orders", &json!({"items": [item(&product, 1)]}));
        let pace = test_servers::LoadStopwatch::start();
        order.patiently().await.ok(201);
        let (calm, all) = (pace.elapsed_without_load(), pace.elapsed());
        assert!(calm < Duration::from_secs(5), "orders answer beside logins: {calm:?} of {all:?}");
    }
    for status in logins.join_all().await {
        assert!(matches!(status, 401 | 503), "answered, or turned away before it was begun: {status}");
    }
}

/// One customer's busy day: orders, payments of every kind, cancellations and refunds, as they come.
async fn busy_day(customer: Client, operator: Client, product: String, seed: usize) {
    for at in 0..6 {
        let kind = seed + at;
        let order =
            customer.post_once("/v1/orders", &json!({"items": [item(&product, 1)]})).patiently().await;
        if order.status == 409 {
            continue;
        }
        let order = order.ok(201);
        let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
        let token = ["tok_visa", "tok_declined", "tok_timeout", "tok_dispute"][kind % 4];
        let method = ["AUTOMATIC", "MANUAL"][kind % 2];
        let pay = customer.post_once(&format!("{path}/payments"), &gateway(token, method));
        let cancel = customer.post(&format!("{path}/transitions"), &json!({"to": "CANCELLED"}));
        let (paid, _) = if kind.is_multiple_of(3) {
            tokio::join!(pay.patiently(), async { Some(cancel.await) })
        } else {
            (pay.patiently().await, None)
        };
        if paid.status != 201 {
            paid.refused(409, "order-not-payable");
            continue;
        }
        let what = ["captures", "voids", "refunds"][kind % 3];
        let reply = operator.operate(&paid.json(), what, &json!({})).patiently().await;
        assert!(matches!(reply.status, 200 | 201 | 409), "{}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_busy_day_everything_adds_up() {
    let server = Server::with(&[]);
    let operator = server.operator().await;
    let product = operator.product("7.50", Some(40)).await;
    let mut tasks = JoinSet::new();
    for seed in 0..12 {
        let customer = server.customer().await;
        tasks.spawn(busy_day(customer, operator.clone(), product.clone(), seed));
    }
    tasks.join_all().await;
    let settled = async || {
        let orders = operator.all("/v1/orders").await;
        for order in &orders {
            let payments =
                operator.all(&format!("/v1/orders/{}/payments", field(order, "orderNumber"))).await;
            let called_off = order["status"] == "CANCELLED";
            let open = |it: &Value| {
                it["status"] == "PENDING"
                    || called_off && (it["status"] == "AUTHORIZED" || it["status"] == "CAPTURED")
            };
            if payments.iter().any(open) {
                return None;
            }
        }
        Some(())
    };
    crate::harness::eventually("no payment is open any more", 2 * crate::harness::PATIENCE, settled).await;
    let orders = operator.check_invariants(&[shelf(&product, 40)]).await;
    assert!(orders.len() >= 40, "{}", orders.len());
}
