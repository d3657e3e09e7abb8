//! Several instances on one stack: whom one asks makes no difference.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Client, PASSWORD, Person, QUIET, Server, Shelf, field, is_dead, unique};

fn pair() -> (Server, Server) {
    let first = Server::with(QUIET);
    let second = first.beside(QUIET);
    (first, second)
}

fn path(order: &Value) -> String {
    format!("/v1/orders/{}", field(order, "orderNumber"))
}

async fn refreshed(client: Client, token: Value) -> Value {
    client.post("/v1/auth/refresh", &json!({"refreshToken": token})).await.ok(200)
}

/// Everyone who has a copy asks whether it is still good.
async fn stands(clients: &[&Client], order: &Value, version: u64) {
    let tag = |version: u64| format!("\"{version}\"");
    for client in clients {
        let reply = client.get(&path(order)).header("if-none-match", &tag(version - 1)).await;
        assert_eq!(
            (reply.ok(200)["version"].as_u64(), reply.header("etag")),
            (Some(version), Some(&*tag(version)))
        );
        let reply = client.get(&path(order)).header("if-none-match", &tag(version)).await;
        assert_eq!((reply.status, reply.header("etag")), (304, Some(&*tag(version))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_has_written_every_other_reads_at_once() {
    let (first, second) = pair();
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("2.00", Some(100)).await;
    let (mut here, mut there) = ((operator.clone(), customer.clone()), at(&second, &operator, &customer));
    for round in 1..=10 {
        let order = here.1.order(&product, 1).await;
        stands(&[&there.1, &here.1, &there.0], &order, 1).await;
        here.1.pay(&order, "tok_visa").await;
        stands(&[&there.1, &here.1, &there.0], &order, 2).await;
        there.0.moved(&order, "PROCESSING").await;
        stands(&[&here.1, &there.1, &here.0], &order, 3).await;
        assert_eq!(there.1.history(&order).await.len(), 3);
        for client in [&here.1, &there.1] {
            assert_eq!(client.stock(&product).await, 100 - round);
        }
        std::mem::swap(&mut here, &mut there);
    }
}

fn at(server: &Server, operator: &Client, customer: &Client) -> (Client, Client) {
    (operator.at(server.address()), customer.at(server.address()))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reader_goes_back_in_time_between_instances() {
    const READERS: usize = 8;
    let (first, second) = pair();
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("2.00", None).await;
    for _ in 0..3 {
        let order = customer.order(&product, 1).await;
        // The newest version that the session has been answered with.
        let answered = Arc::new(AtomicU64::new(1));
        let mut readers = JoinSet::new();
        for at in 0..READERS {
            let clients = [customer.clone(), customer.at(second.address())];
            let (path, answered) = (path(&order), Arc::clone(&answered));
            readers.spawn(async move {
                for client in clients.iter().cycle().skip(at).take(10_000) {
                    let known = answered.load(Ordering::SeqCst);
                    let version = client.get(&path).await.ok(200)["version"].as_u64().unwrap();
                    assert!(version >= known, "{version} after {known}");
                    answered.fetch_max(version, Ordering::SeqCst);
                    if version == 6 {
                        return;
                    }
                }
                panic!("it has never arrived");
            });
        }
        customer.at(second.address()).pay(&order, "tok_visa").await;
        let operators = [operator.clone(), operator.at(second.address())];
        for (to, operator) in
            ["PROCESSING", "SHIPPED", "DELIVERED", "COMPLETED"].iter().zip(operators.iter().cycle())
        {
            let version = operator.moved(&order, to).await["version"].as_u64().unwrap();
            answered.fetch_max(version, Ordering::SeqCst);
        }
        readers.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refresh_token_at_both_at_once_begins_one_generation() {
    let (first, second) = pair();
    let customer = first.customer().await;
    let mut token = json!(customer.refresh_token);
    for _ in 0..5 {
        let mut asked = JoinSet::new();
        for at in 0..16 {
            let client = if at % 2 == 0 { customer.clone() } else { customer.at(second.address()) };
            asked.spawn(refreshed(client, token.clone()));
        }
        let pairs = asked.join_all().await;
        assert!(pairs.iter().all(|it| *it == pairs[0] && it["refreshToken"] != token), "{pairs:?}");
        token = pairs[0]["refreshToken"].clone();
        for server in [&first, &second] {
            customer.with_tokens(&pairs[0]).at(server.address()).get("/v1/me").await.ok(200);
        }
    }
    assert_eq!(customer.all("/v1/me/sessions").await.len(), 1);
}

/// Three tabs refresh with what each of them has, at once and on either instance, and one is loaded again: it refreshes
/// with what it has just got.
#[tokio::test(flavor = "multi_thread")]
async fn three_tabs_and_a_reload_end_with_one_pair() {
    let (first, second) = pair();
    let customer = first.customer().await;
    let mut token = json!(customer.refresh_token);
    for _ in 0..5 {
        let mut tabs = JoinSet::new();
        for at in 0..3 {
            let client = if at % 2 == 0 { customer.clone() } else { customer.at(second.address()) };
            let (token, loads) = (token.clone(), if at == 0 { 2 } else { 1 });
            tabs.spawn(async move {
                let mut own = token.clone();
                for _ in 0..loads {
                    own = refreshed(client.clone(), own).await["refreshToken"].clone();
                }
                own
            });
        }
        let tabs = tabs.join_all().await;
        // The spent one and whatever each tab has: the newest is good, all others get it.
        let newest = refreshed(customer.at(second.address()), token.clone()).await;
        for own in tabs.iter().filter(|it| **it != newest["refreshToken"]) {
            assert_eq!(refreshed(customer.clone(), own.clone()).await, newest);
        }
        for server in [&first, &second] {
            customer.with_tokens(&newest).at(server.address()).get("/v1/me").await.ok(200);
        }
        token = newest["refreshToken"].clone();
    }
    assert_eq!(customer.all("/v1/me/sessions").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_ended_on_one_is_dead_on_the_other_within_a_second() {
    let (first, second) = pair();
    let person = Person::new("everywhere");
    let here = person.register(&first.client()).await;
    let there = person.login(&second.client()).await;
    let elsewhere = here.at(second.address());
    for client in [&here, &there, &elsewhere] {
        client.get("/v1/me").await.ok(200);
    }
    // Which one is listed first is up to the clocks.
    let sessions = here.all("/v1/me/sessions").await;
    let other = sessions.iter().find(|it| it["current"] == false).unwrap();
    here.delete(&format!("/v1/me/sessions/{}", field(other, "id"))).await.ok(204);
    is_dead(&there).await;

    let there = person.login(&second.client()).await;
    there.get("/v1/me").await.ok(200);
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another horse battery staple"});
    here.put("/v1/me/password", &change).await.ok(204);
    is_dead(&there).await;
    elsewhere.get("/v1/me").await.ok(200);
    let old = second.client().post("/v1/auth/login", &person.credentials(PASSWORD)).await;
    old.refused(401, "invalid-credentials");

    here.post("/v1/auth/logout", &json!({})).await.ok(204);
    is_dead(&elsewhere).await;
    let refresh = json!({"refreshToken": elsewhere.refresh_token});
    elsewhere.post("/v1/auth/refresh", &refresh).await.refused(401, "refresh-token-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name_registered_at_both_at_once_is_one_account() {
    let (first, second) = pair();
    let person = Person::new("wanted");
    let mut asked = JoinSet::new();
    for at in 0..16 {
        let client = if at % 2 == 0 { first.client() } else { second.client() };
        let account = json!({
            "username": person.username, "email": format!("{}@example.com", unique("mail")), "password": PASSWORD,
        });
        asked.spawn(async move { client.post("/v1/auth/register", &account).await });
    }
    let replies = asked.join_all().await;
    for refused in replies.iter().filter(|it| it.status != 201) {
        refused.refused(409, "username-taken");
    }
    assert_eq!(replies.iter().filter(|it| it.status == 201).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_paid_and_cancelled_at_both_at_once_ends_in_one_way() {
    let (first, second) = pair();
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("5.00", Some(20)).await;
    for _ in 0..10 {
        let (order, waiting) = customer.undecided(&product).await;
        let notice = crate::harness::Notice::of("payment.captured", &waiting);
        let cancel = customer.post(&format!("{}/transitions", path(&order)), &json!({"to": "CANCELLED"}));
        let there = second.client();
        let (new, cancelled) = tokio::join!(async { !notice.deliver(&there).await }, cancel);
        assert!(new, "the event was new");
        let status = if cancelled.status == 200 { "CANCELLED" } else { "PAID" };
        if cancelled.status != 200 {
            cancelled.refused(409, "transition-not-allowed");
        }
        assert_eq!(customer.at(second.address()).reread(&order).await["status"], status);
        let money = if status == "PAID" { "CAPTURED" } else { "REFUNDED" };
        customer.payment_becomes(&waiting, money).await;
    }
    operator.check_invariants(&[Shelf { product, initial: 20 }]).await;
}
