//! What the library sends again, and what it does not.

use std::time::Duration;

use idem_client::{Client, Error, OrderQuery, PlaceItem, PlaceOrder, RetryPolicy};

use super::{
    answers::{Prepared, pause_between},
    proxy::LossyProxy,
    take_over,
};
use crate::harness::{Server, shared};

const UNAVAILABLE: &str = r#"{"type":"/problems/unavailable","title":"","status":503,"detail":""}"#;
const IN_PROGRESS: &str =
    r#"{"type":"/problems/idempotency-in-progress","title":"","status":409,"detail":""}"#;
const THROTTLED: &str = r#"{"type":"/problems/too-many-requests","title":"","status":429,"detail":""}"#;
const SOLD_OUT: &str = r#"{"type":"/problems/out-of-stock","title":"","status":409,"detail":""}"#;
const USER: &str = r#"{"id":"a","username":"b","email":"c","role":"CUSTOMER","createdAt":"d"}"#;

fn order(product: &str) -> PlaceOrder {
    PlaceOrder { items: vec![PlaceItem::new(product, 1)], ..PlaceOrder::default() }
}

/// Attempts without pauses that a test would have to wait for.
fn quick() -> RetryPolicy {
    RetryPolicy { pause_first: Duration::from_millis(1), ..RetryPolicy::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_and_its_retry_are_one_order() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.99", None).await;
    let proxy = LossyProxy::new(shared().address(), 2).await;
    let tokens = take_over(shared(), &customer).tokens().await.unwrap();
    let client = Client::builder(&proxy.url()).tokens(tokens).retry(quick()).build().unwrap();
    let placed = client.orders().place(&order(&product)).await.unwrap();
    assert_eq!(proxy.lost(), 2, "two answers were lost");
    let orders = take_over(shared(), &customer).orders().list(&OrderQuery::default()).await.unwrap();
    assert_eq!(orders.data, [placed], "and there is one order");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_retries_a_lost_answer_is_an_error_and_the_same_key_finds_the_order() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.99", None).await;
    let proxy = LossyProxy::new(shared().address(), 1).await;
    let tokens = take_over(shared(), &customer).tokens().await.unwrap();
    let client = Client::builder(&proxy.url()).tokens(tokens).retry(RetryPolicy::once()).build().unwrap();
    let lost = client.orders().place(&order(&product)).idempotency_key("cart-17").await.unwrap_err();
    assert!(matches!(lost, Error::Transport(_)), "{lost:?}");
    assert!(!format!("{lost:?}").contains("/v1/orders"), "an error has no address: {lost:?}");
    let found = client.orders().place(&order(&product)).idempotency_key("cart-17").await.unwrap();
    let orders = client.orders().list(&OrderQuery::default()).await.unwrap();
    assert_eq!(orders.data, [found]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_sent_again_with_its_key_when_the_service_says_later() {
    let answers = &[
        ("503 Service Unavailable\r\nretry-after: 1", UNAVAILABLE),
        ("409 Conflict", IN_PROGRESS),
        ("429 Too Many Requests", THROTTLED),
        ("503 Service Unavailable", "<html>the load balancer's own</html>"),
        ("204 No Content", ""),
    ];
    let server = Prepared::new(answers).await;
    let client = Client::builder(server.url()).api_key("idem_x").retry(quick()).build().unwrap();
    client.webhook_endpoints().delete("a").await.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 5);
    assert!(asked[0].key.as_ref().is_some_and(|it| it.len() >= 32), "{asked:?}");
    assert!(asked.iter().all(|it| it.key == asked[0].key && it.body.is_empty()), "{asked:?}");
    assert!(pause_between(&asked[0], &asked[1]) >= Duration::from_secs(1), "{asked:?}");
    client.webhook_endpoints().delete("a").await.unwrap();
    assert_ne!(server.asked().last().unwrap().key, asked[0].key, "another call has another key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_sent_again_without_a_key() {
    let server = Prepared::new(&[("503 Service Unavailable", UNAVAILABLE), ("200 OK", USER)]).await;
    let client = Client::builder(server.url()).retry(quick()).build().unwrap();
    assert_eq!(client.accounts().me().await.unwrap().username, "b");
    assert!(server.asked().iter().all(|it| it.key.is_none()));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_sent_again_and_attempts_are_limited() {
    for (answers, attempts) in [
        (&[("409 Conflict", SOLD_OUT)], 1),
        (&[("500 Internal Server Error", "")], 1),
        (&[("429 Too Many Requests\r\nretry-after: 31", THROTTLED)], 1),
        (&[("503 Service Unavailable", UNAVAILABLE)], 6),
    ] {
        let server = Prepared::new(answers).await;
        let client = Client::builder(server.url()).retry(quick()).build().unwrap();
        let error = client.orders().place(&order("a")).await.unwrap_err();
        assert!(error.problem().is_some(), "{error:?}");
        assert_eq!(server.asked().len(), attempts, "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_ends_too_late_is_an_error_that_says_when() {
    let server = Server::with(&[("IDEM_ORDERS_PER_MINUTE", "1")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("9.99", None).await;
    let client = take_over(&server, &customer);
    client.orders().place(&order(&product)).await.unwrap();
    let policy = RetryPolicy { pause_max: Duration::ZERO, ..quick() };
    let tokens = client.tokens().await.unwrap();
    let hasty = Client::builder(&format!("http://{}", server.address())).tokens(tokens).retry(policy);
    let error = hasty.build().unwrap().orders().place(&order(&product)).await.unwrap_err();
    assert!(error.is_kind("too-many-requests"), "{error}");
    assert!(error.problem().unwrap().retry_after.is_some_and(|it| it >= Duration::from_secs(1)));
}
