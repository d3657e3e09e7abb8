//! The service on the database of the Express app: who was there still is, and goes on.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use crate::{
    harness::{Client, Place, Server},
    stack::Stack,
};

/// The app's tables, and rows in every table and every status.
const TABLES: &str = include_str!("../../../adapters-mysql/tests/record/express/schema.sql");
const ROWS: &str = include_str!("../../../adapters-mysql/tests/record/express/rows.sql");
/// Rows that break every rule that the app does not have.
const ODD_ROWS: &str = include_str!("../../../adapters-mysql/tests/record/express/odd_rows.sql");
/// Every order's amount in the rows, each of the first user's.
const AMOUNTS: [(&str, &str); 10] = [
    ("ORD-1", "10.00"),
    ("ORD-10", "12345678.99"),
    ("ORD-2", "20.00"),
    ("ORD-3", "30.00"),
    ("ORD-4", "40.00"),
    ("ORD-5", "50.00"),
    ("ORD-6", "60.00"),
    ("ORD-7", "70.00"),
    ("ORD-8", "80.00"),
    ("ORD-9", "90.00"),
];

fn adopted() -> Server {
    let place = Place::with(Stack::holding(&format!("{TABLES} {ROWS}")));
    let migrated = place.command(&[]).arg("migrate").output().unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    Server::on(Arc::new(place), &[])
}

async fn login(server: &Server, login: &str, password: &str) -> Client {
    let client = server.client();
    let tokens =
        client.post("/v1/auth/login", &json!({"username": login, "password": password})).await.ok(200);
    client.with_tokens(&tokens)
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_users_log_in_with_their_old_passwords() {
    let server = adopted();
    for (name, password) in [
        ("ada", "battery staple"),
        ("ADA@example.com", "battery staple"),
        ("bob ross", "correct horse"),
        ("bob@example.com", "correct horse"),
    ] {
        login(&server, name, password).await.get("/v1/me").await.ok(200);
    }
    let wrong = json!({"username": "ada", "password": "correct horse"});
    server.client().post("/v1/auth/login", &wrong).await.refused(401, "invalid-credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_orders_are_there_with_their_history_and_go_on_beside_new_ones() {
    let server = adopted();
    let (ada, operator) = (login(&server, "ada", "battery staple").await, server.operator().await);
    let orders = ada.all("/v1/orders").await;
    let amounts: BTreeMap<_, _> =
        orders.iter().map(|it| (text(it, "orderNumber"), text(it, "amount"))).collect();
    assert_eq!(amounts.into_iter().collect::<Vec<_>>(), AMOUNTS);
    for order in &orders {
        let history = ada.history(order).await;
        assert_eq!((&history[0]["fromStatus"], text(&history[0], "toStatus")), (&Value::Null, "PENDING"));
        assert!(history.is_sorted_by(|one, next| one["toStatus"] == next["fromStatus"]), "{history:?}");
        assert_eq!(order["items"].as_array().unwrap().len(), 2);
    }
    let bob = login(&server, "bob@example.com", "correct horse").await;
    bob.get("/v1/orders/ORD-2").await.refused(404, "not-found");

    let paid = ada.get("/v1/orders/ORD-2").await.ok(200);
    let payments = ada.get("/v1/orders/ORD-2/payments").await.ok(200);
    assert_eq!(text(&payments["data"][0], "status"), "CAPTURED");
    assert_eq!(text(&operator.moved(&paid, "PROCESSING").await, "status"), "PROCESSING");

    let product = operator.product("5.00", Some(1)).await;
    let new = ada.order(&product, 1).await;
    ada.pay(&new, "tok_visa").await;
    assert_eq!(text(&ada.reread(&new).await, "status"), "PAID");
    assert_eq!(ada.all("/v1/orders").await.len(), AMOUNTS.len() + 1);
}

#[test]
fn nothing_is_adopted_unasked_and_what_is_adopted_is_said() {
    let place = Place::with(Stack::holding(&format!("{TABLES} {ROWS}")));
    let run = |command: &str| {
        let output = place.command(&[]).args([command]).output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(both).unwrap())
    };
    for command in ["serve", "list-operators"] {
        let (status, said) = run(command);
        assert!(status == Some(1) && said.contains("run `api migrate`"), "{command}: {said}");
    }
    let (status, said) = run("migrate");
    assert_eq!(status, Some(0), "{said}");
    for counted in ["users: 3\n", "orders: 10\n", "items: 20\n", "Every row was adopted.", "is up to date"] {
        assert!(said.contains(counted), "{counted}: {said}");
    }
    let (status, said) = run("migrate");
    assert!(status == Some(0) && !said.contains("dopted") && said.contains("is up to date"), "{said}");
}

/// Whatever the app let happen is no fault of the record. What happens to it afterwards is.
#[test]
fn what_is_adopted_is_in_order() {
    let place = Place::with(Stack::holding(&format!("{TABLES} {ROWS} {ODD_ROWS}")));
    let run = |command: &str| {
        let output = place.command(&[]).args([command]).output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(both).unwrap())
    };
    let (status, said) = run("migrate");
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = run("check");
    assert!(status == Some(0) && said.contains("nothing is wrong"), "{said}");
    for read in ["21 orders", "14 payments"] {
        assert!(said.contains(read), "{said}");
    }
}
