//! The payments and refunds of all orders, as operators list them.

use serde_json::{Value, json};

use crate::harness::{Client, QUIET, Server, field};

/// A payment of a new order, and what it became.
async fn paid(customer: &Client, product: &str, token: &str, method: &str) -> Value {
    let order = customer.order(product, 1).await;
    customer.pay_by(&order, token, method).await
}

fn ids(all: &[Value]) -> Vec<String> {
    all.iter().map(|it| field(it, "transactionId").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_all_orders_are_found_by_status_gateway_and_time() {
    let server = Server::with(QUIET);
    let (operator, customers) = (server.operator().await, [server.customer().await, server.customer().await]);
    assert_eq!(operator.all("/v1/payments").await, [Value::Null; 0]);
    let product = operator.product("9.00", None).await;
    let mut made = Vec::new();
    for (at, (token, method, status)) in [
        ("tok_visa", "AUTOMATIC", "CAPTURED"),
        ("tok_visa", "MANUAL", "AUTHORIZED"),
        ("tok_declined", "AUTOMATIC", "FAILED"),
        ("tok_pending", "AUTOMATIC", "PENDING"),
        ("tok_visa", "AUTOMATIC", "CAPTURED"),
    ]
    .into_iter()
    .enumerate()
    {
        let payment = paid(&customers[at % 2], &product, token, method).await;
        assert_eq!(payment["status"], status, "{payment}");
        made.insert(0, payment);
    }
    operator.operate(&made[0], "refunds", &json!({})).await.ok(201);
    operator.operate(&made[4], "refunds", &json!({"amount": "1"})).await.ok(201);
    operator.operate(&made[3], "voids", &json!({})).await.ok(200);
    let all = operator.all("/v1/payments").await;
    assert_eq!(ids(&all), ids(&made), "newest first");
    for listed in &all {
        assert_eq!(*listed, operator.payment(listed).await, "as it is shown by itself");
        assert!(listed["requestedBy"]["id"].is_string(), "{listed}");
    }
    assert_eq!(all[3]["operations"][0]["type"], "VOID");
    let found = async |query: &str| ids(&operator.all(&format!("/v1/payments?{query}")).await);
    let expected = |places: &[usize]| places.iter().map(|at| ids(&made)[*at].clone()).collect::<Vec<_>>();
    for (query, places) in [
        ("status=REFUNDED", &[0][..]),
        ("status=PENDING", &[1]),
        ("status=FAILED,VOIDED", &[2, 3]),
        ("status=CAPTURED,PENDING,REFUNDED,CAPTURED", &[0, 1, 4]),
        ("status=DISPUTED", &[]),
        ("gateway=sandbox", &[0, 1, 2, 3, 4]),
        ("gateway=sandbox&status=VOIDED", &[3]),
        ("gateway=elsewhere", &[]),
        ("createdAfter=2000-01-01T00:00:00Z&status=VOIDED,PENDING", &[1, 3]),
        ("createdBefore=2000-01-01T00:00:00Z", &[]),
    ] {
        assert_eq!(found(query).await, expected(places), "{query}");
    }
    let middle = field(&made[2], "createdAt");
    let (after, before) =
        (found(&format!("createdAfter={middle}")).await, found(&format!("createdBefore={middle}")).await);
    assert!(after.contains(&ids(&made)[2]) && !before.contains(&ids(&made)[2]));
    assert_eq!([after, before].concat(), ids(&made));
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_of_all_payments_are_found_by_status_gateway_and_time() {
    let server = Server::with(QUIET);
    let (operator, customer) = (server.operator().await, server.customer().await);
    assert_eq!(operator.all("/v1/refunds").await, [Value::Null; 0]);
    let product = operator.product("9.00", None).await;
    let payments = [
        paid(&customer, &product, "tok_visa", "AUTOMATIC").await,
        paid(&customer, &product, "tok_visa", "AUTOMATIC").await,
    ];
    let mut made = Vec::new();
    for (payment, amount) in [(0, "1.00"), (1, "2.00"), (0, "3.00")] {
        let body = json!({"amount": amount, "reason": "broken"});
        made.insert(0, operator.operate(&payments[payment], "refunds", &body).await.ok(201));
    }
    let listed = operator.all("/v1/refunds").await;
    assert_eq!(listed, made, "newest first, each as it was answered");
    let of_first = format!("/v1/payments/{}/refunds", field(&payments[0], "transactionId"));
    assert_eq!(operator.all(&of_first).await, [listed[2].clone(), listed[0].clone()], "as in its own list");
    assert_eq!(operator.all("/v1/refunds?status=PENDING,SUCCEEDED&gateway=sandbox").await, listed);
    for nothing in ["status=FAILED", "gateway=elsewhere", "createdBefore=2000-01-01T00:00:00Z"] {
        assert_eq!(operator.all(&format!("/v1/refunds?{nothing}")).await, [Value::Null; 0], "{nothing}");
    }
}

/// What a list shows on pages of two, while another payment with a refund is made before each of them.
async fn walk(list: &str, operators: [&Client; 2], meanwhile: impl AsyncFn()) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for client in operators.iter().cycle().take(100) {
        let page = client.get(&format!("{list}?limit=2{cursor}")).await.ok(200);
        seen.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { return seen };
        cursor = format!("&cursor={next}");
        meanwhile().await;
    }
    panic!("the list has no end");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_stable_while_others_pay_whichever_instance_is_asked() {
    let first = Server::with(QUIET);
    let second = first.beside(QUIET);
    let (operator, customer) = (first.operator().await, first.customer().await);
    let product = operator.product("9.00", None).await;
    let pay = async || {
        let payment = paid(&customer, &product, "tok_visa", "AUTOMATIC").await;
        operator.operate(&payment, "refunds", &json!({"amount": "1"})).await.ok(201);
    };
    for _ in 0..5 {
        pay().await;
    }
    let there = operator.at(second.address());
    for list in ["/v1/payments", "/v1/refunds"] {
        let before = operator.all(list).await;
        assert_eq!(there.all(list).await, before, "every instance shows the same");
        assert_eq!(walk(list, [&operator, &there], &pay).await, before, "{list}");
    }
}
