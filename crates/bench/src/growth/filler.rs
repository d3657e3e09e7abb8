//! Many orders behind the back of the service: three items each, most of them closed, with their payments and keys.

use crate::{error::BenchResult, service::print_line, stack::Stack};

/// The rows of one statement: few enough for the redo log, many enough that parsing does not matter.
const CHUNK: u32 = 20_000;
/// Orders between two lines of progress.
const PROGRESS: u32 = 500_000;
/// The key of the first filler row. Smaller keys are those of adopted rows, larger ones those of the service.
const FIRST_KEY: u64 = 1 << 40;
/// Of this number of orders one customer is the owner.
const ORDERS_OF_A_USER: u32 = 10;
/// What makes loading fast: nothing is durable and no key is compared while it lasts.
const RELAXED: &str = "SET GLOBAL innodb_flush_log_at_trx_commit = 0";
const DURABLE: &str = "SET GLOBAL innodb_flush_log_at_trx_commit = 1";
const SESSION: &str = "SET foreign_key_checks = 0, unique_checks = 0, time_zone = '+00:00'";

/// Adds orders until there are `rows` of them, oldest first, over the last half year.
pub(super) fn insert_orders(stack: &Stack, rows: u32) -> BenchResult<()> {
    stack.execute_sql(RELAXED)?;
    let mut first = 1;
    while first <= rows {
        let last = first.saturating_add(CHUNK - 1).min(rows);
        stack.execute_sql(&chunk_sql(first, last, rows))?;
        if last == rows || last.checked_rem(PROGRESS) == Some(0) {
            print_line(&format!("{last} of {rows} orders"))?;
        }
        first = last.saturating_add(1);
    }
    stack.execute_sql(DURABLE)
}

/// The statements that insert the orders of these numbers and everything that belongs to them.
fn chunk_sql(first: u32, last: u32, rows: u32) -> String {
    let from = format!("FROM seq_{first}_to_{last}");
    let key = format!("{FIRST_KEY} + seq");
    let user = format!("{FIRST_KEY} + seq DIV {ORDERS_OF_A_USER}");
    let name = "concat('filler', lpad(seq, 20, '0'))";
    // Ends a day ago, so that what is placed now is newer.
    let at = format!("now(3) - INTERVAL 1 DAY - INTERVAL (({rows} - seq) * (180 * 86400 / {rows})) SECOND");
    let at = format!("CAST({at} AS DATETIME(3))");
    let status = "IF(seq % 10 = 0, 'PAID', 'CLOSED')";
    let item = |place: u32| {
        format!(
            "INSERT INTO order_items (orderId, productId, quantity, price, createdAt, updatedAt, name, holdsStock, \
             `position`) SELECT {key}, concat('tea', (seq + {place}) % 1000), 1, 9.99, {at}, {at}, 'Tea', 1, {place} {from}"
        )
    };
    let statements = [
        SESSION.to_owned(),
        format!(
            "INSERT IGNORE INTO user (id, username, password, email, created_at, publicId, usernameFolded, emailFolded, \
             role, hashCost, changed_at) SELECT {user}, {name}, 'x', {name}, {at}, {name}, {name}, {name}, 'CUSTOMER', 4, \
             {at} {from} WHERE seq % {ORDERS_OF_A_USER} = 0 OR seq = 1"
        ),
        format!(
            "INSERT INTO orders (id, userId, orderNumber, status, amount, createdAt, updatedAt, currency, version, \
             revision, lastSequence, cameFrom, expiresAt, statusChangedAt) SELECT {key}, {user}, {name}, {status}, 29.97, \
             {at}, {at}, 'CNY', 2, 2, 2, NULL, {at} + INTERVAL 1 HOUR, {at} {from}"
        ),
        item(0),
        item(1),
        item(2),
        format!(
            "INSERT INTO order_status_history (orderId, sequence, fromStatus, toStatus, changedBy, createdAt, actor) \
             SELECT {key}, 1, '', 'PENDING', {user}, {at}, 'CUSTOMER' {from}"
        ),
        format!(
            "INSERT INTO order_status_history (orderId, sequence, fromStatus, toStatus, changedBy, createdAt, actor) \
             SELECT {key}, 2, 'PENDING', {status}, 0, {at}, 'SYSTEM' {from}"
        ),
        format!(
            "INSERT INTO payment_transactions (id, order_id, transaction_id, status, amount, currency, captured_amount, \
             captured_at, created_at, updated_at, order_key, sequence, gateway, token, capture_method, surplus, displaced, \
             refunded_amount, occupies_order, checks) SELECT {key}, {name}, {name}, 'CAPTURED', 29.97, 'CNY', 29.97, {at}, \
             {at}, {at}, {key}, 1, 'sandbox', 'tok_visa', 'AUTOMATIC', 0, 0, 0, {key}, 0 {from}"
        ),
        format!(
            "INSERT INTO payment_requests (transaction_key, kind, amount, requested_by, actor, requested_at) SELECT {key}, \
             'PAYMENT', 29.97, {user}, 'CUSTOMER', {at} {from}"
        ),
        format!(
            "INSERT INTO refunds (id, transaction_key, gateway, sequence, refund_id, amount, status, succeeded_at, \
             withdrawn, requested_by, actor, created_at, checks) SELECT {key}, {key}, 'sandbox', 1, {name}, 1, 'SUCCEEDED', \
             {at}, 0, 0, 'SYSTEM', {at}, 0 {from} WHERE seq % {ORDERS_OF_A_USER} = 0"
        ),
        format!(
            "INSERT INTO idempotency_claims (userId, route, idempotencyKey, fingerprint, resource, createdAt) SELECT \
             {user}, 'POST /v1/orders', {name}, {name}, {name}, {at} {from}"
        ),
    ];
    statements.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_has_the_rows_of_its_numbers() {
        let sql = chunk_sql(20_001, 40_000, 1_000_000);
        assert_eq!(sql.matches("FROM seq_20001_to_40000").count(), 11);
        assert_eq!(sql.matches("INSERT INTO order_items").count(), 3);
    }
}
