//! Stock adjustments, and who changed what of a product.

use serde_json::{Value, json};

use crate::harness::{field, shared, unique};

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_is_relative_and_says_who_made_it() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let id = operator.product("5.00", Some(10)).await;
    let path = format!("/v1/products/{id}/stock-adjustments");
    customer.order(&id, 2).await;
    let broken = json!({"by": -3, "reason": "Three were broken"});
    let made = operator.post_once(&path, &broken).await.ok(201);
    let me = operator.get("/v1/me").await.ok(200)["id"].clone();
    let expected = json!({
        "id": made["id"], "productId": id, "by": -3, "reason": "Three were broken",
        "createdBy": {"type": "OPERATOR", "id": me}, "createdAt": made["createdAt"],
    });
    assert_eq!(made, expected);
    assert_eq!(operator.stock(&id).await, 5);
    operator.adjust(&id, 20).await.ok(201);
    assert_eq!(operator.stock(&id).await, 25);
    let listed = operator.all(&path).await;
    assert_eq!((listed.len(), &listed[0]["by"], &listed[1]), (2, &json!(20), &made), "newest first");
    assert_eq!(operator.get(&format!("/v1/products/{id}")).await.ok(200)["version"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_happens_once() {
    let operator = shared().operator().await;
    let id = operator.product("5.00", Some(10)).await;
    let path = format!("/v1/products/{id}/stock-adjustments");
    let body = json!({"by": -3, "reason": "Broken"});
    operator.post(&path, &body).await.refused(400, "idempotency-key-missing");
    let key = unique("key");
    let first = operator.post(&path, &body).idempotent(&key).await;
    first.ok(201);
    let again = operator.post(&path, &body).idempotent(&key).await;
    assert!(again.is_replayed() && (again.status, &again.text) == (201, &first.text), "{}", again.text);
    let other = json!({"by": -4, "reason": "Broken"});
    operator.post(&path, &other).idempotent(&key).await.refused(422, "idempotency-key-reused");
    assert_eq!((operator.stock(&id).await, operator.all(&path).await.len()), (7, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_for_another_version_is_refused_and_leaves_the_key() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let id = operator.product("5.00", Some(10)).await;
    let path = format!("/v1/products/{id}/stock-adjustments");
    let (key, body) = (unique("key"), json!({"by": -3, "reason": "Counted"}));
    let ask = |tag: &str| operator.post(&path, &body).idempotent(&key).header("If-Match", tag);
    for tag in ["\"2\"", "W/\"1\"", "1"] {
        ask(tag).await.refused(412, "precondition-failed");
    }
    customer.order(&id, 1).await;
    ask("\"1\"").await.ok(201);
    assert!(ask("\"1\"").await.is_replayed());
    operator
        .post(&path, &body)
        .idempotent(&unique("key"))
        .header("If-Match", "\"1\"")
        .await
        .refused(412, "precondition-failed");
    operator.post(&path, &body).idempotent(&unique("key")).header("If-Match", "*").await.ok(201);
    assert_eq!(operator.stock(&id).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_that_cannot_be_is_refused_and_leaves_the_key() {
    let operator = shared().operator().await;
    let id = operator.product("5.00", Some(10)).await;
    let path = format!("/v1/products/{id}/stock-adjustments");
    let key = unique("key");
    let ask = |by: i64| operator.post(&path, &json!({"by": by, "reason": "Counted"})).idempotent(&key);
    let short = ask(-11).await;
    short.refused(409, "out-of-stock");
    assert_eq!(short.json()["errors"][0]["pointer"], "/by");
    assert_eq!(ask(999_999_991).await.faults(), ["/by"], "more than stock can be");
    ask(-10).await.ok(201);
    assert_eq!(operator.stock(&id).await, 0);
    operator.adjust(&unique("sku"), 1).await.refused(404, "not-found");
    operator.adjust(&operator.product("5.00", None).await, 1).await.refused(409, "stock-not-tracked");
    for (body, faults) in [
        (json!({}), vec!["/by", "/reason"]),
        (json!({"by": 0, "reason": "x"}), vec!["/by"]),
        (json!({"by": 1.5, "reason": "x"}), vec!["/by"]),
        (json!({"by": "1", "reason": "x"}), vec!["/by"]),
        (json!({"by": 1_000_000_001, "reason": "x"}), vec!["/by"]),
        (json!({"by": i64::MIN, "reason": ""}), vec!["/by", "/reason"]),
        (json!({"by": 1, "reason": "x", "stock": 5}), vec!["/stock"]),
    ] {
        assert_eq!(operator.post_once(&path, &body).await.faults(), faults, "{body}");
    }
    assert_eq!(operator.all(&path).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_price_and_stock_says_who_made_it() {
    let operator = shared().operator().await;
    let id = operator.product("5.00", Some(10)).await;
    let path = format!("/v1/products/{id}");
    operator.patch(&path, &json!({"price": "6.00"})).await.ok(200);
    operator.adjust(&id, -3).await.ok(201);
    operator.patch(&path, &json!({"stock": 4, "active": false})).await.ok(200);
    operator.patch(&path, &json!({"stock": null})).await.ok(200);
    let changes = operator.all(&format!("{path}/changes")).await;
    let me = operator.get("/v1/me").await.ok(200)["id"].clone();
    let seen: Vec<_> = changes
        .iter()
        .map(|it| {
            assert_eq!(it["createdBy"], json!({"type": "OPERATOR", "id": me}));
            let stock = (field(it, "stock"), it["quantity"].as_i64());
            (it["version"].as_i64().unwrap(), field(it, "price"), it["active"] == true, stock)
        })
        .collect();
    let expected = [
        (5, "6.00", false, ("SET", None)),
        (4, "6.00", false, ("SET", Some(4))),
        (3, "6.00", true, ("ADJUSTED", Some(-3))),
        (2, "6.00", true, ("KEPT", None)),
        (1, "5.00", true, ("SET", Some(10))),
    ];
    assert_eq!(seen, expected);
    let adjustments = operator.all(&format!("{path}/stock-adjustments")).await;
    assert_eq!(adjustments.len(), 1, "only what was adjusted: {adjustments:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn adjustments_are_listed_page_by_page() {
    let operator = shared().operator().await;
    let id = operator.product("5.00", Some(10)).await;
    for by in 1..=5 {
        operator.adjust(&id, by).await.ok(201);
    }
    let path = format!("/v1/products/{id}/stock-adjustments");
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..3 {
        let next = cursor.as_str().map_or_else(String::new, |it| format!("&cursor={it}"));
        let page = operator.get(&format!("{path}?limit=2{next}")).await.ok(200);
        seen.extend(page["data"].as_array().unwrap().iter().map(|it| it["by"].as_i64().unwrap()));
        cursor = page["nextCursor"].clone();
        // What comes in meanwhile is newer than any page that is to come.
        operator.adjust(&id, 9).await.ok(201);
    }
    assert_eq!((seen, cursor), (vec![5, 4, 3, 2, 1], Value::Null));
    assert_eq!(operator.get(&format!("{path}?cursor=made-up&limit=0")).await.faults(), ["cursor", "limit"]);
    let page = operator.get(&format!("{path}?limit=2")).await.ok(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    let other = operator.product("5.00", Some(10)).await;
    for list in [
        format!("/v1/products/{other}/stock-adjustments"),
        format!("/v1/products/{id}/changes"),
        "/v1/products".to_owned(),
    ] {
        assert_eq!(operator.get(&format!("{list}?cursor={cursor}")).await.faults(), ["cursor"], "{list}");
    }
    let absent = format!("/v1/products/{}/stock-adjustments", unique("sku"));
    operator.get(&absent).await.refused(404, "not-found");
}
