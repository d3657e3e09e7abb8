//! What never happens, looked for over the API once a server has come to rest.

use serde_json::{Value, json};

use super::{Client, field};

/// Every move of the contract's table, with who may make it.
const MOVES: &[(&str, &str, &[&str])] = &[
    ("PENDING", "PAID", &["GATEWAY"]),
    ("PENDING", "CANCELLED", &["CUSTOMER", "OPERATOR", "SERVICE"]),
    ("PENDING", "CLOSED", &["SYSTEM"]),
    ("PAID", "PROCESSING", &["OPERATOR", "SERVICE"]),
    ("PAID", "REFUND_PENDING", &["CUSTOMER", "OPERATOR", "GATEWAY", "SERVICE"]),
    ("PROCESSING", "SHIPPED", &["OPERATOR", "SERVICE"]),
    ("PROCESSING", "REFUND_PENDING", &["CUSTOMER", "OPERATOR", "GATEWAY", "SERVICE"]),
    ("SHIPPED", "DELIVERED", &["OPERATOR", "SERVICE"]),
    ("SHIPPED", "REFUND_PENDING", &["OPERATOR", "GATEWAY", "SERVICE"]),
    ("DELIVERED", "COMPLETED", &["CUSTOMER", "OPERATOR", "SYSTEM", "SERVICE"]),
    ("DELIVERED", "REFUND_PENDING", &["CUSTOMER", "OPERATOR", "GATEWAY", "SERVICE"]),
    ("COMPLETED", "REFUND_PENDING", &["OPERATOR", "GATEWAY", "SERVICE"]),
    ("COMPLETED", "CLOSED", &["SYSTEM"]),
    ("REFUND_PENDING", "REFUNDED", &["GATEWAY"]),
    ("REFUND_PENDING", "PAID", &["OPERATOR", "SERVICE"]),
    ("REFUND_PENDING", "PROCESSING", &["OPERATOR", "SERVICE"]),
    ("REFUND_PENDING", "SHIPPED", &["OPERATOR", "SERVICE"]),
    ("REFUND_PENDING", "DELIVERED", &["OPERATOR", "SERVICE"]),
    ("REFUND_PENDING", "COMPLETED", &["OPERATOR", "SERVICE"]),
    ("REFUNDED", "CLOSED", &["SYSTEM"]),
    ("REFUNDED", "REFUND_PENDING", &["GATEWAY"]),
    ("CANCELLED", "CLOSED", &["SYSTEM"]),
];
/// Statuses that only captured money leads to.
const NEEDS_MONEY: &[&str] = &["PAID", "PROCESSING", "SHIPPED", "DELIVERED", "COMPLETED"];
/// Statuses of goods that have not left.
const NOT_SENT: &[&str] = &["PAID", "PROCESSING"];

/// A product, and how many of it there were at first.
pub(crate) struct Shelf {
    /// Which product.
    pub(crate) product: String,
    /// How many.
    pub(crate) initial: i64,
}

impl Client {
    /// Checks every order of a server as an operator, and that the stock of these products adds up. Gives back all
    /// orders.
    pub(crate) async fn check_invariants(&self, shelves: &[Shelf]) -> Vec<Value> {
        let orders = self.all("/v1/orders").await;
        let mut held = vec![0; shelves.len()];
        for order in &orders {
            let history = self.history(order).await;
            unbroken(order, &history);
            let payments = self.all(&format!("/v1/orders/{}/payments", field(order, "orderNumber"))).await;
            money(order, &payments);
            if holds_stock(&history) {
                let mut back = Vec::new();
                for it in &payments {
                    back.extend(
                        self.all(&format!("/v1/payments/{}/refunds", field(it, "transactionId"))).await,
                    );
                }
                for (held, shelf) in held.iter_mut().zip(shelves) {
                    *held += pieces(order, &shelf.product) - restocked(&back, &shelf.product);
                }
            }
        }
        for (held, Shelf { product, initial }) in held.into_iter().zip(shelves) {
            let left = self.stock(product).await;
            assert!(left >= 0, "stock of {product} is below zero: {left}");
            assert_eq!(left + held, *initial, "{product}: {left} left and {held} held by live orders");
        }
        orders
    }
}

