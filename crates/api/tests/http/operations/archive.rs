//! Orders that closed long ago, in the archive.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::harness::{Client, Notice, Server, field, item};

/// Finished orders close at once.
const SETTINGS: &[(&str, &str)] = &[("IDEM_AFTER_SALES_PERIOD", "1s"), ("IDEM_SANDBOX_PENDING_DELAY", "10m")];

fn archive(server: &Server, arguments: &[&str]) -> Command {
    let mut command = server.place().command(&[]);
    command.args(["archive", "--before", "2026-01-01"]).args(arguments);
    command
}

fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// Makes all orders and payments as old as if they were of another year.
fn age(server: &Server) {
    let url = server
        .place()
        .stack
        .settings(server.place().folder())
        .into_iter()
        .find(|it| it.0 == "IDEM_DATABASE_URL");
    let embedded = url.is_none_or(|(_, url)| url.starts_with("sqlite"));
    let old = |column: &str| {
        let years = if embedded { "94608000000" } else { "INTERVAL 3 YEAR" };
        format!("{column} = {column} - {years}")
    };
    let (created, updated) = (old("createdAt"), old("updatedAt"));
    // With the revision, so that no copy of before is shown.
    server.corrupt(&format!("UPDATE orders SET {created}, {updated}, revision = revision + 1;"));
    let (created, updated) = (old("created_at"), old("updated_at"));
    server.corrupt(&format!("UPDATE payment_transactions SET {created}, {updated};"));
}

async fn listed(client: &Client) -> usize {
    client.all("/v1/orders").await.len()
}

async fn check(server: &Server) {
    let (succeeded, said) = run(server.place().command(&[]).arg("check"));
    assert!(succeeded && said.contains("nothing is wrong"), "{said}");
}

/// Everything that its customer and an operator see of an order and its payment.
async fn seen(callers: [&Client; 2], order: &Value, payment: &Value) -> Vec<Value> {
    let (number, id) = (field(order, "orderNumber"), field(payment, "transactionId"));
    let (mut seen, [customer, operator]) = (Vec::new(), callers);
    for path in [
        format!("/v1/orders/{number}"),
        format!("/v1/orders/{number}/history"),
        format!("/v1/orders/{number}/payments"),
        format!("/v1/payments/{id}"),
    ] {
        seen.push(customer.get(&path).await.ok(200));
        seen.push(operator.get(&path).await.ok(200));
    }
    for part in ["refunds", "notices", "attempts"] {
        seen.push(operator.get(&format!("/v1/payments/{id}/{part}")).await.ok(200));
    }
    seen
}

/// A closed order whose payment was captured, and refunded in part.
async fn closed(operator: &Client, customer: &Client, product: &str) -> (Value, Value) {
    let order = customer.order(product, 1).await;
    let payment = customer.pay(&order, "tok_visa").await;
    let refund = operator.operate(&payment, "refunds", &json!({"amount": "1.00"})).await;
    refund.ok(201);
    for status in ["PROCESSING", "SHIPPED", "DELIVERED", "COMPLETED"] {
        operator.moved(&order, status).await;
    }
    (customer.order_becomes(&order, "CLOSED").await, payment)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_order_is_read_as_before_listed_nowhere_and_brought_back_by_its_gateway() {
    let server = Server::with(SETTINGS);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(9)).await;
    let key = crate::harness::unique("key");
    let body = json!({"items": [item(&product, 2)]});
    let first = customer.post("/v1/orders", &body).idempotent(&key).await.ok(201);
    customer
        .post(
            &format!("/v1/orders/{}/transitions", field(&first, "orderNumber")),
            &json!({"to": "CANCELLED"}),
        )
        .await
        .ok(200);
    customer.order_becomes(&first, "CLOSED").await;
    let (order, payment) = closed(&operator, &customer, &product).await;
    age(&server);
    let before = seen([&customer, &operator], &order, &payment).await;
    let (succeeded, said) = run(&mut archive(&server, &[]));
    assert!(succeeded && said.contains("archived 2 orders"), "{said}");
    assert_eq!(seen([&customer, &operator], &order, &payment).await, before);
    let stranger = server.customer().await;
    stranger.get(&format!("/v1/orders/{}", field(&order, "orderNumber"))).await.refused(404, "not-found");
    assert_eq!((listed(&customer).await, operator.all("/v1/payments").await.len()), (0, 0));
    check(&server).await;

    // The key of an archived order makes no second one.
    let again = customer.post("/v1/orders", &body).idempotent(&key).await;
    assert_eq!(again.ok(201)["orderNumber"], first["orderNumber"]);
    assert_eq!(listed(&customer).await, 0);

    let late = Notice::refund("refund.succeeded", &payment, "theirs", "2.00");
    assert!(!late.deliver(&customer).await);
    assert_eq!(customer.payment(&payment).await["refundedAmount"], "3.00");
    assert_eq!(listed(&customer).await, 1, "it is in the record again");
    assert!(late.deliver(&customer).await, "and the notice is known");
    check(&server).await;

    // Archived again, and then the late notice is still known.
    age(&server);
    let (succeeded, said) = run(&mut archive(&server, &[]));
    assert!(succeeded && said.contains("archived 1 orders"), "{said}");
    assert!(late.deliver(&customer).await);
    let dispute =
        Notice::saying("payment.disputed", &payment, &json!({"amount": "2.00", "disputeId": "dp_1"}));
    assert!(!dispute.deliver(&customer).await);
    assert_eq!(customer.payment(&payment).await["status"], "DISPUTED");
    assert_eq!(operator.kinds(&payment).await, ["dispute"]);
    age(&server);
    let (succeeded, said) = run(&mut archive(&server, &[]));
    assert!(
        succeeded && said.contains("archived 0 orders") && said.contains("1 with something open"),
        "{said}"
    );
    check(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_leaves_nothing_in_parts_and_the_next_one_goes_on() {
    const ORDERS: usize = 160;
    let server = Server::with(&[("IDEM_ORDER_TTL", "1s")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let mut orders = Vec::new();
    for _ in 0..ORDERS {
        orders.push(customer.order(&product, 1).await);
    }
    for order in &orders {
        customer.order_becomes(order, "CLOSED").await;
    }
    age(&server);
    for lines in [1, 2] {
        let mut child = archive(&server, &[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        for _ in 0..lines {
            // None: it was done before it was killed.
            drop(said.next());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        check(&server).await;
        for order in orders.iter().step_by(20) {
            assert_eq!(customer.reread(order).await["items"], order["items"]);
        }
    }
    let left = listed(&customer).await;
    assert!(left < ORDERS, "it had begun");
    let (succeeded, said) = run(&mut archive(&server, &["--limit", "7"]));
    assert!(succeeded && said.contains(&format!("archived {} orders", left.min(7))), "{said}");
    let (succeeded, said) = run(&mut archive(&server, &[]));
    assert!(succeeded, "{said}");
    assert_eq!(listed(&customer).await, 0);
    for order in &orders {
        assert_eq!(customer.history(order).await.len(), 2);
    }
    check(&server).await;
}

#[test]
fn a_date_of_these_days_is_refused() {
    let place = crate::harness::Place::new();
    let (succeeded, said) = run(place.command(&[]).arg("migrate"));
    assert!(succeeded, "{said}");
    for date in ["2100-01-01", "yesterday"] {
        let (succeeded, said) = run(place.command(&[]).args(["archive", "--before", date]));
        assert!(
            !succeeded && said.contains(if date == "yesterday" { "--before" } else { "too late" }),
            "{said}"
        );
    }
}
