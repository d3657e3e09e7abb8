//! What a role may not do.

use serde_json::json;

use crate::harness::{field, shared};

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_does_nothing_that_is_for_operators() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let order = customer.order(&product, 1).await;
    let paid = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    let offer = json!({"name": "Mine", "price": "0.01", "currency": "CNY", "stock": null, "active": true});
    customer.put(&format!("/v1/products/{product}"), &offer).await.refused(403, "forbidden");
    customer
        .patch(&format!("/v1/products/{product}"), &json!({"price": "0.01"}))
        .await
        .refused(403, "forbidden");
    customer.adjust(&product, 1).await.refused(403, "forbidden");
    for what in ["stock-adjustments", "changes"] {
        customer.get(&format!("/v1/products/{product}/{what}")).await.refused(403, "forbidden");
    }
    for what in ["captures", "voids", "refunds"] {
        customer.operate(&paid, what, &json!({})).await.refused(403, "forbidden");
    }
    customer.get("/v1/operations/findings").await.refused(403, "forbidden");
    let resolve = customer.post("/v1/operations/findings/none/resolution", &json!({"note": "done"})).await;
    resolve.refused(403, "forbidden");
    assert_eq!(customer.payment(&paid).await["status"], "AUTHORIZED");
    assert_eq!(customer.get(&format!("/v1/products/{product}")).await.ok(200)["price"], "5.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_everybodys_orders_and_payments() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let order = customer.order(&product, 1).await;
    let paid = customer.pay(&order, "tok_visa").await;
    assert_eq!(operator.get("/v1/me").await.ok(200)["role"], "OPERATOR");
    assert_eq!(operator.reread(&order).await["orderNumber"], order["orderNumber"]);
    assert_eq!(operator.payment(&paid).await["orderNumber"], order["orderNumber"]);
    operator.history(&order).await;
    let payments = operator.all(&format!("/v1/orders/{}/payments", field(&order, "orderNumber"))).await;
    assert_eq!(payments.len(), 1);
}
