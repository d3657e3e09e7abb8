//! The process dies in the middle of everything.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Asked, Client, Diary, Server, Shelf, eventually, field, gateway, item};

/// How many clients ask at once.
const CLIENTS: usize = 12;
/// How many answers come before the process dies.
const ANSWERS_BEFORE: usize = 60;
/// More than any client asks before that.
const ASKED_MAX: usize = 500;
const STOCK: u32 = 100_000;

/// Asks, writes down what was asked and answered; `None` once the server does not answer any more.
async fn ask(client: &Client, diary: &Diary, mut asked: Asked) -> Option<Value> {
    let answer = asked.send(client).await;
    asked.answer.clone_from(&answer);
    diary.note(asked);
    answer.map(|it| it.ok(201))
}

/// Places and pays orders until the server dies.
async fn shop(client: Client, diary: Diary, product: String, seed: usize) {
    for at in 0..ASKED_MAX {
        let order = Asked::new("/v1/orders", json!({"items": [item(&product, 1)]}));
        let Some(order) = ask(&client, &diary, order).await else { return };
        let token = ["tok_visa", "tok_timeout", "tok_declined"][(seed + at) % 3];
        let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
        let payment = Asked::new(&path, gateway(token, ["AUTOMATIC", "MANUAL"][at % 2]));
        if ask(&client, &diary, payment).await.is_none() {
            return;
        }
    }
}

/// One storm, one death, one look at what is left: at the heir, or else at the same server after a new start.
async fn die_and_look(server: &mut Server, heir: Option<&Server>) {
    let operator = server.operator().await;
    let product = operator.product("3.00", Some(STOCK)).await;
    let mut clients = JoinSet::new();
    let mut people = Vec::new();
    for seed in 0..CLIENTS {
        let customer = server.customer().await;
        let diary = Diary::default();
        people.push((customer.clone(), diary.clone()));
        clients.spawn(shop(customer, diary, product.clone(), seed));
    }
    let answered = async || {
        let answered: usize = people.iter().map(|(_, diary)| diary.answers()).sum();
        (answered >= ANSWERS_BEFORE).then_some(())
    };
    eventually("the storm is on", crate::harness::PATIENCE, answered).await;
    server.kill9();
    clients.join_all().await;
    let address = match heir {
        Some(heir) => heir.address(),
        None => {
            server.restart();
            server.address()
        }
    };
    let operator = operator.at(address);
    let mut orders = 0;
    for (customer, diary) in &people {
        orders += diary.ask_again(&customer.at(address)).await;
    }
    let lost: usize = people.iter().map(|(_, diary)| diary.unanswered()).sum();
    assert!(lost > 0, "it died while a client waited");
    operator.settled().await;
    let of_product =
        operator.check_invariants(&[Shelf { product: product.clone(), initial: STOCK.into() }]).await;
    let of_product = of_product.iter().filter(|it| it["items"][0]["productId"] == json!(product)).count();
    assert_eq!(of_product, orders);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_is_lost_and_nothing_is_done_twice() {
    let mut server = Server::with(&[]);
    for _ in 0..2 {
        die_and_look(&mut server, None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_instance_goes_on_where_one_has_died() {
    let mut server = Server::with(&[]);
    let heir = server.beside(&[]);
    die_and_look(&mut server, Some(&heir)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_logged_in_still_is_and_who_was_not_is_not() {
    let mut server = Server::with(&[]);
    let (stays, leaves) = (server.customer().await, server.customer().await);
    leaves.post("/v1/auth/logout", &json!({})).await.ok(204);
    server.kill9();
    server.restart();
    let (stays, leaves) = (stays.at(server.address()), leaves.at(server.address()));
    stays.get("/v1/me").await.ok(200);
    leaves.get("/v1/me").await.refused(401, "unauthorized");
    let refresh = json!({"refreshToken": leaves.refresh_token});
    leaves.post("/v1/auth/refresh", &refresh).await.refused(401, "refresh-token-invalid");
    let refresh = json!({"refreshToken": stays.refresh_token});
    stays.post("/v1/auth/refresh", &refresh).await.ok(200);
}
