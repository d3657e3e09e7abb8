//! A busy shop, while one server after the other is killed, hangs or is emptied.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    harness::{Asked, Client, Diary, Notice, Place, Reply, Request, Server, Shelf, field, gateway, item},
    stack::Stack,
    trouble::{FaultKind, FaultTarget, becomes, empty_memcached, empty_redis},
};

const SHOPPERS: usize = 8;
const STOCK: u32 = 100_000;
/// How long each fault takes, and how long there is none after it.
const A_WHILE: Duration = Duration::from_millis(400);
/// How often a client asks until there is an answer: much longer than any fault takes.
const ATTEMPTS_MAX: usize = 2_400;
const PAUSE: Duration = Duration::from_millis(50);

/// Asks one instance and the other until there is an answer.
async fn insist(clients: &[Client; 2], request: impl Fn(&Client) -> Request) -> Reply {
    for client in clients.iter().cycle().take(ATTEMPTS_MAX) {
        let reply = request(client).await;
        if !reply.is_for_later() {
            return reply;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("no instance answers any more");
}

/// The same with a key, written down.
async fn ask(clients: &[Client; 2], diary: &Diary, path: &str, body: Value) -> Value {
    let mut asked = Asked::new(path, body);
    for client in clients.iter().cycle().take(ATTEMPTS_MAX) {
        let reply = asked.send(client).await.expect("an instance answers");
        if !reply.is_for_later() {
            asked.answer = Some(reply.clone());
            diary.note(asked);
            return reply.ok(201);
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("no instance answers any more");
}

/// Places, pays, reads and calls off orders until the shop closes.
async fn shop(clients: [Client; 2], diary: Diary, product: String, seed: usize, closed: Arc<AtomicBool>) {
    let mut kind = seed;
    while !closed.load(Ordering::SeqCst) {
        kind += 1;
        let order = ask(&clients, &diary, "/v1/orders", json!({"items": [item(&product, 1)]})).await;
        let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
        let token = ["tok_visa", "tok_pending", "tok_timeout", "tok_declined"][kind % 4];
        let method = ["AUTOMATIC", "MANUAL"][kind / 4 % 2];
        let payment = ask(&clients, &diary, &format!("{path}/payments"), gateway(token, method)).await;
        if token == "tok_pending" {
            let captured = Notice::of("payment.captured", &payment);
            for _ in 0..2 {
                insist(&clients, |client| captured.signed(client)).await.ok(200);
            }
        }
        let mut version = 0;
        for _ in 0..4 {
            let read = insist(&clients, |client| client.get(&path)).await.ok(200);
            let now = read["version"].as_u64().unwrap();
            assert!(now >= version, "{now} after {version}");
            version = now;
        }
        if token == "tok_declined" {
            let cancel =
                |client: &Client| client.post(&format!("{path}/transitions"), &json!({"to": "CANCELLED"}));
            let cancelled = insist(&clients, cancel).await.ok(200);
            assert_eq!(
                insist(&clients, |client| client.get(&path)).await.ok(200)["version"],
                cancelled["version"]
            );
        }
    }
}

/// Injects one fault at a time.
async fn inject_faults(server: &Server) {
    for target in [FaultTarget::Redis, FaultTarget::Memcached, FaultTarget::Database] {
        for fault in [FaultKind::Killed, FaultKind::Hung] {
            target.inject(server, fault);
            tokio::time::sleep(A_WHILE).await;
            target.clear(server, fault);
            tokio::time::sleep(A_WHILE).await;
            empty_redis(server);
            empty_memcached(server);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_befalls_the_servers_everything_adds_up() {
    let place = Arc::new(Place::with(Stack::private()));
    let settings = [("IDEM_SANDBOX_PENDING_DELAY", "1s")];
    let (first, second) = (Server::on(Arc::clone(&place), &settings), Server::on(place, &settings));
    let operator = first.operator().await;
    let product = operator.product("3.00", Some(STOCK)).await;
    let closed = Arc::new(AtomicBool::new(false));
    let (mut shoppers, mut people) = (JoinSet::new(), Vec::new());
    for seed in 0..SHOPPERS {
        let customer = first.customer().await;
        let clients = [customer.clone(), customer.at(second.address())];
        let diary = Diary::default();
        people.push((customer, diary.clone()));
        shoppers.spawn(shop(clients, diary, product.clone(), seed, Arc::clone(&closed)));
    }
    inject_faults(&first).await;
    closed.store(true, Ordering::SeqCst);
    shoppers.join_all().await;
    for server in [&first, &second] {
        becomes(server, 200, "ok", &[]).await;
    }
    let mut orders = 0;
    for (customer, diary) in &people {
        orders += diary.ask_again(&customer.at(second.address())).await;
    }
    operator.settled().await;
    let found = operator.check_invariants(&[Shelf { product, initial: STOCK.into() }]).await;
    assert!(found.len() == orders && orders >= SHOPPERS, "{} of {orders}", found.len());
}
