//! Placing an order.

use serde_json::{Value, json};

use crate::harness::{Client, Reply, field, item, shared};

async fn place(client: &Client, items: Value) -> Reply {
    client.post_once("/v1/orders", &json!({"items": items})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_what_the_contract_shows() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("9.99", Some(10)).await;
    let reply = place(&customer, json!([{"productId": tea, "quantity": 2, "price": "9.99"}])).await;
    let order = reply.ok(201);
    let number = field(&order, "orderNumber");
    assert!(number.len() >= 20 && number.parse::<u64>().is_err(), "unguessable: {number}");
    assert_eq!(reply.header("location"), Some(format!("/v1/orders/{number}").as_str()));
    assert_eq!(reply.header("etag"), Some("\"1\""));
    assert_eq!(
        order["items"],
        json!([
            {"productId": tea, "name": "Tea", "quantity": 2, "price": "9.99", "subtotal": "19.98"}
        ])
    );
    for (name, value) in [
        ("status", json!("PENDING")),
        ("version", json!(1)),
        ("amount", json!("19.98")),
        ("currency", json!("CNY")),
        ("allowedTransitions", json!(["CANCELLED"])),
    ] {
        assert_eq!(order[name], value, "{name}");
    }
    let time = |name: &str| {
        let text = field(&order, name);
        assert!(text.len() == 24 && text.ends_with('Z'), "milliseconds, UTC: {text}");
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    };
    assert_eq!(time("createdAt"), time("updatedAt"));
    assert_eq!(time("expiresAt") - time("createdAt"), 30 * 60 * 1000);
    assert_eq!(customer.reread(&order).await, order);
    assert_eq!(operator.stock(&tea).await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_one_product_are_merged_and_the_server_prices_them() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (tea, cup) = (operator.product("0.10", Some(10)).await, operator.product("0.20", None).await);
    let order = place(&customer, json!([item(&tea, 1), item(&cup, 3), item(&tea, 2)])).await.ok(201);
    assert_eq!(order["amount"], "0.90");
    let lines: Vec<_> =
        order["items"].as_array().unwrap().iter().map(|it| (&it["productId"], &it["quantity"])).collect();
    assert_eq!(lines, [(&json!(tea), &json!(3)), (&json!(cup), &json!(3))]);
    assert_eq!(operator.stock(&tea).await, 7);
    let short = place(&customer, json!([item(&tea, 4), item(&tea, 4)])).await;
    short.refused(409, "out-of-stock");
    assert_eq!(short.json()["errors"].as_array().unwrap().len(), 2, "both lines: {}", short.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_quantity_that_is_too_large_is_named_with_all_other_faults() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("0.10", None).await;
    let items = json!([item(&tea, 9_999), item(&tea, 1)]);
    let both = ["/items/0/quantity", "/items/1/quantity"];
    assert_eq!(place(&customer, items.clone()).await.faults(), both);
    let beside = customer.post_once("/v1/orders", &json!({"items": items, "reference": ""})).await;
    assert_eq!(beside.faults(), [both.as_slice(), &["/reference"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_the_buyer_did_not_see_is_not_charged() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("9.90", Some(10)).await;
    for seen in ["9.89", "0.01", "990"] {
        let reply = place(&customer, json!([{"productId": tea, "quantity": 1, "price": seen}])).await;
        reply.refused(409, "price-changed");
    }
    assert_eq!(operator.stock(&tea).await, 10, "nothing was made");
    assert!(customer.all("/v1/orders").await.is_empty());
    place(&customer, json!([{"productId": tea, "quantity": 1, "price": "9.9"}])).await.ok(201);
    let fine = place(&customer, json!([{"productId": tea, "quantity": 1, "price": "9.901"}])).await;
    assert_eq!(fine.faults(), ["/items/0/price"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_exact_in_every_currency() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    for (currency, price, quantity, amount) in
        [("JPY", "333", 3, "999"), ("KWD", "0.333", 3, "0.999"), ("CNY", "0.01", 9999, "99.99")]
    {
        let product = operator.product_in(currency, price, None).await;
        let order = place(&customer, json!([item(&product, quantity)])).await.ok(201);
        assert_eq!((&order["amount"], &order["currency"]), (&json!(amount), &json!(currency)));
    }
    let dear = operator.product("900000000000000.00", None).await;
    assert!(!place(&customer, json!([item(&dear, 2)])).await.faults().is_empty(), "too large, not wrapped");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_has_one_currency() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (tea, sake) =
        (operator.product("9.90", Some(5)).await, operator.product_in("JPY", "900", Some(5)).await);
    let reply = place(&customer, json!([item(&tea, 1), item(&sake, 1)])).await;
    reply.refused(422, "mixed-currencies");
    assert_eq!(reply.faults(), ["/items/1/productId"]);
    assert_eq!((operator.stock(&tea).await, operator.stock(&sake).await), (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_short_lines_are_named_and_nothing_is_reserved() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let plenty = operator.product("1.00", Some(100)).await;
    let (few, none) = (operator.product("1.00", Some(2)).await, operator.product("1.00", Some(0)).await);
    let reply = place(&customer, json!([item(&few, 3), item(&plenty, 1), item(&none, 1)])).await;
    reply.refused(409, "out-of-stock");
    let errors = reply.json()["errors"].clone();
    let lines: Vec<_> = errors.as_array().unwrap().iter().map(|it| field(it, "pointer").to_owned()).collect();
    assert_eq!(lines, ["/items/0", "/items/2"]);
    assert_eq!(
        [operator.stock(&plenty).await, operator.stock(&few).await, operator.stock(&none).await],
        [100, 2, 0]
    );
    place(&customer, json!([item(&few, 2)])).await.ok(201);
    assert_eq!(operator.stock(&few).await, 0, "the last ones can be bought");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_unknown_products_are_named() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("1.00", Some(5)).await;
    let reply = place(&customer, json!([item("no-such", 1), item(&tea, 1), item("nor-such", 1)])).await;
    reply.refused(422, "unknown-product");
    assert_eq!(reply.faults(), ["/items/0/productId", "/items/2/productId"]);
    assert_eq!(operator.stock(&tea).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_has_1_to_100_lines() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let tea = operator.product("1.00", None).await;
    assert_eq!(place(&customer, json!([])).await.faults(), ["/items"]);
    assert_eq!(place(&customer, json!(vec![item(&tea, 1); 101])).await.faults(), ["/items"]);
    assert_eq!(place(&customer, json!(vec![item(&tea, 1); 100])).await.ok(201)["amount"], "100.00");
    let many = json!([item(&tea, 9_000), item("other", 9_999), item(&tea, 1_000)]);
    assert_eq!(place(&customer, many).await.faults(), ["/items/0/quantity", "/items/2/quantity"]);
    place(&customer, json!([item(&tea, 9_000), item(&tea, 999)])).await.ok(201);
    for quantity in [json!(0), json!(10_000), json!(-1), json!(1.5), json!("1"), json!(null)] {
        let reply = place(&customer, json!([{"productId": tea, "quantity": quantity}])).await;
        assert_eq!(reply.faults(), ["/items/0/quantity"], "{quantity}");
    }
}
