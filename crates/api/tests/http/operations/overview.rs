//! The overview of orders and money.

use serde_json::{Value, json};

use crate::harness::{Client, PATIENCE, QUIET, Server, eventually, field, shared};

const OVERVIEW: &str = "/v1/operations/overview";

/// The total of a currency, once these members have these values.
async fn total_becomes(operator: &Client, currency: &str, expected: Value) {
    eventually(&format!("{currency} is {expected}"), PATIENCE, async || {
        let overview = operator.get(OVERVIEW).await.ok(200);
        let total = overview["totals"].as_array()?.iter().find(|it| it["currency"] == currency)?.clone();
        let members = expected.as_object()?;
        members.iter().all(|(name, value)| total[name] == *value).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_money_are_counted_by_currency() {
    let server = Server::with(QUIET);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (tea, cup) = (operator.product("10.00", None).await, operator.product_in("JPY", "700", None).await);
    customer.order(&tea, 1).await;
    let paid = customer.order(&tea, 3).await;
    let payment = customer.pay(&paid, "tok_visa").await;
    operator.payment_becomes(&payment, "CAPTURED").await;
    operator.operate(&payment, "refunds", &json!({"amount": "4.50"})).await.ok(201);
    let cancelled = customer.order(&cup, 2).await;
    operator.moved(&cancelled, "CANCELLED").await;
    let yuan = json!({
        "orders": 2, "pendingOrders": 1, "paidOrders": 1, "orderedAmount": "40.00",
        "captures": 1, "capturedAmount": "30.00", "refunds": 1, "refundedAmount": "4.50",
    });
    total_becomes(&operator, "CNY", yuan).await;
    let yen = json!({
        "orders": 1, "pendingOrders": 0, "paidOrders": 0, "orderedAmount": "1400",
        "captures": 0, "capturedAmount": "0", "refunds": 0, "refundedAmount": "0",
    });
    total_becomes(&operator, "JPY", yen).await;
    let overview = operator.get(OVERVIEW).await.ok(200);
    let buckets = overview["buckets"].as_array().unwrap();
    assert_eq!((buckets.len(), &overview["completeFrom"]), (24, &Value::Null));
    let orders = |it: &Value| {
        it["currencies"].as_array().unwrap().iter().map(|it| it["orders"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(buckets.iter().map(orders).sum::<u64>(), 3);
    assert_eq!(buckets[0]["startsAt"], overview["from"]);
    let names: Vec<_> =
        overview["dependencies"].as_array().unwrap().iter().map(|it| field(it, "name")).collect();
    assert!(names.contains(&"database"), "{names:?}");
    assert_eq!(overview["webhooks"], json!({"pending": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn open_findings_are_counted_by_kind() {
    let server = Server::with(QUIET);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let tea = operator.product("10.00", None).await;
    let payment = customer.pay(&customer.order(&tea, 1).await, "tok_dispute").await;
    operator.payment_becomes(&payment, "DISPUTED").await;
    let counted = async |count: Value| {
        eventually("findings are counted", PATIENCE, async || {
            let overview = operator.get(OVERVIEW).await.ok(200);
            (overview["findings"] == count).then_some(())
        })
        .await;
    };
    counted(json!([{"kind": "dispute", "open": 1}])).await;
    let finding = operator.findings(&payment).await.remove(0);
    let resolution = format!("/v1/operations/findings/{}/resolution", field(&finding, "id"));
    operator.post_once(&resolution, &json!({"note": "answered"})).await.ok(200);
    counted(json!([])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_is_for_operators() {
    let customer = shared().customer().await;
    shared().client().get(OVERVIEW).await.refused(401, "unauthorized");
    customer.get(OVERVIEW).await.refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_whole_buckets_of_any_clock() {
    let operator = shared().operator().await;
    let asked = "bucket=day&from=2026-11-01T12:00:00Z&to=2026-11-03T00:00:00Z&utcOffset=%2B08:00";
    let overview = operator.get(&format!("{OVERVIEW}?{asked}")).await.ok(200);
    let starts: Vec<_> =
        overview["buckets"].as_array().unwrap().iter().map(|it| field(it, "startsAt")).collect();
    let midnights = ["2026-10-31T16:00:00.000Z", "2026-11-01T16:00:00.000Z", "2026-11-02T16:00:00.000Z"];
    assert_eq!(starts, midnights);
    assert_eq!(
        (field(&overview, "from"), field(&overview, "to")),
        (midnights[0], "2026-11-03T16:00:00.000Z")
    );
    let month = operator.get(&format!("{OVERVIEW}?bucket=day")).await.ok(200);
    assert_eq!(month["buckets"].as_array().unwrap().len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_window_is_named() {
    let operator = shared().operator().await;
    let names = async |query: &str| {
        let refused = operator.get(&format!("{OVERVIEW}?{query}")).await;
        refused.refused(422, "invalid-request");
        let faults = refused.json()["errors"].as_array().unwrap().clone();
        faults.iter().map(|it| field(it, "parameter").to_owned()).collect::<Vec<_>>()
    };
    let all = names("bucket=week&from=yesterday&to=now&utcOffset=8&limit=3").await;
    assert_eq!(all, ["bucket", "from", "to", "utcOffset", "limit"]);
    for (query, name) in [
        ("from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z", "to"),
        ("from=2026-10-01T00:00:00Z&to=2026-11-02T00:00:00Z", "to"),
        ("bucket=day&from=2026-10-01T00:00:00Z&to=2026-11-02T00:00:00Z", "to"),
        ("from=2099-01-01T00:00:00Z", "from"),
        ("utcOffset=%2B14:30", "utcOffset"),
        // A space: a plus sign that was not escaped.
        ("utcOffset=+08:00", "utcOffset"),
    ] {
        assert_eq!(names(query).await, [name], "{query}");
    }
}
