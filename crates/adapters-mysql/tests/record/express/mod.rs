//! Databases that the Express app made, and what can be seen of a migrated one.

use mysql_async::prelude::Queryable;

use super::ground::{connect, database, rows};

/// The app's tables.
pub(crate) const OLD_SCHEMA: &str = include_str!("schema.sql");
/// Rows as the app means them.
pub(crate) const OLD_ROWS: &str = include_str!("rows.sql");
/// Rows that the app lets happen.
pub(crate) const ODD_ROWS: &str = include_str!("odd_rows.sql");

/// A database that the app made, with those rows.
pub(crate) async fn made(rows: &[&str]) -> String {
    let url = database("express");
    let mut conn = connect(&url).await;
    conn.query_drop(OLD_SCHEMA).await.unwrap();
    for rows in rows {
        conn.query_drop(*rows).await.unwrap();
    }
    conn.disconnect().await.unwrap();
    url
}

/// Everything that says how the tables are made.
pub(crate) async fn schema(url: &str) -> Vec<String> {
    let mut conn = connect(url).await;
    let tables: Vec<String> = conn.query("SHOW TABLES").await.unwrap();
    let mut schema = Vec::new();
    for table in tables {
        let made: Option<(String, String)> =
            conn.query_first(format!("SHOW CREATE TABLE `{table}`")).await.unwrap();
        let text = made.unwrap().1;
        // Where the next key begins is of the rows, not of the schema.
        let line = |it: &str| {
            let words = it.split(' ').filter(|word| !word.starts_with("AUTO_INCREMENT="));
            words.collect::<Vec<_>>().join(" ")
        };
        schema.extend(text.lines().map(line));
    }
    schema
}

/// Every row of the record, but for what is random or was taken off the clock.
pub(crate) async fn content(url: &str) -> Vec<String> {
    let mut conn = connect(url).await;
    let mut content = Vec::new();
    for query in [
        "SELECT id, username, password, email, LEFT(usernameFolded, LOCATE(' ', CONCAT(usernameFolded, ' '))), role, hashCost FROM user",
        "SELECT id, userId, orderNumber, status, amount, currency, version, revision, lastSequence, cameFrom FROM orders",
        "SELECT id, orderId, productId, quantity, price, name, holdsStock, `position` FROM order_items",
        "SELECT id, orderId, sequence, fromStatus, toStatus, changedBy, actor, reason FROM order_status_history",
        "SELECT id, order_id, transaction_id, status, amount, currency, captured_amount, gateway, capture_method,
            sequence, authorized_at IS NULL, failed_at IS NULL, voided_at IS NULL, surplus, displaced, refunded_amount,
            disputed_amount, occupies_order
            FROM payment_transactions",
        "SELECT id, transaction_key, sequence, refund_id, amount, status FROM refunds",
        "SELECT transaction_key, event_id, status, amount FROM dispute_events",
        "SELECT transaction_key, kind, amount, requested_by, actor FROM payment_requests",
        "SELECT id, kind, transaction_id, order_number, detail FROM findings",
        "SELECT version FROM __diesel_schema_migrations",
    ] {
        content.extend(rows(&mut conn, &format!("{query} ORDER BY 1")).await);
    }
    content
}

/// Fails at the first difference.
#[track_caller]
pub(crate) fn same(left: &[String], right: &[String]) {
    for (left, right) in left.iter().zip(right) {
        assert_eq!(left, right);
    }
    assert_eq!(left.len(), right.len());
}
