//! Lists of orders.

use serde_json::{Value, json};

use crate::harness::{Client, field, item, shared, unique};

fn numbers(orders: &[Value]) -> Vec<String> {
    orders.iter().map(|it| field(it, "orderNumber").to_owned()).collect()
}

/// Newest first, as they are listed.
async fn placed(customer: &Client, product: &str, many: usize) -> Vec<Value> {
    let mut placed = Vec::new();
    for _ in 0..many {
        placed.insert(0, customer.order(product, 1).await);
    }
    placed
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_stable_while_others_come_in() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let expected = numbers(&placed(&customer, &product, 7).await);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for length in [3, 3, 1] {
        let page = customer.get(&format!("/v1/orders?limit=3{cursor}")).await.ok(200);
        let data = page["data"].as_array().unwrap();
        assert_eq!(data.len(), length);
        seen.extend(numbers(data));
        placed(&customer, &product, 2).await;
        cursor = format!("&cursor={}", page["nextCursor"].as_str().unwrap_or("end"));
    }
    assert_eq!(cursor, "&cursor=end");
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_20_items_by_default() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let expected = numbers(&placed(&customer, &product, 21).await);
    let page = customer.get("/v1/orders").await.ok(200);
    assert_eq!(numbers(page["data"].as_array().unwrap()), expected[..20]);
    let all = customer.get("/v1/orders?limit=100").await.ok(200);
    assert_eq!((numbers(all["data"].as_array().unwrap()), &all["nextCursor"]), (expected, &Value::Null));
    let exact = customer.get("/v1/orders?limit=21").await.ok(200);
    assert_eq!(exact["nextCursor"], Value::Null, "nothing comes after the last one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_cannot_be_made_up() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    operator.product("1.00", None).await;
    placed(&customer, &product, 2).await;
    let page = customer.get("/v1/orders?limit=1").await.ok(200);
    let cursor = field(&page, "nextCursor");
    let elsewhere = customer.get("/v1/products?limit=1").await.ok(200);
    let flipped: String = cursor.chars().rev().collect();
    let middle = cursor.len() / 2;
    let letter = if cursor.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let changed = format!("{}{letter}{}", &cursor[..middle], &cursor[middle + 1..]);
    for bad in [flipped.as_str(), &changed, &format!("{cursor}x"), field(&elsewhere, "nextCursor"), "", "1"] {
        let reply = customer.get(&format!("/v1/orders?limit=1&cursor={bad}")).await;
        reply.refused(422, "invalid-request");
        assert_eq!(reply.faults(), ["cursor"], "{bad}");
    }
    customer.get(&format!("/v1/orders?limit=1&cursor={cursor}")).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_found_by_status_and_time() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let orders = placed(&customer, &product, 3).await;
    customer.moved(&orders[1], "CANCELLED").await;
    let found = async |query: String| numbers(&customer.all(&format!("/v1/orders?{query}")).await);
    let all = numbers(&orders);
    assert_eq!(found("status=CANCELLED".to_owned()).await, [all[1].clone()]);
    assert_eq!(found("status=PENDING".to_owned()).await, [all[0].clone(), all[2].clone()]);
    assert!(found("status=PAID".to_owned()).await.is_empty());
    let middle = field(&orders[1], "createdAt");
    let after = found(format!("createdAfter={middle}")).await;
    let before = found(format!("createdBefore={middle}")).await;
    assert!(after.contains(&all[0]) && after.contains(&all[1]), "at or after: {after:?}");
    assert!(!before.contains(&all[1]) && !before.contains(&all[0]), "before: {before:?}");
    assert_eq!(after.len() + before.len(), 3, "every order is on one side");
    let offset = "2000-01-01T00:00:00%2B08:00";
    assert_eq!(found(format!("createdAfter={offset}&status=CANCELLED")).await, [all[1].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_finds_the_orders_of_a_user() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let expected = numbers(&placed(&customer, &product, 2).await);
    let user = customer.get("/v1/me").await.ok(200);
    let path = format!("/v1/orders?userId={}", field(&user, "id"));
    assert_eq!(numbers(&operator.all(&path).await), expected);
    assert!(operator.all("/v1/orders?userId=aaaaaaaaaaaaaaaaaaaaaaaaaa").await.is_empty());
    let reply = customer.get(&path).await;
    assert_eq!(reply.faults(), ["userId"], "a parameter for operators");
    assert!(operator.all("/v1/orders?status=PENDING").await.len() >= expected.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_says_whether_there_is_more() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    let number = field(&order, "orderNumber");
    for path in [format!("/v1/orders/{number}/history"), format!("/v1/orders/{number}/payments")] {
        let list = customer.get(&path).await.ok(200);
        assert!(list["data"].is_array() && list["nextCursor"].is_null(), "{list}");
    }
    let first = &customer.history(&order).await[0];
    let user = customer.get("/v1/me").await.ok(200);
    assert_eq!(first["changedBy"], json!({"type": "CUSTOMER", "id": user["id"]}));
    assert_eq!((&first["fromStatus"], &first["reason"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_found_by_several_statuses_and_by_change() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let orders = placed(&customer, &product, 4).await;
    let all = numbers(&orders);
    let cancelled = customer.moved(&orders[3], "CANCELLED").await;
    let found = async |query: &str| numbers(&customer.all(&format!("/v1/orders?{query}")).await);
    assert_eq!(found("status=CANCELLED,PENDING").await, all);
    assert_eq!(found("status=PAID,CANCELLED,PAID").await, [all[3].clone()]);
    assert_eq!(found("sort=-createdAt").await, all);
    assert_eq!(found("sort=createdAt").await, all.iter().rev().cloned().collect::<Vec<_>>());
    let by_change = [&all[3], &all[0], &all[1], &all[2]].map(Clone::clone);
    assert_eq!(found("sort=-updatedAt").await, by_change);
    assert_eq!(found("sort=updatedAt&status=PENDING,CANCELLED").await.last(), Some(&all[3]));
    let changed = field(&cancelled, "updatedAt");
    assert!(found(&format!("updatedAfter={changed}")).await.contains(&all[3]));
    assert!(!found(&format!("updatedBefore={changed}&sort=createdAt")).await.contains(&all[3]));
    for bad in [
        "status=",
        "status=PAID,",
        "status=PAID,LOST",
        "sort=",
        "sort=amount",
        "updatedAfter=now",
        "updatedAfter=20261122T083000Z",
        "updatedAfter=2026-11-22T08:30Z",
        "updatedAfter=2026-11-22",
    ] {
        let reply = customer.get(&format!("/v1/orders?{bad}")).await;
        assert_eq!(reply.faults(), [bad.split('=').next().unwrap()], "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_found_by_reference() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let other = shared().customer().await;
    let product = operator.product("1.00", None).await;
    let reference = unique("PO");
    let body = json!({"items": [item(&product, 1)], "reference": reference});
    let mut own = Vec::new();
    for _ in 0..3 {
        own.insert(0, customer.post_once("/v1/orders", &body).patiently().await.ok(201));
    }
    let theirs = other.post_once("/v1/orders", &body).patiently().await.ok(201);
    customer.order(&product, 1).await;
    let path = format!("/v1/orders?reference={reference}");
    assert_eq!(customer.all(&path).await, own);
    assert_eq!(numbers(&operator.all(&path).await)[..], [&numbers(&[theirs])[..], &numbers(&own)].concat());
    assert!(customer.all("/v1/orders?reference=none").await.is_empty());
    assert!(customer.all(&format!("{path}&status=PAID")).await.is_empty());
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for more in [true, true, false] {
        let page = customer.get(&format!("{path}&sort=updatedAt&limit=1{cursor}")).await.ok(200);
        seen.extend(numbers(page["data"].as_array().unwrap()));
        assert_eq!(page["nextCursor"].is_string(), more, "{page}");
        cursor = format!("&cursor={}", page["nextCursor"].as_str().unwrap_or_default());
    }
    assert_eq!(seen, numbers(&own).into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_its_filters_and_its_sort() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    placed(&customer, &product, 2).await;
    let page = customer.get("/v1/orders?status=PENDING&sort=createdAt&limit=1").await.ok(200);
    let cursor = field(&page, "nextCursor");
    for other in [
        "",
        "status=PENDING&",
        "sort=createdAt&",
        "sort=updatedAt&status=PENDING&",
        "sort=createdAt&status=PAID&",
    ] {
        let reply = customer.get(&format!("/v1/orders?{other}limit=1&cursor={cursor}")).await;
        assert_eq!(reply.faults(), ["cursor"], "{other}");
    }
    let path = format!("/v1/orders?cursor={cursor}&sort=createdAt&limit=5&status=PENDING");
    assert_eq!(customer.get(&path).await.ok(200)["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_finds_orders_by_the_account_of_the_customer() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let expected = numbers(&placed(&customer, &product, 2).await);
    let user = customer.get("/v1/me").await.ok(200);
    let (name, email) = (field(&user, "username").to_uppercase(), field(&user, "email").to_uppercase());
    for query in
        [format!("username={name}"), format!("email={email}"), format!("email={email}&username={name}")]
    {
        assert_eq!(numbers(&operator.all(&format!("/v1/orders?{query}")).await), expected, "{query}");
    }
    let me = operator.get("/v1/me").await.ok(200);
    let both = format!("/v1/orders?email={email}&username={}", field(&me, "username"));
    assert!(operator.all(&both).await.is_empty(), "no user is both");
    assert_eq!(
        operator.get(&format!("/v1/orders?email={name}")).await.faults(),
        ["email"],
        "a name is no address"
    );
    let reply = customer.get(&format!("/v1/orders?email={email}&username={name}&userId=x")).await;
    assert_eq!(reply.faults(), ["email", "userId", "username"], "parameters for operators");
}
