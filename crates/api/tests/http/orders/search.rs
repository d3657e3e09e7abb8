//! Finding orders by a part of what people know about them.

use serde_json::{Value, json};

use crate::harness::{Client, field, item, shared, unique};

async fn find(operator: &Client, query: &str) -> Vec<String> {
    let found = operator.all(&format!("/v1/orders?{query}")).await;
    found.iter().map(|it| field(it, "orderNumber").to_owned()).collect()
}

async fn place(customer: &Client, product: &str, details: Value) -> String {
    let mut body = json!({"items": [item(product, 1)]});
    for (name, value) in details.as_object().unwrap() {
        body[name] = value.clone();
    }
    let order = customer.post_once("/v1/orders", &body).patiently().await.ok(201);
    field(&order, "orderNumber").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_finds_orders_by_a_part_of_any_text() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    let word = unique("seek");
    let contact = json!({"name": format!("Łucja {word}"), "email": format!("{word}@buyer.example"), "phone": "+49 (30) 7654-321"});
    let first = place(&customer, &product, json!({"reference": format!("PO/{word}/17")})).await;
    let second = place(&customer, &product, json!({"contact": contact})).await;
    let third = place(&customer, &product, json!({})).await;
    let upper = word.to_uppercase();
    assert_eq!(find(&operator, &format!("q={upper}")).await, [second.clone(), first.clone()], "newest first");
    assert_eq!(find(&operator, &format!("q={word}&sort=createdAt")).await, [first.clone(), second.clone()]);
    assert_eq!(find(&operator, &format!("q=o/{word}/1")).await, [first.as_str()]);
    assert_eq!(find(&operator, &format!("q={word}%40buyer")).await, [second.as_str()]);
    assert!(find(&operator, "q=307654321").await.contains(&second), "by digits");
    assert_eq!(find(&operator, &format!("q={third}")).await, [third.as_str()]);
    assert_eq!(find(&operator, &format!("q={}", &third[3..20])).await, [third.as_str()]);
    let me = customer.get("/v1/me").await.ok(200);
    for name in [field(&me, "username"), field(&me, "email")] {
        let all = find(&operator, &format!("q={}", &name[1..])).await;
        assert_eq!(all, [third.clone(), second.clone(), first.clone()], "{name}");
    }
    operator.moved(&json!({"orderNumber": first}), "CANCELLED").await;
    let pending = find(&operator, &format!("q={word}&status=PENDING&userId={}", field(&me, "id"))).await;
    assert_eq!(pending, [second.as_str()], "with other filters");
    assert_eq!(find(&operator, &format!("q={third}&status=CANCELLED")).await, [""; 0]);
    assert_eq!(find(&operator, &format!("q={}", unique("nothing"))).await, [""; 0]);
    let page = operator.get(&format!("/v1/orders?q={word}&limit=1")).await.ok(200);
    let next = format!("/v1/orders?q={word}&limit=1&cursor={}", field(&page, "nextCursor"));
    assert_eq!(operator.get(&next).await.ok(200)["data"][0]["orderNumber"], first);
    let other = format!("/v1/orders?q=other&limit=1&cursor={}", field(&page, "nextCursor"));
    assert_eq!(operator.get(&other).await.faults(), ["cursor"], "a cursor belongs to its search");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_for_operators_and_has_three_characters() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    assert_eq!(customer.get("/v1/orders?q=abc").await.faults(), ["q"]);
    for q in ["", "ab", "%20ab%20", &"x".repeat(255)] {
        assert_eq!(operator.get(&format!("/v1/orders?q={q}")).await.faults(), ["q"], "{q}");
    }
    let card = operator.get("/v1/orders?q=4242424242424242").await;
    card.refused(422, "card-data-refused");
}
