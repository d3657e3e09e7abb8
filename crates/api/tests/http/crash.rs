//! The process dies in the middle of everything.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Client, Reply, Server, Shelf, eventually, field, gateway, item, unique};

/// How many clients ask at once.
const CLIENTS: usize = 12;
/// How many answers come before the process dies.
const ANSWERS_BEFORE: usize = 60;
/// More than any client asks before that.
const ASKED_MAX: usize = 500;
const STOCK: u32 = 100_000;

/// A request with its key, and the answer if there was one.
#[derive(Clone)]
struct Asked {
    path: String,
    body: Value,
    key: String,
    answer: Option<Reply>,
}

impl Asked {
    fn new(path: &str, body: Value) -> Self {
        Self { path: path.to_owned(), body, key: unique("crash"), answer: None }
    }

    async fn send(&self, client: &Client) -> Option<Reply> {
        client.post(&self.path, &self.body).idempotent(&self.key).attempt().await.ok()
    }
}

type Diary = Arc<Mutex<Vec<Asked>>>;

/// Asks, writes down what was asked and answered; `None` once nobody answers any more.
async fn ask(client: &Client, diary: &Diary, mut asked: Asked) -> Option<Value> {
    let answer = asked.send(client).await;
    asked.answer.clone_from(&answer);
    diary.lock().unwrap().push(asked);
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

async fn settled(operator: &Client) {
    let look = async || {
        for order in operator.all("/v1/orders?status=PENDING").await {
            let payments =
                operator.all(&format!("/v1/orders/{}/payments", field(&order, "orderNumber"))).await;
            if payments.iter().any(|it| it["status"] == "PENDING") {
                return None;
            }
        }
        Some(())
    };
    eventually("every open payment is settled", Duration::from_secs(30), look).await;
}

/// One storm, one death, one look at what is left.
async fn die_and_look(server: &mut Server) {
    let operator = server.operator().await;
    let product = operator.product("3.00", Some(STOCK)).await;
    let mut clients = JoinSet::new();
    let mut people = Vec::new();
    for seed in 0..CLIENTS {
        let customer = server.customer().await;
        let diary = Diary::default();
        people.push((customer.clone(), Arc::clone(&diary)));
        clients.spawn(shop(customer, diary, product.clone(), seed));
    }
    let answered = async || {
        let count = |diary: &Diary| diary.lock().unwrap().iter().filter(|it| it.answer.is_some()).count();
        let answered: usize = people.iter().map(|(_, diary)| count(diary)).sum();
        (answered >= ANSWERS_BEFORE).then_some(())
    };
    eventually("the storm is on", Duration::from_secs(20), answered).await;
    server.kill9();
    clients.join_all().await;
    server.restart();

    let operator = operator.at(server.address());
    let mut orders = 0;
    let mut lost = 0;
    for (customer, diary) in &people {
        let customer = customer.at(server.address());
        let asked = diary.lock().unwrap().clone();
        for it in &asked {
            let again = it.send(&customer).await.expect("it answers again");
            match &it.answer {
                Some(first) => {
                    assert_eq!((again.status, &again.text), (first.status, &first.text), "{}", it.path);
                    assert!(again.is_replayed(), "{}", it.path);
                }
                None => lost += 1,
            }
            again.ok(201);
            let third = it.send(&customer).await.expect("it answers again");
            assert_eq!(
                (third.status, &third.text, third.is_replayed()),
                (201, &again.text, true),
                "{}",
                it.path
            );
            orders += usize::from(it.path == "/v1/orders");
        }
        let own = customer.all("/v1/orders").await.len();
        assert_eq!(own, asked.iter().filter(|it| it.path == "/v1/orders").count(), "each once");
    }
    assert!(lost > 0, "it died while somebody waited");
    settled(&operator).await;
    let of_product =
        operator.check_invariants(&[Shelf { product: product.clone(), initial: STOCK.into() }]).await;
    let of_product = of_product.iter().filter(|it| it["items"][0]["productId"] == json!(product)).count();
    assert_eq!(of_product, orders);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_is_lost_and_nothing_is_done_twice() {
    let mut server = Server::with(&[]);
    for _ in 0..2 {
        die_and_look(&mut server).await;
    }
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