/// One allowed path from the placing to where the order stands, numbered without a gap, by stamps that never go back.
fn unbroken(order: &Value, history: &[Value]) {
    let mut at = Value::Null;
    let mut stamp = field(order, "createdAt");
    for (number, row) in (1..).zip(history) {
        assert_eq!(
            (&row["fromStatus"], &row["sequence"]),
            (&at, &json!(number)),
            "it is broken: {history:?}"
        );
        assert!(stamp <= field(row, "createdAt"), "a stamp goes back: {order} {history:?}");
        stamp = field(row, "createdAt");
        let (to, by) = (field(row, "toStatus"), field(&row["changedBy"], "type"));
        let allowed = match at.as_str() {
            None => to == "PENDING" && by == "CUSTOMER",
            Some(from) => MOVES.iter().any(|(a, b, who)| *a == from && *b == to && who.contains(&by)),
        };
        assert!(allowed, "{at} to {to} by {by}: {history:?}");
        at = row["toStatus"].clone();
    }
    assert_eq!(order["status"], at, "the path leads elsewhere: {order} {history:?}");
    assert_eq!(order["version"], history.len(), "one row a change: {order} {history:?}");
    assert!(stamp <= field(order, "updatedAt"), "a stamp goes back: {order} {history:?}");
}

fn money(order: &Value, payments: &[Value]) {
    let amount = |it: &Value, name: &str| field(it, name).replace('.', "").parse::<i64>().unwrap();
    let live = |it: &&Value| matches!(field(it, "status"), "PENDING" | "AUTHORIZED" | "CAPTURED");
    assert!(payments.iter().filter(live).count() <= 1, "two live transactions: {payments:?}");
    for it in payments {
        let (asked, captured) = (amount(it, "amount"), amount(it, "capturedAmount"));
        assert_eq!(asked, amount(order, "amount"), "{it}");
        assert!(captured <= asked, "captured above authorised: {it}");
        assert!(amount(it, "refundedAmount") <= captured, "refunded above captured: {it}");
        assert!(
            order["status"] != "CANCELLED" || it["status"] != "CAPTURED",
            "a late capture was kept: {it}"
        );
    }
    if NEEDS_MONEY.contains(&field(order, "status")) {
        let whole = payments.iter().any(|it| amount(it, "capturedAmount") == amount(order, "amount"));
        assert!(whole, "goods without money: {order} {payments:?}");
    }
}

fn holds_stock(history: &[Value]) -> bool {
    let mut before_refund = String::new();
    let mut holds = true;
    for row in history {
        let (from, to) = (row["fromStatus"].as_str().unwrap_or_default(), field(row, "toStatus"));
        match to {
            "CANCELLED" => holds = false,
            "CLOSED" if from == "PENDING" => holds = false,
            "REFUND_PENDING" => from.clone_into(&mut before_refund),
            "REFUNDED" if NOT_SENT.contains(&before_refund.as_str()) => holds = false,
            _ => {}
        }
    }
    holds
}

fn pieces(order: &Value, product: &str) -> i64 {
    let items = order["items"].as_array().unwrap().iter();
    items.filter(|it| it["productId"] == product).map(|it| it["quantity"].as_i64().unwrap()).sum()
}

/// The pieces of a product that refunds put back into stock, also those that failed.
fn restocked(refunds: &[Value], product: &str) -> i64 {
    let items = refunds.iter().filter_map(|it| it["items"].as_array()).flatten();
    items.filter(|it| it["productId"] == product).map(|it| it["restocked"].as_i64().unwrap()).sum()
}
