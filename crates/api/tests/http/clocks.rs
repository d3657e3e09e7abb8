//! Two instances whose clocks differ by no more than they may.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Client, PATIENCE, Person, QUIET, Server, eventually, field, is_dead};

/// What the second one's clock is off by.
const SKEWS: [&str; 3] = ["+50ms", "-50ms", "-8s"];

/// A server, and one beside it whose clock differs.
fn skewed(by: &str) -> (Server, Server) {
    let first = Server::with(QUIET);
    let settings: Vec<_> = QUIET.iter().copied().chain([("IDEM_CLOCK_OFFSET", by)]).collect();
    let second = first.beside(&settings);
    (first, second)
}

/// Its history is that path in the order of its numbers, and its stamps do not go backwards.
fn is_in_order(order: &Value, history: &[Value], path: &[&str]) {
    let numbers: Vec<_> = history.iter().map(|it| it["sequence"].as_i64()).collect();
    let expected: Vec<_> = (1..).map(Some).take(path.len()).collect();
    let statuses: Vec<_> = history.iter().map(|it| field(it, "toStatus")).collect();
    assert_eq!((statuses.as_slice(), numbers), (path, expected), "{history:?}");
    let mut stamps: Vec<_> = history.iter().map(|it| field(it, "createdAt")).collect();
    stamps.insert(0, field(order, "createdAt"));
    stamps.push(field(order, "updatedAt"));
    assert!(stamps.is_sorted(), "{stamps:?}");
}

