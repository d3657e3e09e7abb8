//! What callers store with payments and refunds.

use serde_json::{Value, json};

use crate::harness::{field, gateway, shared};

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_a_payment_and_a_refund_is_shown_as_it_was_sent() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", Some(9)).await;
    let order = customer.order(&product, 1).await;
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    let pairs = json!({"channel": "web", "note": " two\nlines ", "empty": ""});
    let mut body = gateway("tok_visa", "AUTOMATIC");
    body["metadata"] = pairs.clone();
    let payment = customer.post_once(&path, &body).patiently().await.ok(201);
    assert_eq!(payment["metadata"], pairs);
    assert_eq!(customer.payment(&payment).await["metadata"], pairs);
    assert_eq!(customer.all(&path).await[0]["metadata"], pairs);
    let listed = operator.all("/v1/payments?status=CAPTURED").await;
    let listed = listed.iter().find(|it| it["transactionId"] == payment["transactionId"]);
    assert_eq!(listed.unwrap()["metadata"], pairs);
    for (metadata, shown) in [(json!({"case": "R-17"}), json!({"case": "R-17"})), (Value::Null, json!({}))] {
        let body = json!({"amount": "1.00", "metadata": metadata});
        let refund = operator.operate(&payment, "refunds", &body).await.ok(201);
        assert_eq!(refund["metadata"], shown);
        let path = format!("/v1/payments/{}/refunds", field(&payment, "transactionId"));
        assert_eq!(operator.all(&path).await.last(), Some(&refund));
    }
    let bare = customer.pay(&customer.order(&product, 1).await, "tok_visa").await;
    assert_eq!(bare["metadata"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_keeps_the_rules_of_an_order() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.00", None).await, 1).await;
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    let pay = async |metadata: Value| {
        let mut body = gateway("tok_visa", "AUTOMATIC");
        body["metadata"] = metadata;
        customer.post_once(&path, &body).await
    };
    let many: serde_json::Map<_, _> = (0..51).map(|it| (format!("k{it}"), json!("x"))).collect();
    let long = "x".repeat(501);
    for (metadata, faults) in [
        (json!("text"), vec!["/metadata"]),
        (json!(many), vec!["/metadata"]),
        (
            json!({"number": 1, "null": null, "long": long}),
            vec!["/metadata/long", "/metadata/null", "/metadata/number"],
        ),
    ] {
        assert_eq!(pay(metadata.clone()).await.faults(), faults);
    }
    pay(json!({"note": "4242 4242 4242 4242"})).await.refused(422, "card-data-refused");
    let payment = pay(json!({})).await.ok(201);
    let refund = async |metadata: Value| {
        operator.operate(&payment, "refunds", &json!({"amount": "1.00", "metadata": metadata})).await
    };
    assert_eq!(refund(json!({"a": []})).await.faults(), ["/metadata/a"]);
    refund(json!({"4242424242424242": "x"})).await.refused(422, "card-data-refused");
    assert_eq!(customer.payment(&payment).await["refundedAmount"], "0.00");
}
