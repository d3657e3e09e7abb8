//! Moving orders by hand.

use serde_json::{Value, json};

use crate::harness::{Client, Request, field, shared};

fn ask(client: &Client, order: &Value, body: &Value) -> Request {
    client.post(&format!("/v1/orders/{}/transitions", field(order, "orderNumber")), body)
}

async fn not_allowed(client: &Client, order: &Value, to: &str, instead: &[&str]) {
    let problem = ask(client, order, &json!({"to": to})).await.refused(409, "transition-not-allowed");
    assert_eq!(problem["allowedTransitions"], json!(instead), "{to}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_of_an_order() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", Some(5)).await, 1).await;
    customer.pay(&order, "tok_visa").await;
    let may = async |client: &Client| client.reread(&order).await["allowedTransitions"].clone();
    assert_eq!(may(&customer).await, json!(["REFUND_PENDING"]));
    assert_eq!(may(&operator).await, json!(["PROCESSING", "REFUND_PENDING"]));
    for (to, customers, operators) in [
        ("PROCESSING", json!(["REFUND_PENDING"]), json!(["SHIPPED", "REFUND_PENDING"])),
        ("SHIPPED", json!([]), json!(["DELIVERED", "REFUND_PENDING"])),
        ("DELIVERED", json!(["COMPLETED", "REFUND_PENDING"]), json!(["COMPLETED", "REFUND_PENDING"])),
    ] {
        let moved = operator.moved(&order, to).await;
        assert_eq!((&moved["status"], &moved["allowedTransitions"]), (&json!(to), &operators));
        assert_eq!(may(&customer).await, customers, "{to}");
    }
    let done = customer.moved(&order, "COMPLETED").await;
    assert_eq!((&done["version"], &done["allowedTransitions"]), (&json!(6), &json!([])));
    let path: Vec<_> = customer.path(&order).await;
    let path: Vec<_> = path.iter().map(|(to, by)| (to.as_str(), by.as_str())).collect();
    assert_eq!(
        path,
        [
            ("PENDING", "CUSTOMER"),
            ("PAID", "GATEWAY"),
            ("PROCESSING", "OPERATOR"),
            ("SHIPPED", "OPERATOR"),
            ("DELIVERED", "OPERATOR"),
            ("COMPLETED", "CUSTOMER"),
        ]
    );
    assert_eq!(customer.history(&order).await[1]["changedBy"]["id"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_tells_what_the_caller_may_do() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    for to in ["PAID", "REFUNDED", "CLOSED", "SHIPPED", "PROCESSING", "REFUND_PENDING", "COMPLETED"] {
        not_allowed(&customer, &order, to, &["CANCELLED"]).await;
        not_allowed(&operator, &order, to, &["CANCELLED"]).await;
    }
    customer.pay(&order, "tok_visa").await;
    not_allowed(&customer, &order, "PROCESSING", &["REFUND_PENDING"]).await;
    not_allowed(&customer, &order, "CANCELLED", &["REFUND_PENDING"]).await;
    not_allowed(&operator, &order, "PENDING", &["PROCESSING", "REFUND_PENDING"]).await;
    assert_eq!(customer.history(&order).await.len(), 2, "no refusal leaves a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn being_there_already_changes_nothing() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    for to in ["PENDING", "CANCELLED", "CANCELLED"] {
        assert_eq!(customer.moved(&order, to).await["status"], to);
    }
    assert_eq!(customer.moved(&order, "CANCELLED").await["version"], 2);
    assert_eq!(customer.path(&order).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_meant_for_another_version_is_not_made() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    let body = json!({"to": "CANCELLED"});
    for stale in ["\"2\"", "\"0\"", "W/\"1\"", "\"nonsense\""] {
        ask(&customer, &order, &body).header("if-match", stale).await.refused(412, "precondition-failed");
    }
    let reply = ask(&customer, &order, &body).header("if-match", "\"9\", \"1\"").await;
    assert_eq!((reply.ok(200)["version"].clone(), reply.header("etag")), (json!(2), Some("\"2\"")));
    let again = ask(&customer, &order, &body).header("if-match", "\"1\"").await;
    again.refused(412, "precondition-failed");
    ask(&customer, &order, &body).header("if-match", "*").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_stands_in_the_history() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    ask(&customer, &order, &json!({"to": "CANCELLED", "reason": "changed my mind 变心"})).await.ok(200);
    assert_eq!(customer.history(&order).await[1]["reason"], "changed my mind 变心");
    let other = customer.order(&operator.product("1.00", None).await, 1).await;
    for (body, fault) in [
        (json!({"to": "LOST"}), "/to"),
        (json!({}), "/to"),
        (json!({"to": "CANCELLED", "reason": "x".repeat(501)}), "/reason"),
        (json!({"to": "CANCELLED", "reason": 7}), "/reason"),
    ] {
        assert_eq!(ask(&customer, &other, &body).await.faults(), [fault]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_its_stock_back_once() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", Some(5)).await;
    let order = customer.order(&product, 3).await;
    assert_eq!(operator.stock(&product).await, 2);
    let mut asked = tokio::task::JoinSet::new();
    for client in [&customer, &operator].iter().cycle().take(16) {
        let request = ask(client, &order, &json!({"to": "CANCELLED"}));
        asked.spawn(async move { request.await.status });
    }
    assert!(asked.join_all().await.iter().all(|it| *it == 200));
    assert_eq!(operator.stock(&product).await, 5);
    assert_eq!(customer.path(&order).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_refund_sends_the_order_back_to_where_it_was() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", Some(5)).await;
    let order = customer.order(&product, 1).await;
    customer.pay(&order, "tok_visa").await;
    let asked = customer.moved(&order, "REFUND_PENDING").await;
    assert_eq!(asked["allowedTransitions"], json!([]));
    not_allowed(&customer, &order, "PAID", &[]).await;
    not_allowed(&operator, &order, "PROCESSING", &["PAID"]).await;
    assert_eq!(operator.refuse_refund(&order, "PAID").await["status"], "PAID");
    operator.moved(&order, "PROCESSING").await;
    operator.moved(&order, "SHIPPED").await;
    not_allowed(&customer, &order, "REFUND_PENDING", &[]).await;
    operator.moved(&order, "REFUND_PENDING").await;
    not_allowed(&operator, &order, "PAID", &["SHIPPED"]).await;
    operator.refuse_refund(&order, "SHIPPED").await;
    assert_eq!(operator.stock(&product).await, 4);
    assert_eq!(customer.history(&order).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_moves_at_once_one_is_made() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", Some(9)).await;
    for _ in 0..5 {
        let order = customer.order(&product, 1).await;
        customer.pay(&order, "tok_visa").await;
        let (one, other) = tokio::join!(
            async {
                ask(&operator, &order, &json!({"to": "PROCESSING"})).header("if-match", "\"2\"").await.status
            },
            async {
                ask(&customer, &order, &json!({"to": "REFUND_PENDING"}))
                    .header("if-match", "\"2\"")
                    .await
                    .status
            },
        );
        let mut both = [one, other];
        both.sort_unstable();
        assert_eq!(both, [200, 412]);
        assert_eq!(customer.history(&order).await.len(), 3);
    }
}
