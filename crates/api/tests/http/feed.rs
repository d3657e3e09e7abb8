//! The feed of events: everything that happens, once, in order, whatever instance is asked.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{
    Asked, Client, PATIENCE, Person, QUIET, Server, eventually, field, item, shared, unique,
};

/// The events of a page, and the number to ask after next.
async fn page(operator: &Client, after: Option<i64>, query: &str) -> (Vec<Value>, i64) {
    let after = after.map(|it| format!("&after={it}")).unwrap_or_default();
    let page = operator.get(&format!("/v1/events?limit=100{after}{query}")).await.ok(200);
    (page["data"].as_array().unwrap().clone(), page["nextAfter"].as_i64().unwrap())
}

/// Reads to the end, as it is at this moment.
pub(super) async fn read_from(operator: &Client, mut after: i64) -> (Vec<Value>, i64) {
    let mut all = Vec::new();
    loop {
        let (events, next) = page(operator, Some(after), "").await;
        if events.is_empty() {
            return (all, next);
        }
        all.extend(events);
        after = next;
    }
}

/// The number of the last event there is.
pub(super) async fn end_of(operator: &Client) -> i64 {
    read_from(operator, 0).await.1
}

fn number_of(event: &Value) -> Option<&str> {
    event["data"]["orderNumber"].as_str()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|it| field(it, "type")).collect()
}

