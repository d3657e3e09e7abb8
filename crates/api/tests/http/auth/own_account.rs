//! What users change of their own accounts besides the password: the address, other sessions, and the end.

use std::time::Duration;

use serde_json::{Value, json};
use test_servers::SmtpServer;

use crate::harness::{Client, PASSWORD, Person, Server, eventually, field, is_dead, item, shared, unique};

/// Sweeps run once a second; the bound allows for a machine that does other things too.
const SOON: Duration = Duration::from_secs(30);

fn new_email(email: &str, password: &str) -> Value {
    json!({"email": email, "currentPassword": password})
}

fn erase(client: &Client, password: &str) -> crate::harness::Request {
    client.delete("/v1/me").json(&json!({"currentPassword": password}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_logs_in_and_the_old_one_does_not() {
    let person = Person::new("mover");
    let client = person.register(&shared().client()).await;
    let other = person.login(&client).await;
    let next = format!("{}@example.com", unique("moved"));
    let moved = client.put("/v1/me/email", &new_email(&next, PASSWORD)).await.ok(200);
    assert_eq!((&moved["email"], &moved["username"]), (&json!(next), &json!(person.username)));
    assert_eq!(client.get("/v1/me").await.ok(200), moved, "at once");
    is_dead(&other).await;
    let login = |name: &str| client.post("/v1/auth/login", &json!({"username": name, "password": PASSWORD}));
    login(&person.email).await.refused(401, "invalid-credentials");
    login(&next.to_uppercase()).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_and_a_wrong_password_change_nothing() {
    let (person, other) = (Person::new("mover"), Person::new("owner"));
    let client = person.register(&shared().client()).await;
    other.register(&shared().client()).await;
    let taken = new_email(&other.email.to_uppercase(), PASSWORD);
    client.put("/v1/me/email", &taken).await.refused(409, "email-taken");
    let wrong = new_email(&other.email, "not the password");
    client.put("/v1/me/email", &wrong).await.refused(403, "wrong-password");
    assert_eq!(
        client.put("/v1/me/email", &json!({"email": "a@erased.invalid"})).await.faults(),
        ["/currentPassword", "/email"]
    );
    assert_eq!(client.get("/v1/me").await.ok(200)["email"], json!(person.email));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_address_hears_of_the_new_one() {
    let mails = SmtpServer::start().unwrap();
    let server = Server::with(&[("IDEM_SMTP_URL", &mails.url()), ("IDEM_SMTP_FROM", "shop@example.com")]);
    let person = Person::new("mover");
    let client = person.register(&server.client()).await;
    let next = format!("{}@example.com", unique("moved"));
    let ask = || client.put("/v1/me/email", &new_email(&next, PASSWORD)).idempotent("move");
    ask().await.ok(200);
    assert!(ask().await.is_replayed());
    let look = async || mails.mails().first().cloned();
    let mail = eventually("the notice has come", SOON, look).await;
    assert_eq!(mail.to, person.email);
    assert!(!mail.content.contains(&next), "the new address stays private");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_other_sessions_end_and_this_one_stays() {
    let person = Person::new("careful");
    let client = person.register(&shared().client()).await;
    let others = [person.login(&client).await, person.login(&client).await];
    client.delete("/v1/me/sessions").await.ok(204);
    for other in &others {
        is_dead(other).await;
    }
    client.get("/v1/me").await.ok(200);
    let left = client.get("/v1/me/sessions").await.ok(200);
    assert_eq!(left["data"].as_array().unwrap().len(), 1);
    client.delete("/v1/me/sessions").await.ok(204);
}

/// An order with everything that is personal, which is cancelled.
async fn cancelled_order(customer: &Client, product: &str) -> Value {
    let body = json!({
        "items": [item(product, 1)],
        "reference": "PO-7",
        "metadata": {"note": "for Ada Lovelace"},
        "contact": {"name": "Ada Lovelace", "email": "ada@lovelace.example", "phone": "+49 30 1234-5"},
        "shippingAddress": {
            "lines": ["Unter den Linden 1"], "city": "Berlin", "region": null, "postalCode": "10117", "country": "DE"
        }
    });
    let order = customer.post_once("/v1/orders", &body).patiently().await.ok(201);
    customer.moved(&order, "CANCELLED").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_account_leaves_its_orders_and_nothing_personal() {
    let server = Server::with(&[]);
    let second = server.beside(&[]);
    let (operator, person) = (server.operator().await, Person::new("leaver"));
    let product = operator.product("1.00", None).await;
    let client = person.register(&server.client()).await;
    let there = client.at(second.address());
    there.get("/v1/me").await.ok(200);
    let id = client.get("/v1/me").await.ok(200)["id"].clone();
    let before = cancelled_order(&client, &product).await;
    let path = format!("/v1/orders/{}", field(&before, "orderNumber"));
    operator.get(&path).await.ok(200);
    erase(&client, PASSWORD).await.ok(204);
    for client in [&client, &there] {
        is_dead(client).await;
    }
    let refresh = json!({"refreshToken": client.refresh_token});
    client.post("/v1/auth/refresh", &refresh).await.refused(401, "refresh-token-invalid");
    for name in [&person.username, &person.email] {
        let login = json!({"username": name, "password": PASSWORD});
        client.post("/v1/auth/login", &login).await.refused(401, "invalid-credentials");
    }
    let look = async || {
        let order = operator.get(&path).await.ok(200);
        order["contact"].is_null().then_some(order)
    };
    let after = eventually("the order holds nothing personal", SOON, look).await;
    for name in ["contact", "shippingAddress", "tracking"] {
        assert!(after[name].is_null(), "{name}");
    }
    assert_eq!((&after["metadata"], &after["reference"]), (&json!({}), &json!("PO-7")));
    for name in ["items", "amount", "status"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    assert_ne!(after["version"], before["version"]);
    assert_eq!(after["customer"]["id"], id);
    let account = operator.get(&format!("/v1/users/{}", id.as_str().unwrap())).await.ok(200);
    assert_eq!(account["disabled"], true);
    let shown = format!("{after}{account}");
    for gone in ["Ada", "lovelace", "Linden", &person.username, &person.email] {
        assert!(!shown.contains(gone), "{gone}: {shown}");
    }
    let opened = json!({"disabled": false});
    let path = format!("/v1/users/{}", id.as_str().unwrap());
    operator.patch(&path, &opened).await.refused(409, "account-erased");
    let again = person.account();
    client.post("/v1/auth/register", &again).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_an_open_order_stays() {
    let (operator, person) = (shared().operator().await, Person::new("buyer"));
    let product = operator.product("1.00", None).await;
    let client = person.register(&shared().client()).await;
    let order = client.order(&product, 1).await;
    erase(&client, "not the password").await.refused(403, "wrong-password");
    erase(&client, PASSWORD).await.refused(409, "open-orders");
    client.get("/v1/me").await.ok(200);
    client.moved(&order, "CANCELLED").await;
    erase(&client, PASSWORD).await.ok(204);
    is_dead(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_operator_is_not_erased() {
    let server = Server::with(&[]);
    let operator = server.operator().await;
    erase(&operator, PASSWORD).await.refused(409, "last-operator");
    operator.get("/v1/users").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "each task is awaited")]
async fn orders_and_an_erasure_at_once_leave_no_order_without_its_owner() {
    let (operator, person) = (shared().operator().await, Person::new("hasty"));
    let product = operator.product("1.00", None).await;
    let client = person.register(&shared().client()).await;
    let id = client.get("/v1/me").await.ok(200)["id"].clone();
    let orders = (0..8).map(|_| {
        let (client, product) = (client.clone(), product.clone());
        tokio::spawn(async move {
            client.post_once("/v1/orders", &json!({"items": [item(&product, 1)]})).await.status
        })
    });
    let orders: Vec<_> = orders.collect();
    let erased = erase(&client, PASSWORD).await.status == 204;
    let mut placed = 0;
    for order in orders {
        placed += usize::from(order.await.unwrap() == 201);
    }
    let listed = operator.all(&format!("/v1/orders?userId={}", id.as_str().unwrap())).await.len();
    assert_eq!(listed, placed);
    assert!(!erased || placed == 0, "erased with {placed} open orders");
}
