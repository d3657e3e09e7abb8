//! What money and goods depend on holds in the database itself, for every program that writes to it.

use super::ground;
use adapters_mysql::MySql;
use domain::{
    Actor, FindingKind, Role,
    order::OrderStatus,
    payment::{
        CaptureMethod, DisputeStatus, EventDisposition, PaymentRequestKind, PaymentStatus, ReferenceKind,
        RefundStatus,
    },
};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Row};
use ports::AttemptOperation;

/// One row of everything: an order of 10.00, captured, with 4.00 of it given back. Its keys are those of new rows.
const ROWS: &str = "
    INSERT INTO user VALUES (1, 'Ada', 'hash', 'Ada@b.co', NOW(3), 'u', 'ada', 'ada@b.co', 'CUSTOMER', 0, 0, NULL, NULL, 0, NULL, NULL, 0);
    INSERT INTO sessions VALUES (1, 's', 1, 0, NOW(3), NOW(3), NOW(3), NULL, '', '192.0.2.1', '');
    INSERT INTO api_keys VALUES (1, 'k', REPEAT('0', 64), 'x', 'orders:read', 1, NOW(3), NULL, 0, NULL, NULL);
    INSERT INTO products VALUES (1, 'sku', 'Tea', 10, 'CNY', 5, 1, 1, 0, 0, NOW(3), NOW(3));
    INSERT INTO product_changes VALUES (1, 'c', 1, 1, 10, 'CNY', 1, 'SET', 5, NULL, 1, 'OPERATOR', NOW(3));
    INSERT INTO orders VALUES
        (10000000001, 1, 'n', 'PAID', 10, NOW(3), NOW(3), 'CNY', 2, 2, 1, NULL, NOW(3), NOW(3));
    INSERT INTO order_details VALUES (10000000001, 1, NOW(3), 'PO-1', '{}', NULL, NULL, NULL);
    INSERT INTO order_items VALUES (1, 10000000001, 'sku', 1, 10, NOW(3), NOW(3), 'Tea', 1, 0, 0);
    INSERT INTO order_status_history VALUES (1, 10000000001, 1, '', 'PENDING', 1, NOW(3), 'CUSTOMER', NULL);
    INSERT INTO payment_transactions VALUES (
        10000000002, 'n', 't', 'CAPTURED', 10, 'CNY', '4242', 'visa', 'A1', 10, NOW(3), NULL, '00', NOW(3), NOW(3),
        10000000001, 1, 'sandbox', 'tok_visa', 'AUTOMATIC', NOW(3), NULL, NULL, 0, 0, NULL, NULL, 4, 3, 10000000001, NULL,
        0
    );
    INSERT INTO refunds VALUES
        (1, 10000000002, 'sandbox', 1, 'r', 4, 'SUCCEEDED', NOW(3), NULL, 0, 1, 'OPERATOR', NULL, NOW(3), NULL, 0, NULL, NULL);
    INSERT INTO dispute_events VALUES (1, 10000000002, 'e', NULL, 'OPEN', 3, NOW(3));
    INSERT INTO payment_events VALUES
        (1, 'sandbox', 'e', 'payment.captured', 't', NULL, NULL, '{}', 'APPLIED', NOW(3));
    INSERT INTO gateway_references VALUES (1, 'sandbox', 'REFUND', 're_1', 10000000002, 'r', NOW(3));
    INSERT INTO payment_next_actions VALUES (10000000002, '{}');
    INSERT INTO payment_metadata VALUES (10000000002, '{}');
    INSERT INTO gateway_attempts VALUES (1, 'a', 10000000002, NULL, 'CHARGE', 'POST /', 'ANSWERED', 200, '{}', NOW(3), 7);
    INSERT INTO findings VALUES (1, 'f', 'dispute', NULL, NULL, NULL, NULL, 'text', NOW(3), NULL, NULL, 0, NULL, NULL, NULL);
    INSERT INTO payment_requests VALUES (1, 10000000002, 'PAYMENT', 10, 10000000001, 'CUSTOMER', NOW(3));
    INSERT INTO idempotency_claims VALUES
        (1, 1, 'POST /', 'k', 'print', 'n', NULL, NULL, NULL, NULL, NOW(3), NULL);
    INSERT INTO feed_events VALUES (1, 'e', 1, 'order.paid', 'ORDER', 'n', NULL, '{}', NOW(3), NULL);
