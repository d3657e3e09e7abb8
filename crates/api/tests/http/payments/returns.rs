//! Giving money back for pieces, some of which go back into stock.

use serde_json::{Value, json};

use crate::harness::{Client, Notice, Shelf, field, item, shared, unique};

fn back(product: &str, quantity: u32, restock: bool) -> Value {
    json!({"productId": product, "quantity": quantity, "restock": restock})
}

async fn bought(customer: &Client, items: &Value) -> (Value, Value) {
    let order = customer.post_once("/v1/orders", &json!({"items": items})).patiently().await.ok(201);
    let paid = customer.pay(&order, "tok_visa").await;
    (order, paid)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_by_items_is_of_their_price_and_restocks_in_the_same_commit() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (tea, card) = (operator.product("9.00", Some(5)).await, operator.product("0.50", None).await);
    let (order, payment) = bought(&customer, &json!([item(&tea, 3), item(&card, 1)])).await;
    for to in ["PROCESSING", "SHIPPED", "DELIVERED"] {
        operator.moved(&order, to).await;
    }
    assert_eq!(operator.stock(&tea).await, 2);
    let body =
        json!({"items": [back(&tea, 1, true), back(&tea, 1, false), back(&card, 1, true)], "reason": "Wet"});
    let key = unique("key");
    let ask = || {
        let path = format!("/v1/payments/{}/refunds", field(&payment, "transactionId"));
        operator.post(&path, &body).idempotent(&key)
    };
    let first = ask().await;
    let refund = first.ok(201);
    assert_eq!((&refund["amount"], &refund["status"]), (&json!("18.50"), &json!("SUCCEEDED")));
    let shown = |product: &str, restock, restocked| json!({"productId": product, "quantity": 1, "restock": restock, "restocked": restocked});
    let items = json!([shown(&tea, true, 1), shown(&tea, false, 0), shown(&card, true, 0)]);
    assert_eq!(refund["items"], items, "what was never taken from stock does not go back");
    assert_eq!(operator.stock(&tea).await, 3);
    let again = ask().await;
    assert!(again.is_replayed() && again.text == first.text, "{}", again.text);
    assert_eq!(operator.stock(&tea).await, 3, "once");
    let path = format!("/v1/payments/{}/refunds", field(&payment, "transactionId"));
    assert_eq!(operator.all(&path).await, [refund]);
    assert_eq!(customer.reread(&order).await["status"], "DELIVERED", "a part leaves the order where it is");
    let by_amount = operator.operate(&payment, "refunds", &json!({"amount": "1.00"})).await.ok(201);
    assert_eq!(by_amount["items"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_comes_back_than_was_ordered_and_each_line_is_named() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (tea, card) = (operator.product("9.00", Some(5)).await, operator.product("0.50", Some(5)).await);
    let (_, payment) = bought(&customer, &json!([item(&tea, 3), item(&card, 1)])).await;
    let ask = async |items: Value| operator.operate(&payment, "refunds", &json!({"items": items})).await;
    ask(json!([back(&tea, 2, true)])).await.ok(201);
    let reply = ask(json!([back(&card, 1, true), back(&tea, 2, true), back("sku-unknown", 1, false)])).await;
    let problem = reply.refused(409, "return-exceeds-ordered");
    let at: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
    assert_eq!(at, ["/items/1/quantity", "/items/2/quantity"]);
    assert_eq!((operator.stock(&tea).await, operator.stock(&card).await), (4, 4), "nothing was done");
    let refund = async |body: Value| operator.operate(&payment, "refunds", &body).await.faults();
    assert_eq!(refund(json!({"amount": "1.00", "items": [back(&tea, 1, true)]})).await, ["/items"]);
    assert_eq!(refund(json!({"items": []})).await, ["/items"]);
    let wrong =
        json!({"items": [{"productId": "", "quantity": 0, "restock": "yes", "price": "1"}, {}], "note": 1});
    let places = [
        "/items/0/price",
        "/items/0/productId",
        "/items/0/quantity",
        "/items/0/restock",
        "/items/1/productId",
        "/items/1/quantity",
        "/items/1/restock",
        "/note",
    ];
    assert_eq!(refund(wrong).await, places);
    operator.operate(&payment, "refunds", &json!({"amount": "9.00"})).await.ok(201);
    ask(json!([back(&tea, 1, true), back(&card, 1, true)])).await.refused(409, "refund-exceeds-captured");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_returns_are_asked_at_once_each_piece_comes_back_once() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("1.00", Some(12)).await;
    let (order, payment) = bought(&customer, &json!([item(&tea, 10)])).await;
    for to in ["PROCESSING", "SHIPPED"] {
        operator.moved(&order, to).await;
    }
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let body = json!({"items": [back(&tea, 1, true)]});
        asked.spawn(operator.operate(&payment, "refunds", &body).patiently());
    }
    let replies = asked.join_all().await;
    assert_eq!(replies.iter().filter(|it| it.status == 201).count(), 10);
    for refused in replies.iter().filter(|it| it.status != 201) {
        let known = ["/problems/return-exceeds-ordered", "/problems/payment-not-refundable"];
        assert!(known.iter().any(|it| refused.json()["type"] == *it), "{}", refused.text);
    }
    assert_eq!(operator.stock(&tea).await, 12);
    customer.order_becomes(&order, "REFUNDED").await;
    assert_eq!(operator.stock(&tea).await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_back_by_a_return_does_not_come_back_again_with_the_order() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("9.00", Some(5)).await;
    let (order, payment) = bought(&customer, &json!([item(&tea, 3)])).await;
    operator.operate(&payment, "refunds", &json!({"items": [back(&tea, 1, true)]})).await.ok(201);
    assert_eq!(operator.stock(&tea).await, 3);
    operator.operate(&payment, "refunds", &json!({})).await.ok(201);
    customer.order_becomes(&order, "REFUNDED").await;
    assert_eq!(operator.stock(&tea).await, 5, "before shipping the rest comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_leaves_its_pieces_on_the_shelf_and_the_next_one_finds_them_there() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("9.00", Some(5)).await;
    let (_, payment) = bought(&customer, &json!([item(&tea, 3)])).await;
    let ask = async |quantity| {
        let body = json!({"items": [back(&tea, quantity, true)]});
        operator.operate(&payment, "refunds", &body).await
    };
    let first = ask(2).await.ok(201);
    let failed = Notice::refund("refund.failed", &payment, field(&first, "refundId"), "18.00");
    assert!(!failed.deliver(&customer).await);
    assert_eq!(operator.stock(&tea).await, 4, "the pieces are on the shelf");
    let again = ask(2).await.ok(201);
    assert_eq!((&again["items"][0]["restocked"], operator.stock(&tea).await), (&json!(0), 4));
    ask(2).await.refused(409, "return-exceeds-ordered");
    let rest = ask(1).await.ok(201);
    assert_eq!((&rest["items"][0]["restocked"], operator.stock(&tea).await), (&json!(1), 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_a_failed_refund_are_taken_again_when_the_order_ships() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("9.00", Some(3)).await;
    let (order, payment) = bought(&customer, &json!([item(&tea, 3)])).await;
    let body = json!({"items": [back(&tea, 2, true)]});
    let refund = operator.operate(&payment, "refunds", &body).await.ok(201);
    assert!(
        !Notice::refund("refund.failed", &payment, field(&refund, "refundId"), "18.00")
            .deliver(&customer)
            .await
    );
    operator.moved(&order, "PROCESSING").await;
    // Another customer buys one of the two.
    let other =
        customer.post_once("/v1/orders", &json!({"items": [item(&tea, 1)]})).patiently().await.ok(201);
    let ship = async || {
        let path = format!("/v1/orders/{}/transitions", field(&order, "orderNumber"));
        operator.post(&path, &json!({"to": "SHIPPED"})).await
    };
    let problem = ship().await.refused(409, "out-of-stock");
    assert_eq!(problem["errors"][0]["pointer"], "/to");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(&tea), "{problem}");
    assert_eq!(
        (operator.stock(&tea).await, &operator.reread(&order).await["status"]),
        (1, &json!("PROCESSING"))
    );
    customer.moved(&other, "CANCELLED").await;
    assert_eq!(operator.stock(&tea).await, 2);
    ship().await.ok(200);
    ship().await.ok(200);
    assert_eq!(operator.stock(&tea).await, 0, "what is shipped is not sold again");
    let again = operator.operate(&payment, "refunds", &body).await.ok(201);
    assert_eq!((&again["items"][0]["restocked"], operator.stock(&tea).await), (&json!(2), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_adds_up_with_returns_in_every_status() {
    let server = crate::harness::Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("2.00", Some(40)).await;
    for moves in
        [&[][..], &["PROCESSING"], &["PROCESSING", "SHIPPED"], &["PROCESSING", "SHIPPED", "DELIVERED"]]
    {
        for restock in [true, false] {
            let (order, payment) = bought(&customer, &json!([item(&product, 3)])).await;
            for to in moves {
                operator.moved(&order, to).await;
            }
            let body = json!({"items": [back(&product, 1, restock)]});
            operator.operate(&payment, "refunds", &body).await.ok(201);
        }
    }
    operator.check_invariants(&[Shelf { product, initial: 40 }]).await;
}
