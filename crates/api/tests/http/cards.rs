//! Card numbers in requests: refused however they are written, and nothing else is.

use serde_json::json;

use crate::harness::{PASSWORD, Person, item, shared, unique};

/// Ways to write a card number in a text.
const SPELLINGS: [&str; 12] = [
    "4242424242424242",
    "4242 4242 4242 4242 12/27",
    "4242.4242.4242.4242",
    "4242/4242/4242/4242",
    "4242\u{a0}4242\u{a0}4242\u{a0}4242",
    "４２４２４２４２４２４２４２４２",
    "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢",
    "4242424242424242 5555555555554444",
    "x4242424242424242y",
    "4242--4242--4242--4242",
    "3782 822463 10005",
    "6205500000000000004",
];
/// Ways to write one in a word of ASCII.
const WORDS: [&str; 4] =
    ["4242424242424242", "4242.4242.4242.4242", "4242-4242_4242-4242", "x4242424242424242y"];
/// What is none: a barcode, an IMEI, an order number, parcel numbers.
const HONEST: [&str; 5] =
    ["6921168509256", "356938035643809", "5439382847007", "00340434161094042557", "1Z999AA10123456784"];

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_is_refused_in_any_text_however_it_is_written() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let transitions = format!("/v1/orders/{}/transitions", order["orderNumber"].as_str().unwrap());
    for text in SPELLINGS {
        let reply = customer.post(&transitions, &json!({"to": "CANCELLED", "reason": text})).await;
        reply.refused(422, "card-data-refused");
        assert_eq!(reply.faults(), ["/reason"], "{text}");
        let offer = json!({"name": format!("Tea {text}"), "price": "5.00", "currency": "CNY"});
        let reply = operator.put(&format!("/v1/products/{}", unique("sku")), &offer).await;
        reply.refused(422, "card-data-refused");
        assert_eq!(reply.faults(), ["/name"], "{text}");
    }
    for username in WORDS {
        let account = json!({"username": username, "email": "a@example.com", "password": PASSWORD});
        shared().client().post("/v1/auth/register", &account).await.refused(422, "card-data-refused");
    }
    for name in ["cvc", "card_security_code", "CVV2", "verificationValue", "cvn", "csc"] {
        let reply = customer.post(&transitions, &json!({"to": "CANCELLED", name: 123})).await;
        reply.refused(422, "card-data-refused");
        assert_eq!(reply.faults(), [format!("/{name}")]);
    }
    let note =
        json!({"metadata": {"noteId": "card 4242 4242 4242 4242", "invoiceId": "sku-4242424242424242"}});
    let number = order["orderNumber"].as_str().unwrap();
    let reply = customer.patch(&format!("/v1/orders/{number}"), &note).await;
    reply.refused(422, "card-data-refused");
    assert_eq!(reply.faults(), ["/metadata/noteId"], "a text is no id, whatever its name");
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_or_a_product_is_refused_only_when_it_is_a_card_number_as_a_whole() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("5.00", None).await;
    let offer = json!({"name": "Tea", "price": "5.00", "currency": "CNY"});
    let order = json!({"items": [item(&product, 1)]});
    for card in ["4242424242424242", "4242-4242-4242-4242", "378282246310005"] {
        let said =
            operator.put(&format!("/v1/products/{card}"), &offer).await.refused(422, "card-data-refused");
        assert_eq!(said["errors"][0]["detail"], "Must not have a card number as the product's id.");
        let said =
            customer.post("/v1/orders", &order).idempotent(card).await.refused(422, "card-data-refused");
        assert_eq!(said["errors"][0]["detail"], "Must not have a card number as its idempotency key.");
        let reply = customer.post_once("/v1/orders", &json!({"items": [item(card, 1)]})).await;
        reply.refused(422, "card-data-refused");
        assert_eq!(reply.faults(), ["/items/0/productId"]);
    }
    for honest in HONEST.into_iter().chain(["sku-4242424242424242", "42424242-4242-4242-adc4-5ccbde4d30e6"]) {
        operator.put(&format!("/v1/products/{honest}"), &offer).await.ok(201);
        let order = json!({"items": [item(honest, 1)]});
        customer.post("/v1/orders", &order).idempotent(honest).await.ok(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn barcodes_devices_and_parcels_can_be_written_about() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("5.00", None).await;
    for honest in HONEST {
        let order = customer.order(&product, 1).await;
        let path = format!("/v1/orders/{}/transitions", order["orderNumber"].as_str().unwrap());
        let reason = format!("wrong one: {honest} of 30.11.2026 08:30:00, to DE12 5001 0517 0648 4898 90");
        customer.post(&path, &json!({"to": "CANCELLED", "reason": reason})).await.ok(200);
    }
    let person = Person {
        username: unique("5439382847007."),
        email: format!("{}@example.com", unique("356938035643809")),
    };
    person.register(&shared().client()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_that_holds_a_card_number_is_replaced() {
    for word in WORDS {
        let reply = shared().client().get("/healthz").header("x-request-id", word).await;
        assert_ne!(reply.header("x-request-id").unwrap(), word);
    }
    for honest in HONEST {
        let reply = shared().client().get("/healthz").header("x-request-id", honest).await;
        assert_eq!(reply.header("x-request-id").unwrap(), honest);
    }
    let log = shared().log();
    assert!(WORDS.iter().all(|it| !log.contains(it)));
}