";

/// What the servers of this kind say: MariaDB and MySQL have a number each for a `CHECK`.
const CHECK: &[u16] = &[4025, 3819];
const UNIQUE: &[u16] = &[1062];
const REFERENCE: &[u16] = &[1451, 1452];

async fn record() -> Conn {
    let url = ground::database("schema");
    MySql::migrate(&url).await.unwrap();
    let mut conn = ground::connect(&url).await;
    conn.query_drop(ROWS).await.unwrap();
    conn
}

async fn is_refused(conn: &mut Conn, sql: &str, numbers: &[u16]) {
    match conn.query_drop(sql).await {
        Err(Error::Server(told)) if numbers.contains(&told.code) => {}
        outcome => panic!("{sql}: {outcome:?}"),
    }
}

#[tokio::test]
async fn a_reference_is_never_empty() {
    let mut conn = record().await;
    is_refused(&mut conn, "UPDATE order_details SET reference = ''", CHECK).await;
}

/// A foreign key leans on the first index that begins with its column. MySQL 9.7 does not check it in a row that has a NULL
/// in a further column of that index.
#[tokio::test]
async fn no_foreign_key_leans_on_an_index_that_may_hold_null() {
    let mut conn = record().await;
    let keys = "SELECT table_name, column_name FROM information_schema.key_column_usage
                WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL";
    let keys: Vec<(String, String)> = conn.query(keys).await.unwrap();
    assert!(keys.len() > 20, "{keys:?}");
    for (table, key) in keys {
        let columns: Vec<Row> = conn.query(format!("SHOW INDEX FROM `{table}`")).await.unwrap();
        let text = |row: &Row, name: &str| row.get::<String, _>(name).unwrap();
        let place = |row: &Row| row.get::<u32, _>("Seq_in_index").unwrap();
        let first = columns.iter().find(|it| place(it) == 1 && text(it, "Column_name") == key).unwrap();
        let index = text(first, "Key_name");
        let further = columns.iter().filter(|it| text(it, "Key_name") == index && place(it) > 1);
        for column in further {
            assert_eq!(text(column, "Null"), "", "{index} of {table}");
        }
    }
}

/// Changes that a check of the schema refuses.
const REFUSED_CHANGES: &[&str] = &[
    "feed_events SET data = 'no'",
    "feed_events SET sequence = 0",
    "feed_events SET subject_kind = 'OTHER'",
    "feed_sequencer SET pruned_to = next_sequence",
    "feed_sequencer SET pruned_to = -1",
    "feed_sequencer SET id = 2",
    "api_keys SET digest = 'short'",
    "api_keys SET scopes = ''",
    "api_keys SET revoked = 1",
    "products SET stock = -1",
    "user SET disabled = 2",
    "payment_requests SET amount = -1",
    "findings SET resolved_by = 1",
    "products SET stock = stock - 6",
    "products SET price = 0",
    "products SET moves = -1",
    "product_changes SET stock = 'LOST'",
    "product_changes SET stock = 'KEPT'",
    "product_changes SET quantity = -1",
    "product_changes SET quantity = NULL",
    "product_changes SET stock = 'ADJUSTED', quantity = 0",
    "product_changes SET actor = 'OTHER'",
    "products SET active = 2",
    "orders SET amount = 0",
    "orders SET amount = -0.0001",
    "orders SET status = 'LOST'",
    "orders SET status = 'paid'",
    "orders SET cameFrom = 'LOST'",
    "orders SET currency = 'CN'",
    "orders SET version = 0",
    "order_items SET quantity = 0",
    "order_items SET price = -1",
    "order_items SET restocked = -1",
    "order_items SET restocked = 2",
    "order_items SET restocked = 1, holdsStock = 0",
    "order_items SET price = 0",
    "order_status_history SET toStatus = 'LOST'",
    "order_status_history SET fromStatus = toStatus",
    "order_status_history SET actor = 'OTHER'",
    "order_status_history SET sequence = 0",
    "order_status_history SET sequence = 2",
    "order_status_history SET fromStatus = 'PAID'",
    "orders SET lastSequence = 0",
    "payment_transactions SET amount = 0",
    "payment_transactions SET captured_amount = 10.0001",
    "payment_transactions SET captured_amount = 0",
    "payment_transactions SET captured_amount = NULL",
    "payment_transactions SET captured_at = NULL",
    "payment_transactions SET sequence = 0",
    "payment_transactions SET disputed_amount = -1",
    "payment_transactions SET refunded_amount = -1",
    "payment_transactions SET asked = 'CAPTURE'",
    "payment_transactions SET asked = 'CAPTURE', asked_amount = 10.0001",
    "payment_transactions SET asked_amount = 1",
    "payment_transactions SET occupies_order = 2",
    "payment_transactions SET status = 'PENDING', occupies_order = NULL",
    "payment_transactions SET status = 'LOST'",
    "refunds SET amount = 0",
    "refunds SET succeeded_at = NULL",
    "refunds SET status = 'PENDING'",
    "refunds SET withdrawn = 2",
    "refunds SET actor = 'OTHER'",
    "refunds SET sequence = 0",
    "dispute_events SET amount = 0",
    "dispute_events SET status = 'NONE'",
    "refunds SET status = 'LOST'",
    "gateway_references SET kind = 'PAYMENT'",
    "gateway_references SET owner = ''",
    "gateway_references SET kind = 'ORDER'",
    "gateway_references SET reference = ''",
    "gateway_attempts SET operation = 'CHECK'",
    "gateway_attempts SET outcome = 'LOST'",
    "gateway_attempts SET http_status = -1",
    "gateway_attempts SET duration_ms = -1",
    "payment_events SET reference = 'pi_1', reference_kind = 'PAYMENT'",
    "payment_events SET transaction_id = NULL, reference = 'pi_1'",
    "payment_events SET transaction_id = NULL, reference = 'pi_1', reference_kind = 'ORDER'",
    "payment_events SET disposition = 'LOST'",
    "findings SET kind = 'lost'",
    "user SET role = 'ROOT'",
    "idempotency_claims SET replyStatus = 200",
];

