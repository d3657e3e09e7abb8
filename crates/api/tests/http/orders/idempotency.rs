//! The table of the idempotency key, row by row.

use serde_json::{Value, json};

use crate::harness::{Client, field, gateway, item, shared, unique};

fn one(product: &str) -> Value {
    json!({"items": [item(product, 1)]})
}

async fn keyed(client: &Client, key: &str, body: &Value) -> crate::harness::Reply {
    client.post("/v1/orders", body).idempotent(key).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_required_wherever_goods_or_money_move() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    let paid = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    let id = field(&paid, "transactionId");
    let pay = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    let mut cases =
        vec![("/v1/orders".to_owned(), json!({"items": []})), (pay, gateway("tok_visa", "AUTOMATIC"))];
    cases.extend(["captures", "voids", "refunds"].map(|it| (format!("/v1/payments/{id}/{it}"), json!({}))));
    for (path, body) in cases {
        operator.post(&path, &body).await.refused(400, "idempotency-key-missing");
        operator.post(&path, &body).idempotent("").await.refused(400, "idempotency-key-invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_one_of_1_to_255_visible_characters() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let body = one(&operator.product("1.00", None).await);
    for bad in ["two words", &"k".repeat(256), "\"", "\"\"", "\"unclosed", "tab\there", "\"a\"b"] {
        keyed(&customer, bad, &body).await.refused(400, "idempotency-key-invalid");
    }
    let twice = customer.post("/v1/orders", &body).idempotent("a").idempotent("b").await;
    twice.refused(400, "idempotency-key-invalid");
    for good in ["k".repeat(255), "\"quoted\"".to_owned(), "a:b/c;d=e,f".to_owned(), "!".to_owned()] {
        keyed(&customer, &good, &body).await.ok(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_gets_the_same_bytes_again() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", Some(10)).await;
    let key = unique("key");
    let first = keyed(&customer, &key, &one(&product)).await;
    first.ok(201);
    assert!(!first.is_replayed());
    for _ in 0..3 {
        let again = keyed(&customer, &key, &one(&product)).await;
        assert_eq!((again.status, &again.text, again.is_replayed()), (201, &first.text, true));
        for name in ["location", "etag", "content-type"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(operator.stock(&product).await, 9);
    assert_eq!(customer.all("/v1/orders").await.len(), 1);
    // Whatever became of the order since, and of its product.
    customer.moved(&first.json(), "CANCELLED").await;
    let retired = json!({"name": "Tea", "price": "2.00", "currency": "CNY", "stock": 0, "active": false});
    operator.put(&format!("/v1/products/{product}"), &retired).await.ok(200);
    let again = keyed(&customer, &key, &one(&product)).await;
    assert_eq!((&again.text, again.is_replayed()), (&first.text, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_the_json_is_written_does_not_matter() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let key = unique("key");
    let written = |body: String| {
        customer.post("/v1/orders", &json!({})).body("application/json", body).idempotent(&key)
    };
    let first =
        written(format!(r#"{{"items":[{{"productId":"{product}","quantity":1,"price":"1.00"}}]}}"#)).await;
    first.ok(201);
    for same in [
        format!(
            "{{\n  \"items\" : [ {{\"price\": \"1.00\",\t\"quantity\":1, \"productId\":\"{product}\"}} ]\r\n}}  "
        ),
        format!(r#"{{"items":[{{"quantity":1,"productId":"{product}","price":"1.0\u0030"}}]}}"#),
    ] {
        let again = written(same).await;
        assert_eq!((&again.text, again.is_replayed()), (&first.text, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quoted_and_a_bare_key_are_one() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let body = one(&operator.product("1.00", None).await);
    let key = unique("key");
    let bare = keyed(&customer, &key, &body).await;
    bare.ok(201);
    let quoted = keyed(&customer, &format!("\"{key}\""), &body).await;
    assert_eq!((&quoted.text, quoted.is_replayed()), (&bare.text, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_not_used_for_two_requests() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let key = unique("key");
    keyed(&customer, &key, &one(&product)).await.ok(201);
    let other = json!({"items": [item(&product, 2)]});
    keyed(&customer, &key, &other).await.refused(422, "idempotency-key-reused");
    assert_eq!(customer.all("/v1/orders").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_on_two_orders_is_a_reuse() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let key = unique("key");
    let pay = |order: &Value| {
        let path = format!("/v1/orders/{}/payments", field(order, "orderNumber"));
        customer.post(&path, &gateway("tok_visa", "AUTOMATIC")).idempotent(&key)
    };
    let (one, other) = (customer.order(&product, 1).await, customer.order(&product, 1).await);
    let first = pay(&one).await;
    first.ok(201);
    pay(&other).await.refused(422, "idempotency-key-reused");
    assert_eq!(customer.reread(&other).await["status"], "PENDING");
    let again = pay(&one).await;
    assert_eq!((&again.text, again.is_replayed()), (&first.text, true));
    // Another route is another scope.
    keyed(&customer, &key, &json!({"items": [item(&product, 1)]})).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_does_not_use_the_key_up() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", Some(1)).await;
    let key = unique("key");
    keyed(&customer, &key, &json!({"items": [item(&product, 0)]})).await.refused(422, "invalid-request");
    keyed(&customer, &key, &one("no-such-product")).await.refused(422, "unknown-product");
    keyed(&customer, &key, &json!({"items": [item(&product, 2)]})).await.refused(409, "out-of-stock");
    let wrong = json!({"items": [{"productId": product, "quantity": 1, "price": "2.00"}]});
    keyed(&customer, &key, &wrong).await.refused(409, "price-changed");
    keyed(&customer, &key, &one(&product)).await.ok(201);

    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    let pay = |token: &str| customer.post(&path, &gateway(token, "AUTOMATIC")).idempotent(&key);
    pay("tok_unheard_of").await.refused(422, "invalid-request");
    assert_eq!(pay("tok_visa").await.ok(201)["status"], "CAPTURED");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_of_another_user_is_another_key() {
    let operator = shared().operator().await;
    let product = operator.product("1.00", None).await;
    let key = unique("key");
    let (one_of, other_of) = (shared().customer().await, shared().customer().await);
    let mine = keyed(&one_of, &key, &one(&product)).await;
    let yours = keyed(&other_of, &key, &one(&product)).await;
    assert_ne!(mine.ok(201)["orderNumber"], yours.ok(201)["orderNumber"]);
    assert!(!yours.is_replayed());
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_captures_voids_and_refunds_are_replayed_too() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", None).await;
    let order = customer.order(&product, 1).await;
    let twice = async |client: &Client, path: String, body: Value, status: u16| {
        let key = unique("key");
        let first = client.post(&path, &body).idempotent(&key).await;
        first.ok(status);
        let again = client.post(&path, &body).idempotent(&key).await;
        assert_eq!((again.status, &again.text, again.is_replayed()), (status, &first.text, true), "{path}");
        first.json()
    };
    let pay = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    let paid = twice(&customer, pay, gateway("tok_visa", "MANUAL"), 201).await;
    let payment = format!("/v1/payments/{}", field(&paid, "transactionId"));
    let captured = twice(&operator, format!("{payment}/captures"), json!({}), 200).await;
    assert_eq!(captured["status"], "CAPTURED");
    let refund = twice(&operator, format!("{payment}/refunds"), json!({"amount": "1.00"}), 201).await;
    assert_eq!(refund["amount"], "1.00");

    let other = customer.order(&product, 1).await;
    let held = customer.pay_by(&other, "tok_visa", "MANUAL").await;
    let void = format!("/v1/payments/{}/voids", field(&held, "transactionId"));
    assert_eq!(twice(&operator, void, json!({}), 200).await["status"], "VOIDED");
}