/// The events that concern an order, when the last of them is there.
async fn events_of(operator: &Client, after: i64, order: &Value, last: &str) -> Vec<Value> {
    eventually("the event is in the feed", PATIENCE, async || {
        let mut events = read_from(operator, after).await.0;
        events.retain(|it| number_of(it) == order["orderNumber"].as_str());
        (events.last().is_some_and(|it| it["type"] == last)).then_some(events)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_for_operators_and_its_parameters_are_checked() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    customer.get("/v1/events").await.refused(403, "forbidden");
    customer.get("/v1/events?limit=0").await.refused(403, "forbidden");
    shared().client().get("/v1/events").await.refused(401, "unauthorized");
    let bad = "/v1/events?after=-1&types=order.paid,order.sold&limit=101&cursor=x";
    let refused = operator.get(bad).await;
    refused.refused(422, "invalid-request");
    let faults: Vec<_> = refused.json()["errors"].as_array().unwrap().clone();
    let names: Vec<_> = faults.iter().map(|it| field(it, "parameter")).collect();
    assert_eq!(names, ["after", "types", "limit", "cursor"]);
    for bad in
        ["after=%2B1", "after=", "after=9007199254740992", "types=", "types=order.paid,", "after=1&after=1"]
    {
        operator.get(&format!("/v1/events?{bad}")).await.refused(422, "invalid-request");
    }
    let far = operator.get("/v1/events?after=9007199254740991").await.ok(200);
    assert_eq!(far, json!({"data": [], "nextAfter": 9_007_199_254_740_991_i64}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_may_begin_with_what_happens_from_now_on() {
    let server = Server::with(QUIET);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("9.99", None).await;
    let old = customer.order(&product, 1).await;
    events_of(&operator, 0, &old, "order.placed").await;
    let begun = operator.get("/v1/events?start=now").await.ok(200);
    assert_eq!(begun["data"], json!([]));
    let after = begun["nextAfter"].as_i64().unwrap();
    assert_eq!(after, end_of(&operator).await);
    let new = customer.order(&product, 1).await;
    let events = events_of(&operator, after, &new, "order.placed").await;
    assert_eq!(types(&events), ["order.placed"]);
    assert!(
        read_from(&operator, after).await.0.iter().all(|it| number_of(it) != old["orderNumber"].as_str())
    );
    let oldest = operator.get("/v1/events?start=oldest&limit=1").await.ok(200);
    assert_eq!(oldest, operator.get("/v1/events?limit=1").await.ok(200));
    for bad in ["start=end", "start=", "start=now&after=1"] {
        let refused = operator.get(&format!("/v1/events?{bad}")).await;
        refused.refused(422, "invalid-request");
        assert_eq!(refused.json()["errors"][0]["parameter"], "start", "{bad}");
    }
    customer.get("/v1/events?start=now").await.refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_an_event_with_what_an_operator_sees_at_that_moment() {
    let server = Server::with(QUIET);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("9.99", Some(10)).await;
    let after = end_of(&operator).await;
    let order = customer.order(&product, 2).await;
    let number = field(&order, "orderNumber");
    customer.patch(&format!("/v1/orders/{number}"), &json!({"reference": "PO-1"})).await.ok(200);
    let payment = customer.pay(&order, "tok_visa").await;
    operator.moved(&order, "PROCESSING").await;
    let refund = operator.operate(&payment, "refunds", &json!({"amount": "19.98"})).await.ok(201);
    operator.payment_becomes(&payment, "REFUNDED").await;
    let events = events_of(&operator, after, &order, "order.refunded").await;
    let expected = [
        "order.placed",
        "order.updated",
        "payment.pending",
        "payment.captured",
        "order.paid",
        "order.processing",
    ];
    assert_eq!(types(&events[..6]), expected, "{events:#?}");
    // What is shown at last is what the order is now, its customer included.
    let now = operator.get(&format!("/v1/orders/{number}")).await.ok(200);
    assert_eq!(events.last().unwrap()["data"], now);
    assert_eq!(events[0]["data"]["customer"], now["customer"]);
    assert_eq!(
        (&events[0]["data"]["status"], &events[1]["data"]["reference"]),
        (&json!("PENDING"), &json!("PO-1"))
    );
    let (mut all, _) = read_from(&operator, after).await;
    all.retain(|it| it["data"]["refundId"] == refund["refundId"]);
    assert!(types(&all).ends_with(&["refund.succeeded"]), "{all:?}");
    assert_eq!(all.last().unwrap()["data"]["amount"], "19.98");
    // The same through a filter.
    let (paid, _) = page(&operator, Some(after), "&types=order.paid,order.placed").await;
    assert_eq!(types(&paid), ["order.placed", "order.paid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_loses_its_way_back_is_updated() {
    let server = Server::with(QUIET);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("9.99", Some(10)).await;
    let after = end_of(&operator).await;
    let order = customer.order(&product, 2).await;
    let payment = customer.pay(&order, "tok_visa").await;
    customer.moved(&order, "REFUND_PENDING").await;
    let all = json!({"items": [{"productId": product, "quantity": 2, "restock": true}]});
    operator.operate(&payment, "refunds", &all).await.ok(201);
    customer.order_becomes(&order, "REFUNDED").await;
    let events = events_of(&operator, after, &order, "order.refunded").await;
    let orders: Vec<_> = events.iter().filter(|it| field(it, "type").starts_with("order.")).collect();
    let names: Vec<_> = orders.iter().map(|it| field(it, "type")).collect();
    let expected = ["order.placed", "order.paid", "order.refund_pending", "order.updated", "order.refunded"];
    assert_eq!(names, expected);
    let [.., before, updated, _] = orders.as_slice() else { panic!("five events") };
    assert_eq!(updated["data"]["version"].as_i64(), before["data"]["version"].as_i64().map(|it| it + 1));
    assert_ne!(updated["data"]["allowedTransitions"], before["data"]["allowedTransitions"]);
    assert!(field(&updated["data"], "updatedAt") > field(&before["data"], "updatedAt"));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_have_events_and_a_repeated_request_has_none() {
    let server = Server::with(QUIET);
    let operator = server.operator().await;
    let after = end_of(&operator).await;
    let person = Person::new("fed");
    let customer = person.register(&server.client()).await;
    let id = field(&customer.get("/v1/me").await.ok(200), "id").to_owned();
    operator.patch(&format!("/v1/users/{id}"), &json!({"role": "OPERATOR"})).await.ok(200);
    let product = operator.product("2.00", None).await;
    let body = json!({"items": [item(&product, 1)]});
    let key = unique("key");
    for _ in 0..3 {
        customer.post("/v1/orders", &body).idempotent(&key).await.ok(201);
    }
    let events = eventually("all events", PATIENCE, async || {
        let mut events = read_from(&operator, after).await.0;
        // The operator's own account was made by another process, whose event may get its number only now.
        events.retain(|it| it["data"]["id"] == json!(id) || it["type"] == "order.placed");
        (events.last().is_some_and(|it| it["type"] == "order.placed")).then_some(events)
    })
    .await;
    assert_eq!(types(&events), ["user.registered", "user.updated", "order.placed"]);
    assert_eq!(
        (&events[0]["data"]["username"], &events[1]["data"]["role"]),
        (&json!(person.username), &json!("OPERATOR"))
    );
}

/// Places, pays and moves orders, by turns at each of the instances.
async fn write(customers: [Client; 2], operators: [Client; 2], product: String, orders: usize, seed: usize) {
    for at in 0..orders {
        let (here, there) = ((seed + at) % 2, (seed + at + 1) % 2);
        let order = customers[here].order(&product, 1).await;
        if at % 3 == 0 {
            customers[there].moved(&order, "CANCELLED").await;
            continue;
        }
        customers[there].pay(&order, "tok_visa").await;
        for (to, operator) in ["PROCESSING", "SHIPPED", "DELIVERED"].iter().zip(operators.iter().cycle()) {
            operator.moved(&order, to).await;
        }
    }
}

/// Asserts that all numbers from the first on are there once, that no id comes twice, and that the versions of each
/// order come in their order and without a gap. Returns the last version of each order.
#[track_caller]
fn check_feed(events: &[Value], after: i64) -> BTreeMap<String, i64> {
    let sequences: Vec<_> = events.iter().map(|it| it["sequence"].as_i64().unwrap()).collect();
    let expected: Vec<_> = (after + 1..).take(events.len()).collect();
    assert_eq!(sequences, expected);
    let ids: HashSet<_> = events.iter().map(|it| field(it, "id")).collect();
    assert_eq!(ids.len(), events.len());
    let mut versions = BTreeMap::<String, i64>::new();
    for event in events.iter().filter(|it| field(it, "type").starts_with("order.")) {
        let last = versions.entry(number_of(event).unwrap().to_owned()).or_default();
        let version = event["data"]["version"].as_i64().unwrap();
        assert_eq!(version, *last + 1, "{event:?}");
        *last = version;
    }
    versions
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_each_event_of_eight_writers_on_two_instances_once_and_in_order() {
    const WRITERS: usize = 8;
    const ORDERS: usize = 6;
    for skew in ["-8s", "+50ms"] {
        let first = Server::with(QUIET);
        let settings: Vec<_> = QUIET.iter().copied().chain([("IDEM_CLOCK_OFFSET", skew)]).collect();
        let second = first.beside(&settings);
        let operator = first.operator().await;
        let operators = [operator.clone(), operator.at(second.address())];
        let product = operator.product("2.00", None).await;
        let begin = end_of(&operator).await;
        let writing = Arc::new(AtomicUsize::new(WRITERS));
        let mut writers = JoinSet::new();
        for seed in 0..WRITERS {
            let customer = first.customer().await;
            let customers = [customer.clone(), customer.at(second.address())];
            let (operators, product, writing) = (operators.clone(), product.clone(), Arc::clone(&writing));
            writers.spawn(async move {
                write(customers, operators, product, ORDERS, seed).await;
                writing.fetch_sub(1, Ordering::SeqCst);
            });
        }
        // The reader asks by turns at each instance, and goes on with what the other one said.
        let (mut seen, mut after) = (Vec::new(), begin);
        for operator in operators.iter().cycle() {
            let is_last = writing.load(Ordering::SeqCst) == 0;
            let reply = operator.get(&format!("/v1/events?limit=7&after={after}")).await.ok(200);
            let next = reply["nextAfter"].as_i64().unwrap();
            let events = reply["data"].as_array().unwrap();
            assert!(next >= after);
            seen.extend(events.iter().cloned());
            after = next;
            let placed =
                seen.iter().filter(|it| it["type"] == "order.delivered" || it["type"] == "order.cancelled");
            if is_last && events.is_empty() && placed.count() == WRITERS * ORDERS {
                break;
            }
        }
        writers.join_all().await;
        let versions = check_feed(&seen, begin);
        assert_eq!(versions.len(), WRITERS * ORDERS);
        assert!(versions.values().all(|it| [2, 5].contains(it)), "{versions:?}");
    }
}

/// Places orders until the server dies, and returns those that were answered.
async fn place_until_death(customer: Client, product: String, answered: Arc<AtomicUsize>) -> Vec<String> {
    let mut placed = Vec::new();
    for _ in 0..2_000 {
        let asked = Asked::new("/v1/orders", json!({"items": [item(&product, 1)]}));
        let Some(answer) = asked.send(&customer).await else { break };
        placed.push(field(&answer.ok(201), "orderNumber").to_owned());
        answered.fetch_add(1, Ordering::SeqCst);
    }
    placed
}

#[tokio::test(flavor = "multi_thread")]
async fn another_instance_goes_on_numbering_where_one_was_killed() {
    let mut server = Server::with(QUIET);
    let heir = server.beside(QUIET);
    let operator = heir.operator().await;
    let product = operator.product("2.00", None).await;
    let begin = end_of(&operator).await;
    let (mut writers, answered) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    for _ in 0..8 {
        let customer = heir.customer().await.at(server.address());
        writers.spawn(place_until_death(customer, product.clone(), Arc::clone(&answered)));
    }
    let enough = async || (answered.load(Ordering::SeqCst) >= 80).then_some(());
    eventually("many orders are placed", PATIENCE, enough).await;
    // Nearly always it dies between a commit and its number, and often while it numbers.
    server.kill9();
    let placed: HashSet<String> = writers.join_all().await.into_iter().flatten().collect();
    let events = eventually("every order is in the feed once", PATIENCE, async || {
        let events = read_from(&operator, begin).await.0;
        let seen: HashSet<_> = events.iter().filter_map(number_of).map(str::to_owned).collect();
        // Also those whose answer was lost. One of them may be committed after its instance died.
        let of_orders = operator.all("/v1/orders").await.len();
        let is_complete = types(&events).iter().filter(|it| **it == "order.placed").count() == of_orders;
        (is_complete && seen.is_superset(&placed)).then_some(events)
    })
    .await;
    check_feed(&events, begin);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_late_for_what_was_deleted_learns_it() {
    let settings: Vec<_> = QUIET.iter().copied().chain([("IDEM_EVENT_RETENTION", "4d")]).collect();
    let server = Server::with(&settings);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("2.00", None).await;
    customer.order(&product, 1).await;
    // Seconds for MySQL, milliseconds for SQLite: years or days ago, which are both over.
    server
        .corrupt("UPDATE feed_events SET created_at = created_at - /*! INTERVAL */ 1000000000 /*! SECOND */");
    eventually("the events are over", PATIENCE, async || {
        let reply = operator.get("/v1/events?after=0").await;
        (reply.status == 410).then(|| reply.refused(410, "events-expired"))
    })
    .await;
    let (_, next) = page(&operator, None, "").await;
    assert!(next > 0, "a new reader begins behind them");
    operator.get(&format!("/v1/events?after={next}")).await.ok(200);
}
