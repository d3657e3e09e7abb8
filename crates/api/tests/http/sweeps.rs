//! What time brings.

use serde_json::{Value, json};

use crate::harness::{Client, PATIENCE, Server, eventually, field, gateway, unique};

async fn path(customer: &Client, order: &Value) -> Vec<String> {
    customer.path(order).await.into_iter().map(|(to, by)| format!("{to} by {by}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_not_paid_in_time_closes_and_gives_its_stock_back() {
    let server = Server::with(&[("IDEM_ORDER_TTL", "6s"), ("IDEM_SANDBOX_PENDING_DELAY", "10m")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(5)).await;
    let (live, waiting) = customer.undecided(&product).await;
    let held = customer.order(&product, 1).await;
    let authorised = customer.pay_by(&held, "tok_visa", "MANUAL").await;
    let declined = customer.order(&product, 1).await;
    customer.pay(&declined, "tok_declined").await;
    let order = customer.order(&product, 1).await;
    assert_eq!(operator.stock(&product).await, 1);

    customer.order_becomes(&order, "CLOSED").await;
    customer.order_becomes(&declined, "CLOSED").await;
    assert_eq!(path(&customer, &order).await, ["PENDING by CUSTOMER", "CLOSED by SYSTEM"]);
    assert_eq!(operator.stock(&product).await, 3);
    assert_eq!(customer.reread(&order).await["allowedTransitions"], json!([]));
    let pay = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    customer.post_once(&pay, &gateway("tok_visa", "AUTOMATIC")).await.refused(409, "order-not-payable");

    // Long past their time, but with a transaction that is live.
    for (order, payment, status) in [(&live, &waiting, "PENDING"), (&held, &authorised, "AUTHORIZED")] {
        assert_eq!(customer.reread(order).await["status"], "PENDING");
        assert_eq!(customer.payment(payment).await["status"], status);
    }
    operator.operate(&authorised, "voids", &json!({})).await.ok(200);
    customer.order_becomes(&held, "CLOSED").await;
    assert_eq!(operator.stock(&product).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_after_the_closing_goes_back() {
    let settings = [("IDEM_ORDER_TTL", "6s"), ("IDEM_SANDBOX_PENDING_DELAY", "10m")];
    let server = Server::with(&settings);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(5)).await;
    let (order, waiting) = customer.undecided(&product).await;
    let failed = crate::harness::Notice::of("payment.failed", &waiting);
    assert!(!failed.deliver(&customer).await);
    customer.order_becomes(&order, "CLOSED").await;
    let captured = crate::harness::Notice::of("payment.captured", &waiting);
    assert!(!captured.deliver(&customer).await, "the gateway thought better of it");
    let back = customer.payment_becomes(&waiting, "REFUNDED").await;
    assert_eq!(back["refundedAmount"], "5.00");
    assert_eq!(path(&customer, &order).await, ["PENDING by CUSTOMER", "CLOSED by SYSTEM"]);
    let kinds: Vec<_> = operator.findings(&waiting).await.iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["late-capture"]);
    assert_eq!(operator.stock(&product).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_that_is_not_captured_is_voided() {
    let server = Server::with(&[("IDEM_AUTHORIZATION_TTL", "1s")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(5)).await;
    let order = customer.order(&product, 2).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    customer.order_becomes(&order, "CLOSED").await;
    customer.payment_becomes(&held, "VOIDED").await;
    assert_eq!(operator.stock(&product).await, 5);
    assert_eq!(path(&customer, &order).await, ["PENDING by CUSTOMER", "CLOSED by SYSTEM"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivered_order_is_completed_and_closed_in_time() {
    let server = Server::with(&[("IDEM_COMPLETION_AFTER", "1s"), ("IDEM_AFTER_SALES_PERIOD", "1s")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(5)).await;
    let (order, refunded) = (customer.order(&product, 1).await, customer.order(&product, 1).await);
    let cancelled = customer.order(&product, 1).await;
    customer.pay(&order, "tok_visa").await;
    for to in ["PROCESSING", "SHIPPED", "DELIVERED"] {
        operator.moved(&order, to).await;
    }
    let paid = customer.pay(&refunded, "tok_visa").await;
    operator.operate(&paid, "refunds", &json!({})).await.ok(201);
    customer.moved(&cancelled, "CANCELLED").await;
    for it in [&order, &refunded, &cancelled] {
        customer.order_becomes(it, "CLOSED").await;
    }
    assert_eq!(path(&customer, &order).await[5..], ["COMPLETED by SYSTEM", "CLOSED by SYSTEM"]);
    assert_eq!(operator.stock(&product).await, 4, "what came back came back once, what was sent is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_sweep_without_getting_in_each_others_way() {
    let settings = [("IDEM_ORDER_TTL", "1s")];
    let first = Server::with(&settings);
    let _second = first.beside(&settings);
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("5.00", Some(20)).await;
    for _ in 0..20 {
        customer.order(&product, 1).await;
    }
    let look = async || (operator.stock(&product).await == 20).then_some(());
    eventually("all stock is back", PATIENCE, look).await;
    let shelf = crate::harness::Shelf { product, initial: 20 };
    let orders = operator.check_invariants(&[shelf]).await;
    assert!(orders.iter().all(|it| it["status"] == "CLOSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_does_not_put_off_what_time_brings() {
    let server = Server::with(&[("IDEM_COMPLETION_AFTER", "4s")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    customer.pay(&order, "tok_visa").await;
    for to in ["PROCESSING", "SHIPPED", "DELIVERED"] {
        operator.moved(&order, to).await;
    }
    // An edit every moment: counted from the last change the time would never be over.
    let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
    let mut edits = 0;
    let look = async || {
        edits += 1;
        let edit = operator.patch(&path, &json!({"reference": format!("edit-{edits}")}));
        let edited = edit.idempotent(&unique("key")).patiently().await;
        (edited.ok(200)["status"] == "COMPLETED").then_some(())
    };
    eventually("the order is completed", PATIENCE, look).await;
}