#[tokio::test]
async fn no_check_can_be_bypassed() {
    let mut conn = record().await;
    for change in REFUSED_CHANGES {
        is_refused(&mut conn, &format!("UPDATE {change}"), CHECK).await;
    }
}

#[tokio::test]
async fn nothing_that_must_be_one_of_its_kind_is_there_twice() {
    let mut conn = record().await;
    conn.query_drop(
        "INSERT INTO user SELECT 2, 'Bob', '', 'b@b.co', NOW(3), 'v', 'bob', 'b@b.co', role, 0, 0, NULL, NULL, 0, NULL, NULL, 0 FROM user",
    )
    .await
    .unwrap();
    for change in [
        "UPDATE user SET usernameFolded = 'ada' WHERE id = 2",
        "UPDATE user SET emailFolded = 'ada@b.co' WHERE id = 2",
        "UPDATE user SET publicId = 'u' WHERE id = 2",
        "INSERT INTO sessions SELECT 2, sessionId, 1, 0, NOW(3), NOW(3), NOW(3), NULL, '', network, '' FROM sessions",
        "INSERT INTO products SELECT 2, productId, name, price, currency, 1, 1, 1, 0, 0, NOW(3), NOW(3) FROM products",
        "INSERT INTO product_changes
            SELECT 2, 'other', productKey, version, price, currency, 1, 'KEPT', NULL, NULL, 1, actor, NOW(3)
            FROM product_changes",
        "INSERT INTO orders SELECT 2, 1, orderNumber, 'PAID', 1, NOW(3), NOW(3), 'CNY', 1, 1, 1, NULL, NOW(3), NOW(3) FROM orders",
        "INSERT INTO order_items SELECT 2, orderId, 'x', 1, 1, NOW(3), NOW(3), 'Tea', 1, position, 0 FROM order_items",
        "INSERT INTO order_status_history
            SELECT 2, orderId, sequence, '', 'PENDING', 1, NOW(3), actor, NULL FROM order_status_history",
        "INSERT INTO payment_transactions SELECT
            2, 'n', 'other', 'PENDING', amount, 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NOW(3), NOW(3),
            order_key, 2, 'sandbox', 'tok', 'MANUAL', NULL, NULL, NULL, 0, 0, NULL, NULL, 0, NULL, order_key, NULL, 0
            FROM payment_transactions",
        "INSERT INTO payment_transactions SELECT
            2, 'n', 'other', 'FAILED', amount, 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NOW(3), NOW(3),
            order_key, 1, 'sandbox', 'tok', 'MANUAL', NULL, NOW(3), NULL, 0, 0, NULL, NULL, 0, NULL, NULL, NULL, 0
            FROM payment_transactions",
        "INSERT INTO refunds
            SELECT 2, transaction_key, gateway, 2, refund_id, 1, 'PENDING', NULL, NULL, 0, 0, actor, NULL, NOW(3), NULL, 0, NULL, NULL FROM refunds",
        "INSERT INTO refunds
            SELECT 2, transaction_key, gateway, 1, 'other', 1, 'PENDING', NULL, NULL, 0, 0, actor, NULL, NOW(3), NULL, 0, NULL, NULL FROM refunds",
        "INSERT INTO dispute_events SELECT 2, transaction_key, event_id, NULL, 'WON', 1, NOW(3) FROM dispute_events",
        "INSERT INTO gateway_references
            SELECT 2, gateway, kind, reference, transaction_key, 'other', NOW(3) FROM gateway_references",
        "INSERT INTO gateway_references
            SELECT 2, gateway, kind, 'other', transaction_key, owner, NOW(3) FROM gateway_references",
        "INSERT INTO payment_next_actions SELECT * FROM payment_next_actions",
        "INSERT INTO payment_metadata SELECT * FROM payment_metadata",
        "INSERT INTO gateway_attempts
            SELECT 2, attempt_id, 1, NULL, operation, '', outcome, NULL, '', NOW(3), 0 FROM gateway_attempts",
        "INSERT INTO payment_events SELECT 2, gateway, event_id, NULL, NULL, NULL, NULL, '', 'APPLIED', NOW(3) FROM payment_events",
        "INSERT INTO findings SELECT 2, finding_id, kind, NULL, NULL, NULL, NULL, '', NOW(3), NULL, NULL, 0, NULL, NULL, NULL FROM findings",
        "INSERT INTO idempotency_claims
            SELECT 2, userId, route, idempotencyKey, '', '', NULL, NULL, NULL, NULL, NOW(3), NULL FROM idempotency_claims",
    ] {
        is_refused(&mut conn, change, UNIQUE).await;
    }
}

