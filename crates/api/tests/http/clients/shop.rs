//! What a shop does, through the library.

use std::pin::pin;

use futures_util::TryStreamExt;
use idem_client::{
    Actor, CaptureMethod, Error, FeedEventType, MakeRefund, Move, Order, OrderQuery, OrderStatus,
    PaymentStatus, PlaceItem, PlaceOrder, PutProduct, RefundStatus, Register, ReturnItem, Role, StartPayment,
    Transaction, Word,
};

use super::{library, take_over};
use crate::harness::{PASSWORD, Person, shared, unique};

fn tea(stock: Option<u64>) -> PutProduct {
    let (name, price, currency) = ("Tea".into(), "9.99".into(), "CNY".into());
    PutProduct { name, price, currency, stock, active: true }
}

fn one_of(product: &str) -> PlaceOrder {
    PlaceOrder { items: vec![PlaceItem::new(product, 1)], ..PlaceOrder::default() }
}

fn held() -> StartPayment {
    let capture_method = Word::Known(CaptureMethod::Manual);
    StartPayment { capture_method, ..StartPayment::new("sandbox", "tok_visa") }
}

/// A new account, logged in through the library.
async fn register() -> idem_client::Client {
    let person = Person::new("library");
    let account =
        Register { username: person.username, email: person.email, password: PASSWORD.to_owned().into() };
    let user = library(shared()).accounts().register(&account).await.unwrap();
    assert_eq!(user.role, Role::Customer);
    let client = library(shared()).login(&account.username, PASSWORD).await.unwrap();
    assert_eq!(client.accounts().me().await.unwrap(), user);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_orders_pays_captures_voids_and_refunds() {
    let (operator, customer) = (take_over(shared(), &shared().operator().await), register().await);
    let product = unique("library-tea");
    let made = operator.products().put(&product, &tea(Some(9))).await.unwrap();
    assert_eq!((made.stock, made.version), (Some(9), 1));
    let order = customer.orders().place(&one_of(&product)).await.unwrap();
    assert_eq!((order.money().unwrap().minor_units(), order.version), (999, 1));

    let voided = customer.payments().pay(&order.order_number, &held()).await.unwrap();
    assert_eq!(voided.status, PaymentStatus::Authorized);
    let voided = operator.payments().void(&voided.transaction_id).await.unwrap();
    assert_eq!(voided.status, PaymentStatus::Voided);

    let held = customer.payments().pay(&order.order_number, &held()).await.unwrap();
    let captured = operator.payments().capture(&held.transaction_id, None).await.unwrap();
    assert_eq!(captured.captured_money().unwrap().minor_units(), 999);
    assert_eq!(customer.payments().find(&held.transaction_id).await.unwrap().status, PaymentStatus::Captured);
    assert_eq!(customer.payments().list(&order.order_number).await.unwrap().data.len(), 2);

    let amount = MakeRefund { amount: Some("1.99".into()), ..MakeRefund::default() };
    let refund = operator.payments().refund(&held.transaction_id, &amount).await.unwrap();
    assert_eq!((refund.status.known(), refund.amount.as_str()), (Some(RefundStatus::Succeeded), "1.99"));
    let refunds: Vec<_> = operator.payments().refunds(&held.transaction_id).try_collect().await.unwrap();
    assert_eq!(refunds, [refund]);

    let history = customer.orders().history(&order.order_number).await.unwrap().data;
    let steps: Vec<_> = history.iter().map(|it| (it.sequence, it.to_status.known().unwrap())).collect();
    assert_eq!(steps, [(1, OrderStatus::Pending), (2, OrderStatus::Paid)]);
    assert_eq!(history[1].changed_by.kind, Actor::Gateway);
    assert_eq!(customer.orders().find(&order.order_number).await.unwrap().status, OrderStatus::Paid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_of_pieces_goes_through_the_library() {
    let (operator, customer) = (take_over(shared(), &shared().operator().await), register().await);
    let product = unique("library-return");
    operator.products().put(&product, &tea(Some(5))).await.unwrap();
    let order = customer.orders().place(&one_of(&product)).await.unwrap();
    let paid = customer
        .payments()
        .pay(&order.order_number, &StartPayment::new("sandbox", "tok_visa"))
        .await
        .unwrap();
    let items = vec![ReturnItem { product_id: product.clone(), quantity: 1, restock: true }];
    let refund = MakeRefund { items, reason: Some("Too strong.".into()), ..MakeRefund::default() };
    let refund = operator.payments().refund(&paid.transaction_id, &refund).await.unwrap();
    assert_eq!((refund.amount.as_str(), refund.reason.as_deref()), ("9.99", Some("Too strong.")));
    assert_eq!(operator.products().find(&product).await.unwrap().stock, Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_in_pages_and_as_a_stream_and_a_move_names_its_version() {
    let (operator, customer) = (take_over(shared(), &shared().operator().await), register().await);
    let product = unique("library-list");
    operator.products().put(&product, &tea(None)).await.unwrap();
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(customer.orders().place(&one_of(&product)).await.unwrap());
    }
    let oldest_first = OrderQuery { sort: Some("createdAt".into()), limit: Some(2), ..OrderQuery::default() };
    let page = customer.orders().list(&oldest_first).await.unwrap();
    assert_eq!(page.data, placed[..2]);
    let rest = OrderQuery { cursor: page.next_cursor, limit: Some(100), ..oldest_first.clone() };
    assert_eq!(customer.orders().list(&rest).await.unwrap().data, placed[2..]);
    let streamed: Vec<Order> = customer.orders().stream(&oldest_first).try_collect().await.unwrap();
    assert_eq!(streamed, placed);

    let cancel = Move::to(OrderStatus::Cancelled);
    let number = &placed[0].order_number;
    let stale = customer.orders().transition(number, &cancel).if_version(7).await.unwrap_err();
    assert!(stale.is_kind("precondition-failed"), "{stale}");
    let cancelled = customer.orders().transition(number, &cancel).if_version(1).await.unwrap();
    assert_eq!((cancelled.status.known(), cancelled.version), (Some(OrderStatus::Cancelled), 2));
    let query =
        OrderQuery { statuses: vec![OrderStatus::Cancelled, OrderStatus::Paid], ..OrderQuery::default() };
    assert_eq!(customer.orders().list(&query).await.unwrap().data, [cancelled]);
    let mut products = pin!(operator.products().stream());
    while products.try_next().await.unwrap().expect("the product is in the catalogue").product_id != product {
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_holds_the_problem_with_every_fault() {
    let customer = register().await;
    let empty =
        customer.orders().place(&PlaceOrder { reference: Some(String::new()), ..PlaceOrder::default() });
    let error = empty.await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!(
        (problem.slug(), problem.status, problem.title.as_str()),
        ("invalid-request", 422, "Invalid request")
    );
    let mut pointers: Vec<_> = problem.errors.iter().map(|it| it.pointer.as_deref().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/items", "/reference"]);
    assert!(!problem.instance.is_empty());
    let malformed = customer.orders().place(&one_of("x")).idempotency_key("two\nlines").await.unwrap_err();
    assert!(matches!(malformed, Error::Setting(_)), "{malformed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_followed_from_a_number_and_each_event_is_read_once() {
    let (operator, customer) = (take_over(shared(), &shared().operator().await), register().await);
    let product = unique("library-feed");
    operator.products().put(&product, &tea(None)).await.unwrap();
    let types = [FeedEventType::OrderPlaced, FeedEventType::PaymentCaptured];
    let first = customer.orders().place(&one_of(&product)).await.unwrap();
    let mut events = pin!(operator.events().follow(0, &types));
    let begin = loop {
        let event = events.try_next().await.unwrap().unwrap();
        if event.data["orderNumber"] == first.order_number.as_str() {
            break event;
        }
    };
    assert_eq!(begin.decode::<Order>().unwrap().order_number, first.order_number);
    let second = customer.orders().place(&one_of(&product)).await.unwrap();
    customer.payments().pay(&second.order_number, &StartPayment::new("sandbox", "tok_visa")).await.unwrap();
    let mut events = pin!(operator.events().follow(begin.sequence, &types));
    let (mut last, mut seen) = (begin.sequence, Vec::new());
    while seen.len() < 2 {
        let event = events.try_next().await.unwrap().unwrap();
        assert!(event.sequence > last, "in order, and each once");
        last = event.sequence;
        assert_ne!(event.data["orderNumber"], first.order_number.as_str());
        if event.data["orderNumber"] == second.order_number.as_str() {
            seen.push(event);
        }
    }
    assert_eq!((&seen[0].kind, &seen[1].kind), (&types[0].into(), &types[1].into()));
    assert_eq!(seen[1].decode::<Transaction>().unwrap().amount, "9.99");
}