/// A hundred orders, each placed at one and moved at the other at once: both read one path.
async fn read_in_order(by: &str, path: &[&str], go: impl AsyncFn(&Client, &Client, &Value)) {
    const ORDERS: usize = 100;
    let (first, second) = skewed(by);
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("2.00", None).await;
    for (place, elsewhere) in [(&first, &second), (&second, &first)].into_iter().cycle().take(ORDERS) {
        let order = customer.at(place.address()).order(&product, 1).await;
        go(&customer.at(elsewhere.address()), &operator.at(elsewhere.address()), &order).await;
        for server in [&first, &second] {
            let reader = customer.at(server.address());
            is_in_order(&reader.reread(&order).await, &reader.history(&order).await, path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_reads_in_its_order_though_clocks_differ_by_15_ms() {
    let cancel = async |customer: &Client, _: &Client, order: &Value| {
        customer.moved(order, "CANCELLED").await;
    };
    read_in_order("-15ms", &["PENDING", "CANCELLED"], cancel).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_reads_in_its_order_though_clocks_differ_by_50_ms() {
    let process = async |customer: &Client, operator: &Client, order: &Value| {
        customer.pay(order, "tok_visa").await;
        operator.moved(order, "PROCESSING").await;
    };
    read_in_order("+50ms", &["PENDING", "PAID", "PROCESSING"], process).await;
}

/// Asks for what was placed since the newest order it has seen, less a look-back in seconds.
struct Poller {
    operator: Client,
    look_back: i64,
    newest: jiff::Timestamp,
    seen: HashSet<String>,
}

impl Poller {
    fn new(operator: &Client, look_back: i64) -> Self {
        let newest = crate::harness::now() - jiff::SignedDuration::from_secs(60);
        Self { operator: operator.clone(), look_back, newest, seen: HashSet::new() }
    }

    async fn poll(&mut self) {
        let since = self.newest - jiff::SignedDuration::from_secs(self.look_back);
        for order in self.operator.all(&format!("/v1/orders?createdAfter={since:.3}")).await {
            self.newest = self.newest.max(field(&order, "createdAt").parse().unwrap());
            self.seen.insert(field(&order, "orderNumber").to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poller_that_looks_back_20_s_misses_nothing() {
    const ROUNDS: usize = 10;
    const AT_ONCE: usize = 8;
    let (first, second) = skewed("-8s");
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("2.00", None).await;
    let (mut hasty, mut careful) = (Poller::new(&operator, 0), Poller::new(&operator, 20));
    let mut placed = HashSet::new();
    for _ in 0..ROUNDS {
        let mut placing = JoinSet::new();
        for server in [&first, &second].into_iter().cycle().take(AT_ONCE) {
            let (customer, product) = (customer.at(server.address()), product.clone());
            placing.spawn(async move { customer.order(&product, 1).await });
        }
        tokio::join!(hasty.poll(), careful.poll());
        placed.extend(placing.join_all().await.iter().map(|it| field(it, "orderNumber").to_owned()));
    }
    for poller in [&mut hasty, &mut careful] {
        poller.poll().await;
    }
    assert_eq!((careful.seen.len(), &careful.seen), (ROUNDS * AT_ONCE, &placed));
    assert!(hasty.seen.len() < placed.len(), "without a look back some are never seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_stays_while_an_instance_whose_clock_is_behind_places_orders() {
    let (first, second) = skewed("-50ms");
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("2.00", None).await;
    let place = async |many: usize| {
        let mut placed = Vec::new();
        for server in [&first, &second].into_iter().cycle().take(many) {
            placed.push(customer.at(server.address()).order(&product, 1).await);
        }
        placed
    };
    let before = place(10).await;
    let mut listed: Vec<Value> = Vec::new();
    let mut cursor = Some(String::new());
    while let Some(after) = cursor {
        let page = customer.get(&format!("/v1/orders?limit=3{after}")).await.ok(200);
        listed.extend(page["data"].as_array().unwrap().iter().cloned());
        cursor = page["nextCursor"].as_str().map(|it| format!("&cursor={it}"));
        place(usize::from(listed.len() < 10) * 2).await;
    }
    assert!(listed.iter().rev().is_sorted_by_key(|it| field(it, "createdAt")), "newest first");
    let times = |order: &Value| listed.iter().filter(|it| it["orderNumber"] == order["orderNumber"]).count();
    assert!(before.iter().all(|it| times(it) == 1), "each that was there is listed once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_and_ends_at_both_whatever_their_clocks_say() {
    for by in SKEWS {
        let (first, second) = skewed(by);
        for (one, other) in [(&first, &second), (&second, &first)] {
            let person = Person::new("traveller");
            let here = person.register(&one.client()).await;
            let there = here.at(other.address());
            there.get("/v1/me").await.ok(200);
            let token = json!({"refreshToken": here.refresh_token});
            let pair = here.post("/v1/auth/refresh", &token).await.ok(200);
            tokio::time::sleep(Duration::from_millis(100)).await;
            let again = there.post("/v1/auth/refresh", &token).await.ok(200);
            assert_eq!(pair, again, "a retry at the other one, {by}");
            let (here, there) = (here.with_tokens(&pair), there.with_tokens(&pair));
            there.get("/v1/me").await.ok(200);
            assert_eq!(there.all("/v1/me/sessions").await.len(), 1);
            here.post("/v1/auth/logout", &json!({})).await.ok(204);
            is_dead(&there).await;
            let spent = json!({"refreshToken": there.refresh_token});
            there.post("/v1/auth/refresh", &spent).await.refused(401, "refresh-token-invalid");
            person.login(&other.client()).await.at(one.address()).get("/v1/me").await.ok(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_is_shifted_says_so() {
    let (first, second) = skewed("-8s");
    assert!(!first.log().contains("IDEM_CLOCK_OFFSET"), "{}", first.log());
    assert!(second.log().contains("IDEM_CLOCK_OFFSET"), "{}", second.log());
}

/// By every instance, where the database is a server.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_differs_from_the_database_is_measured() {
    let (first, second) = skewed("-8s");
    if first.is_embedded() {
        return;
    }
    let lead = async |server: &Server| {
        let text = server.client().get("/metrics").await.text;
        let line = text.lines().find_map(|it| it.strip_prefix("idem_clock_lead_seconds "));
        line.unwrap().parse::<f64>().unwrap()
    };
    let measured = async || ((-9.0..-7.0).contains(&lead(&second).await)).then_some(());
    eventually("the difference is measured", PATIENCE, measured).await;
    assert!(second.log().contains("the clock differs too much"), "{}", second.log());
    assert!(lead(&first).await.abs() < 5.0);
    assert!(!first.log().contains("the clock differs too much"), "{}", first.log());
}