#[tokio::test]
async fn nothing_refers_to_what_is_not_there() {
    let mut conn = record().await;
    for change in [
        "UPDATE sessions SET userId = 9",
        "UPDATE product_changes SET productKey = 9",
        "UPDATE orders SET userId = 9",
        "UPDATE order_details SET orderId = 9",
        "UPDATE order_items SET orderId = 10000000009",
        "UPDATE order_status_history SET orderId = 10000000009",
        "UPDATE payment_transactions SET order_key = 10000000009, occupies_order = 10000000009",
        "UPDATE refunds SET transaction_key = 9",
        "UPDATE gateway_references SET transaction_key = 9",
        "UPDATE payment_next_actions SET transaction_key = 9",
        "UPDATE dispute_events SET transaction_key = 9",
        "DELETE FROM orders",
    ] {
        is_refused(&mut conn, change, REFERENCE).await;
    }
}

#[tokio::test]
async fn keys_and_ids_differ_by_every_byte_and_texts_come_back_as_they_were() {
    let mut conn = record().await;
    conn.query_drop(
        "INSERT INTO products SELECT 2, 'SKU', name, price, currency, 1, 1, 1, 0, 0, NOW(3), NOW(3) FROM products;
        INSERT INTO products SELECT 3, 'skü', name, price, currency, 1, 1, 1, 0, 0, NOW(3), NOW(3) FROM products WHERE id = 1",
    )
    .await
    .unwrap();
    let raw = format!("{{\"a\": \"{}\\u0000 🦀 é e\u{301}\"}} \r\n\t ", "x".repeat(100_000));
    conn.exec_drop("UPDATE payment_events SET raw = ?", (&raw,)).await.unwrap();
    let read: Option<String> = conn.query_first("SELECT raw FROM payment_events").await.unwrap();
    assert_eq!(read.unwrap(), raw);
    conn.query_drop(
        "UPDATE products SET price = 900000000000000.0001, updatedAt = updatedAt, createdAt = '2026-11-22 08:30:00.123'",
    )
    .await
    .unwrap();
    let exact = ground::rows(&mut conn, "SELECT DISTINCT CONCAT(price, ' ', createdAt) FROM products").await;
    assert_eq!(exact, ["'900000000000000.0001 2026-11-22 08:30:00.123'"]);
}

