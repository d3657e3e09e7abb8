//! What clients store with orders.

use serde_json::{Value, json};

use crate::harness::{Client, Reply, Request, field, item, shared, unique};

/// Every member that an order can be placed with.
fn details() -> Value {
    json!({
        "reference": "PO-2026/77",
        "metadata": {"channel": "web", "note": " two\nlines ", "empty": ""},
        "contact": {"name": " Ada Lovelace", "email": "Ada@Example.com", "phone": "+49 (30) 1234-5"},
        "shippingAddress": {
            "lines": ["Unter den Linden 1", "名"], "city": "Berlin", "region": null, "postalCode": "10117", "country": "DE"
        }
    })
}

fn body(product: &str, details: &Value) -> Value {
    let mut body = details.clone();
    body["items"] = json!([item(product, 1)]);
    body
}

async fn place(client: &Client, product: &str, details: &Value) -> Value {
    client.post_once("/v1/orders", &body(product, details)).patiently().await.ok(201)
}

fn edit(client: &Client, order: &Value, patch: &Value) -> Request {
    client.patch(&format!("/v1/orders/{}", field(order, "orderNumber")), patch)
}

fn move_to(client: &Client, order: &Value, ask: &Value) -> Request {
    client.post(&format!("/v1/orders/{}/transitions", field(order, "orderNumber")), ask)
}

/// An operator, a customer, and a product that the customer can order.
async fn shop() -> (Client, Client, String) {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    (operator, customer, product)
}

