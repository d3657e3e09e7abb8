//! Customers who buy while operators change what they buy.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Client, QUIET, Server, field, item};

/// How many buy at once.
const BUYERS: usize = 16;
/// More orders than any buyer places in a test.
const ORDERS_MAX: usize = 10_000;
/// For how long orders go on between two changes.
const BETWEEN: Duration = Duration::from_millis(60);

/// Buyers who order one piece after the other until they are stopped.
struct Buyers {
    stop: Arc<AtomicBool>,
    all: JoinSet<Vec<Value>>,
}

impl Buyers {
    async fn of(server: &Server, product: &str) -> Self {
        let (stop, mut all) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for _ in 0..BUYERS {
            let (buyer, stop, product) = (server.customer().await, Arc::clone(&stop), product.to_owned());
            all.spawn(async move {
                let mut orders = Vec::new();
                while !stop.load(Ordering::SeqCst) && orders.len() < ORDERS_MAX {
                    let body = json!({"items": [item(&product, 1)]});
                    let reply = buyer.post_once("/v1/orders", &body).patiently().await;
                    match reply.status {
                        201 => orders.push(reply.json()),
                        // It is off, for now.
                        _ => drop(reply.refused(422, "unknown-product")),
                    }
                }
                orders
            });
        }
        Self { stop, all }
    }

    /// Every order that was placed.
    async fn stop(self) -> Vec<Value> {
        self.stop.store(true, Ordering::SeqCst);
        self.all.join_all().await.concat()
    }
}

/// The numbers of all orders that there are.
async fn placed(operator: &Client) -> HashSet<String> {
    let orders = operator.all("/v1/orders").await;
    orders.iter().map(|it| field(it, "orderNumber").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_never_loses_against_sales_and_every_piece_is_accounted_for() {
    const INITIAL: i64 = 100_000;
    let server = Server::with(QUIET);
    let operator = server.operator().await;
    let product = operator.product("1.00", Some(100_000)).await;
    let path = format!("/v1/products/{product}");
    let buyers = Buyers::of(&server, &product).await;
    let mut adjusted = 0;
    for round in 1..=25 {
        let offer = json!({"name": "Tea", "price": format!("{round}.00"), "currency": "CNY"});
        // The version that was read a while ago, and many sales since.
        let tag = operator.get(&path).await.header("etag").unwrap().to_owned();
        tokio::time::sleep(Duration::from_millis(20)).await;
        // With keys, because on a busy machine a change may take too long and is asked for again.
        let put = operator.put(&path, &offer).header("if-match", &tag).idempotent(&format!("put-{round}"));
        let put = put.patiently().await;
        put.ok(200);
        let tag = put.header("etag").unwrap().to_owned();
        let price = json!({"price": format!("{round}.50")});
        let patch = operator.patch(&path, &price).header("if-match", &tag);
        patch.idempotent(&format!("patch-{round}")).patiently().await.ok(200);
        operator.adjust(&product, 7 - round).patiently().await.ok(if round == 7 { 422 } else { 201 });
        adjusted += 7 - round;
    }
    let sold = buyers.stop().await.len();
    assert!(sold > BUYERS, "they bought all the while: {sold}");
    let left = operator.stock(&product).await;
    assert_eq!(INITIAL + adjusted, left + i64::try_from(sold).unwrap());
    let changes = operator.all(&format!("{path}/changes")).await;
    assert_eq!(operator.get(&path).await.ok(200)["version"], changes.len(), "a change a version");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_who_change_one_product_at_once_all_get_through() {
    // More at once than one of them may lose rounds.
    const OPERATORS: usize = 96;
    let server = Server::with(QUIET);
    let operator = server.operator().await;
    let product = operator.product("1.00", Some(100)).await;
    let path = format!("/v1/products/{product}");
    let mut asked = JoinSet::new();
    for at in 0..OPERATORS {
        let request = match at % 4 {
            0 => operator.adjust(&product, 1),
            _ => operator
                .patch(&path, &json!({"price": format!("{at}.00")}))
                .idempotent(&format!("price-{at}")),
        };
        // On a busy machine the last of them may come to the end of its time, and is asked for again.
        asked.spawn(async move { request.patiently().await });
    }
    for reply in asked.join_all().await {
        assert!(matches!(reply.status, 200 | 201), "{}: {}", reply.status, reply.text);
    }
    let product = operator.get(&path).await.ok(200);
    assert_eq!(
        (&product["stock"], &product["version"]),
        (&json!(100 + OPERATORS / 4), &json!(1 + OPERATORS))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_placed_at_a_price_that_is_over_also_of_what_is_not_tracked() {
    for stock in [None, Some(100_000)] {
        let server = Server::with(QUIET);
        let operator = server.operator().await;
        let product = operator.product("1.00", stock).await;
        let path = format!("/v1/products/{product}");
        let buyers = Buyers::of(&server, &product).await;
        let mut before = Vec::new();
        for price in 2..=12 {
            tokio::time::sleep(BETWEEN).await;
            let price = format!("{price}.00");
            // The buyers hold the row nearly all the time, so on a busy machine a change may be asked for again.
            operator.patch(&path, &json!({"price": price})).idempotent(&price).patiently().await.ok(200);
            // Whatever is not there yet is placed after the change.
            before.push((price, placed(&operator).await));
        }
        let orders = buyers.stop().await;
        let amount = |it: &str| it.parse::<f64>().unwrap();
        for (price, known) in &before {
            let late = orders.iter().filter(|it| !known.contains(field(it, "orderNumber")));
            let over = late.filter(|it| amount(field(it, "amount")) < amount(price)).count();
            assert_eq!(over, 0, "of {} orders, stock {stock:?}", orders.len());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_placed_of_a_product_that_is_off_also_when_it_is_not_tracked() {
    let server = Server::with(QUIET);
    let operator = server.operator().await;
    let product = operator.product("1.00", None).await;
    let path = format!("/v1/products/{product}");
    let buyers = Buyers::of(&server, &product).await;
    for round in 0..10 {
        tokio::time::sleep(BETWEEN).await;
        let off = format!("off-{round}");
        operator.patch(&path, &json!({"active": false})).idempotent(&off).patiently().await.ok(200);
        let before = placed(&operator).await;
        tokio::time::sleep(BETWEEN).await;
        let after = placed(&operator).await;
        assert_eq!(after.difference(&before).count(), 0, "round {round}, after {} orders", before.len());
        let on = format!("on-{round}");
        operator.patch(&path, &json!({"active": true})).idempotent(&on).patiently().await.ok(200);
    }
    assert!(buyers.stop().await.len() > BUYERS);
}