/// Rows are copied between the two as they are.
#[tokio::test]
async fn an_archive_table_has_the_columns_of_its_table() {
    let mut conn = record().await;
    let tables = "SELECT SUBSTRING(TABLE_NAME, 10) FROM information_schema.TABLES
                  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'archived!_%' ESCAPE '!'";
    let tables: Vec<String> = conn.query(tables).await.unwrap();
    assert_eq!(tables.len(), 12);
    for table in tables {
        let mut columns = async |table: String| -> Vec<(String, String, String)> {
            let query = "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE FROM information_schema.COLUMNS
                         WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION";
            conn.exec(query, (table,)).await.unwrap()
        };
        let of_record = columns(table.clone()).await;
        assert!(!of_record.is_empty(), "{table}");
        assert_eq!(columns(format!("archived_{table}")).await, of_record, "{table}");
    }
}

#[tokio::test]
async fn every_word_of_the_domain_fits() {
    let mut conn = record().await;
    let statuses = OrderStatus::ALL.map(OrderStatus::as_str);
    let origins = OrderStatus::ALL
        .into_iter()
        .filter(|it| it.allows_transition(OrderStatus::RefundPending, Actor::Operator));
    let words: &[(&str, &str, Vec<&str>)] = &[
        ("user", "role", [Role::Customer, Role::Operator].map(Role::as_str).to_vec()),
        ("orders", "status", statuses.to_vec()),
        ("orders", "cameFrom", origins.map(OrderStatus::as_str).collect()),
        ("product_changes", "actor", Actor::ALL.map(Actor::as_str).to_vec()),
        ("order_status_history", "actor", Actor::ALL.map(Actor::as_str).to_vec()),
        ("order_status_history", "fromStatus = '', toStatus", statuses.to_vec()),
        ("payment_transactions", "status", PaymentStatus::ALL.map(PaymentStatus::as_str).to_vec()),
        ("dispute_events", "status", DisputeStatus::ALL.map(DisputeStatus::as_str).to_vec()),
        (
            "payment_transactions",
            "capture_method",
            [CaptureMethod::Automatic, CaptureMethod::Manual].map(CaptureMethod::as_str).to_vec(),
        ),
        ("refunds", "actor", Actor::ALL.map(Actor::as_str).to_vec()),
        ("refunds", "succeeded_at = NULL, status", vec![RefundStatus::Pending.as_str()]),
        ("refunds", "failed_at = created_at, status", vec![RefundStatus::Failed.as_str()]),
        ("refunds", "succeeded_at = created_at, status", vec![RefundStatus::Succeeded.as_str()]),
        ("gateway_references", "kind", vec![ReferenceKind::Refund.as_str(), ReferenceKind::Dispute.as_str()]),
        (
            "payment_events",
            "transaction_id = NULL, reference = 'r', reference_kind",
            ReferenceKind::ALL.map(ReferenceKind::as_str).to_vec(),
        ),
        ("payment_events", "disposition", EventDisposition::ALL.map(EventDisposition::as_str).to_vec()),
        ("findings", "resolved_by = 0, resolved_actor", Actor::ALL.map(Actor::as_str).to_vec()),
        ("gateway_attempts", "operation", AttemptOperation::ALL.map(AttemptOperation::as_str).to_vec()),
        ("payment_requests", "actor", Actor::ALL.map(Actor::as_str).to_vec()),
        ("payment_requests", "kind", PaymentRequestKind::ALL.map(PaymentRequestKind::as_str).to_vec()),
        ("findings", "kind", FindingKind::ALL.map(FindingKind::as_str).to_vec()),
    ];
    for (table, column, words) in words {
        for word in words {
            conn.query_drop(format!("UPDATE {table} SET {column} = '{word}'")).await.expect(word);
        }
    }
    for (from, to, _) in domain::order::TRANSITIONS {
        let (from, to) = (from.as_str(), to.as_str());
        let change =
            format!("UPDATE order_status_history SET sequence = 2, fromStatus = '{from}', toStatus = '{to}'");
        conn.query_drop(change).await.expect(to);
    }
}