/// A paid order that is being processed.
async fn processed(operator: &Client, customer: &Client, product: &str) -> Value {
    let order = customer.order(product, 1).await;
    customer.pay(&order, "tok_visa").await;
    customer.order_becomes(&order, "PAID").await;
    operator.moved(&order, "PROCESSING").await
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_kept_and_shown_as_they_were_sent() {
    let (_, customer, product) = shop().await;
    let key = unique("key");
    let ask = || customer.post("/v1/orders", &body(&product, &details())).idempotent(&key);
    let first = ask().patiently().await;
    let order = first.ok(201);
    for name in ["reference", "metadata", "contact", "shippingAddress"] {
        assert_eq!(order[name], details()[name], "{name}");
    }
    assert_eq!((&order["tracking"], order.get("customer")), (&Value::Null, None));
    assert_eq!(customer.reread(&order).await, order);
    assert_eq!(customer.all("/v1/orders").await, [order]);
    let again = ask().patiently().await;
    assert!(again.is_replayed());
    assert_eq!(again.text, first.text, "byte for byte");
    let mut other = body(&product, &details());
    other["metadata"]["channel"] = json!("phone");
    customer.post("/v1/orders", &other).idempotent(&key).await.refused(422, "idempotency-key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_stand_in_the_order_of_the_contract() {
    let (_, customer, product) = shop().await;
    let reply = customer.post_once("/v1/orders", &body(&product, &details())).patiently().await;
    let places: Vec<_> = [
        "\"currency\"",
        "\"allowedTransitions\"",
        "\"reference\"",
        "\"metadata\"",
        "\"contact\"",
        "\"shippingAddress\"",
        "\"tracking\"",
        "\"createdAt\"",
        "\"expiresAt\"",
    ]
    .map(|name| reply.text.find(name).unwrap_or_else(|| panic!("{name}: {}", reply.text)))
    .into();
    assert!(places.is_sorted(), "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_details_says_so() {
    let (_, customer, product) = shop().await;
    for empty in [
        json!({}),
        json!({"reference": null, "metadata": null, "contact": null, "shippingAddress": null}),
        json!({"metadata": {}, "contact": {}}),
        json!({"contact": {"name": null, "email": null}}),
    ] {
        let order = place(&customer, &product, &empty).await;
        assert_eq!(order["metadata"], json!({}));
        for name in ["reference", "contact", "shippingAddress", "tracking"] {
            assert_eq!(order[name], Value::Null, "{name}: {empty}");
        }
    }
    let part = place(&customer, &product, &json!({"contact": {"name": "Ada"}})).await;
    assert_eq!(part["contact"], json!({"name": "Ada", "email": null, "phone": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_named_where_it_is() {
    let (_, customer, product) = shop().await;
    let mut metadata = serde_json::Map::new();
    metadata.insert("k".repeat(41), json!("x"));
    metadata.insert(String::new(), json!("x"));
    metadata.insert("number".to_owned(), json!(1));
    metadata.insert("null".to_owned(), json!(null));
    metadata.insert("long".to_owned(), json!("x".repeat(501)));
    let bad = json!({
        "reference": " PO",
        "metadata": metadata,
        "contact": {"name": "", "email": "nobody", "phone": "none", "fax": "1"},
        "shippingAddress": {"lines": ["ok", "", 7], "city": "a\nb", "postalCode": "x".repeat(21), "country": "de", "zip": "1"},
        "tracking": {"number": "1"}
    });
    let reply = customer.post_once("/v1/orders", &body(&product, &bad)).await;
    let mut expected = vec![
        "/contact/email".to_owned(),
        "/contact/fax".into(),
        "/contact/name".into(),
        "/contact/phone".into(),
        "/metadata/".into(),
        format!("/metadata/{}", "k".repeat(41)),
        "/metadata/long".into(),
        "/metadata/null".into(),
        "/metadata/number".into(),
        "/reference".into(),
        "/shippingAddress/city".into(),
        "/shippingAddress/country".into(),
        "/shippingAddress/lines/1".into(),
        "/shippingAddress/lines/2".into(),
        "/shippingAddress/postalCode".into(),
        "/shippingAddress/zip".into(),
        "/tracking".into(),
    ];
    expected.sort();
    assert_eq!(reply.faults(), expected);
    let many: serde_json::Map<_, _> = (0..51).map(|it| (it.to_string(), json!("x"))).collect();
    for (bad, expected) in [
        (json!({"metadata": many}), vec!["/metadata"]),
        // What a member lacks is named beside what others have too much of.
        (
            json!({"metadata": many, "reference": "", "contact": {"email": "x"}, "shippingAddress": {"postalCode": 5}}),
            vec![
                "/contact/email",
                "/metadata",
                "/reference",
                "/shippingAddress/country",
                "/shippingAddress/lines",
                "/shippingAddress/postalCode",
            ],
        ),
        (
            json!({"metadata": [], "contact": "Ada", "reference": 7}),
            vec!["/contact", "/metadata", "/reference"],
        ),
        (json!({"shippingAddress": {}}), vec!["/shippingAddress/country", "/shippingAddress/lines"]),
        (json!({"shippingAddress": {"lines": [], "country": "DE"}}), vec!["/shippingAddress/lines"]),
        (
            json!({"shippingAddress": {"lines": ["1", "2", "3", "4", "5"], "country": "XX"}}),
            vec!["/shippingAddress/country", "/shippingAddress/lines"],
        ),
    ] {
        assert_eq!(customer.post_once("/v1/orders", &body(&product, &bad)).await.faults(), expected, "{bad}");
    }
    assert!(customer.all("/v1/orders").await.is_empty(), "nothing was placed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_is_refused_in_every_member() {
    let (operator, customer, product) = shop().await;
    let order = customer.order(&product, 1).await;
    let card = "4242 4242 4242 4242";
    for bad in [
        json!({"reference": card}),
        json!({"metadata": {"note": format!("card {card}")}}),
        json!({"metadata": {"4242424242424242": "x"}}),
        json!({"metadata": {"cvc": "123"}}),
        json!({"contact": {"name": card}}),
        json!({"contact": {"phone": card}}),
        json!({"shippingAddress": {"lines": [card], "country": "DE"}}),
    ] {
        let placed = customer.post_once("/v1/orders", &body(&product, &bad)).await;
        placed.refused(422, "card-data-refused");
        edit(&customer, &order, &bad).await.refused(422, "card-data-refused");
    }
    let bad = json!({"tracking": {"number": card}});
    edit(&operator, &order, &bad).await.refused(422, "card-data-refused");
    assert_eq!(customer.reread(&order).await, order);
}

fn etag(reply: &Reply) -> String {
    reply.header("etag").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_patches_a_pending_order() {
    let (_, customer, product) = shop().await;
    let order = place(&customer, &product, &details()).await;
    let patch = json!({
        "reference": null,
        "metadata": {"channel": null, "gift": "yes"},
        "contact": {"phone": null},
        "shippingAddress": {"lines": ["1 Main St"], "city": null, "country": "US"}
    });
    let reply = edit(&customer, &order, &patch).await;
    let after = reply.ok(200);
    assert_eq!((&after["version"], etag(&reply)), (&json!(2), "\"2\"".to_owned()));
    assert_eq!(after["reference"], Value::Null);
    assert_eq!(after["metadata"], json!({"note": " two\nlines ", "empty": "", "gift": "yes"}));
    assert_eq!(after["contact"], json!({"name": " Ada Lovelace", "email": "Ada@Example.com", "phone": null}));
    assert_eq!(
        after["shippingAddress"],
        json!({"lines": ["1 Main St"], "city": null, "region": null, "postalCode": "10117", "country": "US"})
    );
    assert_eq!(customer.reread(&order).await, after);
    assert_eq!(customer.history(&order).await.len(), 1, "no status changed");
    assert!(field(&after, "updatedAt") >= field(&order, "updatedAt"));

    for same in [json!({}), patch] {
        let reply = edit(&customer, &order, &same).await;
        assert_eq!((reply.ok(200), etag(&reply)), (after.clone(), "\"2\"".to_owned()), "{same}");
    }
    let bare = edit(&customer, &order, &json!({"metadata": null, "contact": null, "shippingAddress": null}))
        .await
        .ok(200);
    assert_eq!(
        (&bare["version"], &bare["metadata"], &bare["contact"]),
        (&json!(3), &json!({}), &Value::Null)
    );
    let faults = edit(&customer, &order, &json!({"shippingAddress": {"city": "Rome"}})).await.faults();
    assert_eq!(faults, ["/shippingAddress/country", "/shippingAddress/lines"]);
    assert_eq!(
        edit(&customer, &order, &json!({"items": [], "status": "PAID"})).await.faults(),
        ["/items", "/status"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_is_meant_for_a_version_and_done_once() {
    let (_, customer, product) = shop().await;
    let order = customer.order(&product, 1).await;
    let patch = json!({"reference": "a"});
    edit(&customer, &order, &patch).header("if-match", "\"7\"").await.refused(412, "precondition-failed");
    let key = unique("key");
    let ask = || edit(&customer, &order, &patch).header("if-match", "\"1\"").idempotent(&key);
    let first = ask().await;
    assert_eq!(first.ok(200)["version"], 2);
    edit(&customer, &order, &json!({"reference": "b"})).await.ok(200);
    let again = ask().await;
    assert!(again.is_replayed(), "although the version has moved on");
    assert_eq!(again.text, first.text);
    let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
    assert_eq!(customer.get(&path).header("if-none-match", "\"3\"").await.status, 304);
    assert_eq!(customer.get(&path).header("if-none-match", "\"2\"").await.ok(200)["reference"], "b");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_patch_depends_on_the_order() {
    let (operator, customer, product) = shop().await;
    let stranger = shared().customer().await;
    let order = customer.order(&product, 1).await;
    let patch = json!({"reference": "PO-1"});
    edit(&stranger, &order, &patch).await.refused(404, "not-found");
    let unknown = json!({"orderNumber": "aaaaaaaaaaaaaaaaaaaaaaaaaa"});
    edit(&operator, &unknown, &patch).await.refused(404, "not-found");
    customer.moved(&order, "CANCELLED").await;
    edit(&customer, &order, &patch).await.refused(409, "order-not-editable");
    let after = edit(&operator, &order, &patch).await.ok(200);
    assert_eq!((&after["reference"], &after["version"]), (&json!("PO-1"), &json!(3)));
    let seen = edit(&customer, &order, &patch).await.ok(200);
    assert_eq!(
        (&seen["version"], seen.get("customer")),
        (&json!(3), None),
        "nothing changes, and nothing is shown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_order_is_tracked() {
    let (operator, customer, product) = shop().await;
    let order = processed(&operator, &customer, &product).await;
    let tracking = json!({"carrier": "DHL", "number": "JD 0146-0000", "url": "https://track.example/?id=1"});
    let patch = json!({"tracking": tracking});
    edit(&customer, &order, &patch).await.refused(403, "forbidden");
    edit(&operator, &order, &patch).await.refused(409, "order-not-editable");
    let early = json!({"to": "DELIVERED", "tracking": tracking});
    assert_eq!(move_to(&operator, &order, &early).await.faults(), ["/tracking"]);
    let bad = json!({"to": "SHIPPED", "tracking": {"carrier": "", "url": "javascript:alert(1)", "x": 1}});
    let faults = move_to(&operator, &order, &bad).await.faults();
    assert_eq!(faults, ["/tracking/carrier", "/tracking/url", "/tracking/x"]);

    let shipped = move_to(&operator, &order, &json!({"to": "SHIPPED", "tracking": tracking})).await.ok(200);
    assert_eq!(
        (&shipped["tracking"], shipped["version"].as_i64()),
        (&tracking, order["version"].as_i64().map(|it| it + 1))
    );
    assert_eq!(customer.reread(&order).await["tracking"], tracking);
    let again =
        move_to(&operator, &order, &json!({"to": "SHIPPED", "tracking": {"number": "2"}})).await.ok(200);
    assert_eq!(again, shipped, "it is shipped already");
    let moved = edit(&operator, &order, &json!({"tracking": {"number": "2", "url": null}})).await.ok(200);
    assert_eq!(moved["tracking"], json!({"carrier": "DHL", "number": "2", "url": null}));
    operator.moved(&order, "DELIVERED").await;
    let bare = edit(&operator, &order, &json!({"tracking": null})).await.ok(200);
    assert_eq!(bare["tracking"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_are_shown_the_customer() {
    let (operator, customer, product) = shop().await;
    let order = processed(&operator, &customer, &product).await;
    let me = customer.get("/v1/me").await.ok(200);
    let expected = json!({"id": me["id"], "username": me["username"], "email": me["email"]});
    let number = field(&order, "orderNumber");
    assert_eq!(order["customer"], expected, "after a move");
    // In turn, so that a copy which was made for one of them could reach the other.
    for _ in 0..2 {
        assert_eq!(operator.reread(&order).await["customer"], expected);
        assert_eq!(customer.reread(&order).await.get("customer"), None);
    }
    let listed = operator.all(&format!("/v1/orders?userId={}", field(&me, "id"))).await;
    assert_eq!(listed.iter().map(|it| &it["customer"]).collect::<Vec<_>>(), [&expected]);
    assert_eq!(customer.all("/v1/orders").await[0].get("customer"), None);
    let edited = edit(&operator, &order, &json!({"reference": "PO-1"})).await.ok(200);
    assert_eq!((&edited["customer"], field(&edited, "orderNumber")), (&expected, number));
    let own = operator.order(&product, 1).await;
    assert_eq!(own["customer"]["id"], operator.get("/v1/me").await.ok(200)["id"]);
}
