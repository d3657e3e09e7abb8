//! The catalogue.

use serde_json::{Value, json};

use crate::harness::{Client, eventually, shared, unique};

fn offer(price: &str) -> Value {
    json!({"name": "Green tea", "price": price, "currency": "CNY", "stock": 7, "active": true})
}

async fn put(operator: &Client, member: &str, value: Value) -> crate::harness::Reply {
    let mut offer = offer("9.99");
    offer[member] = value;
    operator.put(&format!("/v1/products/{}", unique("sku")), &offer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_made_and_replaced() {
    let operator = shared().operator().await;
    let path = format!("/v1/products/{}", unique("sku"));
    let made = operator.put(&path, &offer("9.9")).await;
    let product = made.ok(201);
    assert_eq!(
        (&product["price"], &product["stock"], &product["active"]),
        (&json!("9.90"), &json!(7), &json!(true))
    );
    let read = shared().client().get(&path).await;
    assert_eq!(read.ok(200), product, "anyone may look");
    assert_eq!(read.header("etag"), made.header("etag"));
    assert_eq!(made.header("etag"), Some(format!("\"{}\"", product["version"]).as_str()));
    let replaced = operator.put(&path, &offer("12")).await.ok(200);
    assert_eq!(replaced["price"], "12.00");
    assert!(replaced["version"].as_i64() > product["version"].as_i64());
    assert_eq!(replaced["createdAt"], product["createdAt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_sent_only_when_it_has_changed() {
    let (operator, client) = (shared().operator().await, shared().client());
    let path = format!("/v1/products/{}", operator.product("5.00", Some(3)).await);
    let tag = client.get(&path).await.header("etag").unwrap().to_owned();
    let unchanged = client.get(&path).header("if-none-match", &tag).await;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
    assert_eq!(unchanged.header("etag"), Some(tag.as_str()));
    operator.put(&path, &offer("6.00")).await.ok(200);
    assert_eq!(client.get(&path).header("if-none-match", &tag).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_does_not_hide_what_was_sold_since_it_began() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let id = operator.product("5.00", Some(3)).await;
    let path = format!("/v1/products/{id}");
    let tag = customer.get(&path).await.header("etag").unwrap().to_owned();
    let read = async |tag: &str| customer.get(&path).header("if-none-match", tag).await;
    let order = customer.order(&id, 2).await;
    let sold = read(&tag).await;
    assert_eq!((&sold.ok(200)["stock"], sold.header("etag")), (&json!(1), Some(tag.as_str())));
    customer.moved(&order, "CANCELLED").await;
    assert_eq!(read(&tag).await.ok(200)["stock"], 3);
    let patched = operator.patch(&path, &json!({"name": "Tea"})).header("if-match", &tag).await;
    patched.ok(200);
    assert_eq!(read(patched.header("etag").unwrap()).await.status, 304, "nothing was sold since");

    let untracked = operator.product("5.00", None).await;
    customer.order(&untracked, 2).await;
    let path = format!("/v1/products/{untracked}");
    assert_eq!(customer.get(&path).header("if-none-match", "\"1\"").await.status, 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_new_is_not_overwritten() {
    let operator = shared().operator().await;
    let path = format!("/v1/products/{}", unique("sku"));
    let create = async |price: &str| operator.put(&path, &offer(price)).header("if-none-match", "*").await;
    create("5.00").await.ok(201);
    create("6.00").await.refused(412, "precondition-failed");
    assert_eq!(operator.get(&path).await.ok(200)["price"], "5.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_is_not_spoken_of_stays() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let id = operator.product("5.00", Some(7)).await;
    let path = format!("/v1/products/{id}");
    customer.order(&id, 2).await;
    let silent = json!({"name": "Tea", "price": "6.00", "currency": "CNY"});
    assert_eq!(operator.put(&path, &silent).await.ok(200)["stock"], 5, "not unlimited, not brought back");
    assert_eq!(operator.put(&path, &offer("6.00")).await.ok(200)["stock"], 7);
    let mut untracked = offer("6.00");
    untracked["stock"] = Value::Null;
    assert_eq!(operator.put(&path, &untracked).await.ok(200)["stock"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_changes_what_it_names() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let id = operator.product_in("JPY", "500", Some(7)).await;
    let path = format!("/v1/products/{id}");
    let mut expected = operator.get(&path).await.ok(200);
    customer.order(&id, 1).await;
    expected["stock"] = json!(6);
    for (member, value, version) in [
        ("name", json!("Green tea"), 2),
        ("price", json!("400"), 3),
        ("active", json!(false), 4),
        ("stock", json!(9), 5),
        ("stock", Value::Null, 6),
    ] {
        let patched = operator.patch(&path, &json!({member: value})).await;
        (expected[member], expected["version"]) = (value, json!(version));
        let product = patched.ok(200);
        expected["updatedAt"] = product["updatedAt"].clone();
        assert_eq!(product, expected, "{member}");
        assert_eq!(patched.header("etag"), Some(format!("\"{version}\"").as_str()));
    }
    assert_eq!(operator.patch(&path, &json!({})).await.ok(200), expected, "nothing, and no new version");
    operator
        .patch(&path, &json!({"price": "1"}))
        .header("if-match", "\"5\"")
        .await
        .refused(412, "precondition-failed");
    for (member, value) in [
        ("currency", json!("CNY")),
        ("price", json!("4.5")),
        ("price", Value::Null),
        ("name", json!("")),
        ("name", Value::Null),
        ("active", Value::Null),
        ("stock", json!(-1)),
    ] {
        let reply = operator.patch(&path, &json!({member: value})).await;
        assert_eq!(reply.faults(), [format!("/{member}")], "{value}");
    }
    assert_eq!(operator.get(&path).await.ok(200), expected);
    let absent = format!("/v1/products/{}", unique("sku"));
    operator.patch(&absent, &json!({"name": "Tea"})).await.refused(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_with_one_key_changes_a_product_once() {
    let operator = shared().operator().await;
    let path = format!("/v1/products/{}", operator.product("5.00", Some(3)).await);
    let (put, patch) = (unique("key"), unique("key"));
    let first = operator.put(&path, &offer("6.00")).idempotent(&put).await;
    let cheaper = operator.patch(&path, &json!({"price": "4.00"})).idempotent(&patch).await;
    operator.patch(&path, &json!({"price": "3.00"})).await.ok(200);
    let again = operator.put(&path, &offer("6.00")).idempotent(&put).await;
    assert!(again.is_replayed() && again.text == first.text && again.status == 200, "{}", again.text);
    let again = operator.patch(&path, &json!({"price": "4.00"})).idempotent(&patch).await;
    assert!(again.is_replayed() && again.text == cheaper.text, "{}", again.text);
    assert_eq!(operator.get(&path).await.ok(200)["price"], "3.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_replacement_changes_nothing() {
    let operator = shared().operator().await;
    let path = format!("/v1/products/{}", operator.product("5.00", Some(3)).await);
    let tag = operator.get(&path).await.header("etag").unwrap().to_owned();
    operator.put(&path, &offer("6.00")).header("if-match", &tag).await.ok(200);
    operator.put(&path, &offer("7.00")).header("if-match", &tag).await.refused(412, "precondition-failed");
    assert_eq!(operator.get(&path).await.ok(200)["price"], "6.00");
    let absent = format!("/v1/products/{}", unique("sku"));
    operator.put(&absent, &offer("7.00")).header("if-match", "*").await.refused(412, "precondition-failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_offered_is_refused() {
    let operator = shared().operator().await;
    for (member, value) in [
        ("price", json!("0")),
        ("price", json!("-1")),
        ("price", json!("9.999")),
        ("price", json!("1e3")),
        ("price", json!("01.00")),
        ("price", json!(9.99)),
        ("price", json!("99999999999999999999")),
        ("currency", json!("cny")),
        ("currency", json!("XXX1")),
        ("currency", json!("ZZZ")),
        ("stock", json!(-1)),
        ("stock", json!(1.5)),
        ("stock", json!("7")),
        ("active", json!("yes")),
        ("name", json!("")),
        ("name", json!("x".repeat(501))),
        ("colour", json!("green")),
    ] {
        let reply = put(&operator, member, value.clone()).await;
        assert_eq!(reply.faults(), [format!("/{member}")], "{value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_said_of_a_product_is_the_usual() {
    let operator = shared().operator().await;
    let id = unique("sku");
    let said = json!({"name": "Green tea", "price": "1", "currency": "CNY"});
    let product = operator.put(&format!("/v1/products/{id}"), &said).await.ok(201);
    assert_eq!((&product["stock"], &product["active"]), (&Value::Null, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_is_no_product() {
    let operator = shared().operator().await;
    let reply = operator.put("/v1/products/4242424242424242", &offer("1")).await;
    reply.refused(422, "card-data-refused");
    assert_eq!(reply.faults(), ["productId"]);
    assert!(!reply.text.contains("4242"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scale_follows_the_currency() {
    let operator = shared().operator().await;
    for (currency, given, shown) in
        [("JPY", "500", "500"), ("KWD", "1.5", "1.500"), ("KWD", "1.234", "1.234"), ("CNY", "3", "3.00")]
    {
        let id = operator.product_in(currency, given, None).await;
        let product = operator.get(&format!("/v1/products/{id}")).await.ok(200);
        assert_eq!((&product["price"], &product["currency"]), (&json!(shown), &json!(currency)));
        assert_eq!(product["stock"], Value::Null);
    }
    let mut yen = offer("500.0");
    yen["currency"] = json!("JPY");
    let reply = operator.put(&format!("/v1/products/{}", unique("sku")), &yen).await;
    assert_eq!(reply.faults(), ["/price"], "more digits than the currency has, even if they are zeros");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_shows_every_product_once_though_others_come_in() {
    let (operator, client) = (shared().operator().await, shared().client());
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(operator.product("1.00", None).await);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..1000 {
        let page = client.get(&format!("/v1/products?limit=2{cursor}")).await.ok(200);
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 2);
        seen.extend(data.iter().map(|it| it["productId"].as_str().unwrap().to_owned()));
        if seen.len() == 4 {
            operator.product("1.00", None).await;
        }
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    for id in &made {
        assert_eq!(seen.iter().filter(|it| *it == id).count(), 1, "{id} in {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inactive_product_cannot_be_ordered() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let id = operator.product("5.00", Some(3)).await;
    let mut retired = offer("5.00");
    retired["active"] = json!(false);
    operator.put(&format!("/v1/products/{id}"), &retired).await.ok(200);
    let body = json!({"items": [crate::harness::item(&id, 1)]});
    let reply = customer.post_once("/v1/orders", &body).await;
    reply.refused(422, "unknown-product");
    assert_eq!(reply.faults(), ["/items/0/productId"]);
    let listed = async || {
        let all = shared().client().all("/v1/products").await;
        all.iter().all(|it| it["productId"] != json!(id)).then_some(())
    };
    eventually("it is not listed", crate::harness::PATIENCE, listed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_is_the_one_of_the_moment() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let id = operator.product("5.00", None).await;
    let before = customer.order(&id, 1).await;
    operator.put(&format!("/v1/products/{id}"), &offer("8.00")).await.ok(200);
    let after = customer.order(&id, 1).await;
    assert_eq!((&before["amount"], &after["amount"]), (&json!("5.00"), &json!("8.00")));
    assert_eq!(customer.reread(&before).await["amount"], "5.00", "an order keeps what it was placed at");
}
