//! Two instances whose clocks differ: order is a number, and no stamp of an order goes backwards.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Client, QUIET, Server, field, is_dead};

/// A server, and one beside it whose clock is off by so much.
fn skewed(by: &str) -> (Server, Server) {
    let first = Server::with(QUIET);
    let settings: Vec<_> = QUIET.iter().copied().chain([("IDEM_CLOCK_OFFSET", by)]).collect();
    let second = first.beside(&settings);
    (first, second)
}

/// Its history is one path in the order of its numbers, and its stamps do not go backwards.
fn is_in_order(order: &Value, history: &[Value], path: &[&str]) {
    let numbers: Vec<_> = history.iter().map(|it| it["sequence"].as_i64()).collect();
    let expected: Vec<_> = (1..).map(Some).take(path.len()).collect();
    let statuses: Vec<_> = history.iter().map(|it| field(it, "toStatus")).collect();
    assert_eq!((statuses.as_slice(), numbers), (path, expected), "{history:?}");
    let mut stamps: Vec<_> = history.iter().map(|it| field(it, "createdAt")).collect();
    stamps.insert(0, field(order, "createdAt"));
    stamps.push(field(order, "updatedAt"));
    assert!(stamps.is_sorted(), "{stamps:?}");
}

/// Places an order here and moves it there, at once, 100 times for each difference; both read one path.
async fn reads_in_order(
    by: &str,
    path: &'static [&'static str],
    go: impl AsyncFn(&Client, &Client, &Client, &Value),
) {
    const ORDERS: usize = 100;
    let (first, second) = skewed(by);
    let (operator, customer) = (first.operator().await, first.customer().await);
    let there = customer.at(second.address());
    let operator_there = operator.at(second.address());
    let product = operator.product("2.00", None).await;
    for turn in 0..ORDERS {
        let (one, other) = if turn % 2 == 0 { (&customer, &there) } else { (&there, &customer) };
        let order = one.order(&product, 1).await;
        go(one, other, &operator_there, &order).await;
        for reader in [one, other] {
            is_in_order(&reader.reread(&order).await, &reader.history(&order).await, path);
        }
    }
}

async fn cancelled_elsewhere(by: &str) {
    reads_in_order(by, &["PENDING", "CANCELLED"], async |_, other, _, order| {
        other.moved(order, "CANCELLED").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_reads_in_its_order_though_clocks_differ_by_15_ms() {
    cancelled_elsewhere("-15ms").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_reads_in_its_order_though_clocks_differ_by_50_ms() {
    reads_in_order("-50ms", &["PENDING", "PAID", "PROCESSING"], async |_, other, operator, order| {
        other.pay(order, "tok_visa").await;
        operator.moved(order, "PROCESSING").await;
    })
    .await;
}
