//! Stopping and starting again.

use std::time::Duration;

use serde_json::json;

use crate::harness::{PASSWORD, PATIENCE, Person, Place, Server, eventually, field, unique};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_finished_before_it_stops() {
    // More than anything but a password takes, and much less than one.
    const BEGUN: Duration = Duration::from_millis(100);
    // A login takes about a second.
    let mut server = Server::with(&[("IDEM_BCRYPT_COST", "13")]);
    let person = Person::new("slow");
    let client = server.client();
    client.post("/v1/auth/register", &person.account()).await.ok(201);
    let login = client.post("/v1/auth/login", &person.credentials(PASSWORD));
    let before = server.computed();
    let login = tokio::task::JoinSet::from_iter([async move { login.await }]);
    let begun = async || (server.computed() > before + BEGUN).then_some(());
    eventually("the password is being checked", PATIENCE, begun).await;
    server.ask_to_stop();
    let answered = login.join_all().await.remove(0);
    answered.ok(200);
    let stopped = tokio::task::spawn_blocking(move || server.stopped()).await.unwrap();
    assert_eq!(stopped.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_ends_within_its_deadline() {
    // A login takes about a second, which is too long here.
    let server = Server::with(&[("IDEM_BCRYPT_COST", "13"), ("IDEM_REQUEST_DEADLINE", "200ms")]);
    let client = server.client();
    let guess = Person::new("slow").credentials(PASSWORD);
    let late = tokio::time::timeout(PATIENCE, async { client.post("/v1/auth/login", &guess).await });
    late.await.expect("no request hangs").refused(503, "deadline-exceeded");
    let next = async || (client.get("/v1/products").await.status == 200).then_some(());
    eventually("the next one is answered", PATIENCE, next).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_everything() {
    let mut server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(5)).await;
    let order = customer.order(&product, 2).await;
    server.ask_to_stop();
    assert_eq!(server.stopped().code(), Some(0));
    server.restart();
    let (operator, customer) = (operator.at(server.address()), customer.at(server.address()));
    assert_eq!(customer.reread(&order).await, order, "the same tokens are good, the order is there");
    assert_eq!(operator.stock(&product).await, 3);
    customer.pay(&order, "tok_visa").await;
    customer.order_becomes(&order, "PAID").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_takes_no_new_connections() {
    let mut server = Server::with(&[]);
    server.ask_to_stop();
    let address = server.address();
    let gone = async || std::net::TcpStream::connect(address).is_err().then_some(());
    eventually("the server does not listen any more", PATIENCE, gone).await;
    assert_eq!(server.stopped().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_starts_at_once_agree() {
    let place = Place::new();
    // All migrate the same empty database, and make the same secrets if there are none.
    let make = |name: String| {
        let arguments = ["create-operator", "--username", &name, "--email", &format!("{name}@example.com")];
        let mut command = place.command(&[("IDEM_OPERATOR_PASSWORD", PASSWORD)]);
        command.args(arguments).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let started = [make(unique("first")), make(unique("second")), make(unique("third"))];
    for child in started {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_does_not_cut_an_order_in_half() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(100)).await;
    let body = json!({"items": [crate::harness::item(&product, 1)]});
    let mut keys = Vec::new();
    for wait in 0..20 {
        let key = unique("gone");
        let order = customer.post("/v1/orders", &body).idempotent(&key);
        let _ = tokio::time::timeout(Duration::from_micros(wait * 300), order.attempt()).await;
        keys.push(key);
    }
    for key in &keys {
        let again = customer.post("/v1/orders", &body).idempotent(key).await.ok(201);
        field(&again, "orderNumber");
    }
    let shelf = crate::harness::Shelf { product, initial: 100 };
    assert_eq!(operator.check_invariants(&[shelf]).await.len(), keys.len());
}
