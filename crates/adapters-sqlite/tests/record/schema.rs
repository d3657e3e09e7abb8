//! What money and goods depend on holds in the database itself, for every program that writes to it.

use adapters_sqlite::Sqlite;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection};
use domain::{
    Actor, FindingKind, Role,
    order::OrderStatus,
    payment::{
        CaptureMethod, DisputeStatus, EventDisposition, PaymentRequestKind, PaymentStatus, ReferenceKind,
        RefundStatus,
    },
};
use ports::AttemptOperation;
use tempfile::TempDir;

/// One row of everything: an order of 10.00, captured, with 4.00 of it given back.
const ROWS: &str = "
    PRAGMA foreign_keys = ON;
    INSERT INTO user VALUES (1, 'Ada', 'hash', 'Ada@b.co', 0, 'u', 'ada', 'ada@b.co', 'CUSTOMER', 0, 0, NULL, NULL, 0, NULL, NULL, 0);
    INSERT INTO sessions VALUES (1, 's', 1, 0, 0, 0, 9, NULL, '', '192.0.2.1', '');
    INSERT INTO api_keys SELECT 1, 'k', hex(zeroblob(32)), 'x', 'orders:read', 1, 0, NULL, 0, NULL, NULL;
    INSERT INTO products VALUES (1, 'sku', 'Tea', 100000, 'CNY', 5, 1, 1, 0, 0, 0, 0);
    INSERT INTO product_changes VALUES (1, 'c', 1, 1, 100000, 'CNY', 1, 'SET', 5, NULL, 1, 'OPERATOR', 0);
    INSERT INTO orders VALUES (1, 1, 'n', 'PAID', 100000, 0, 0, 'CNY', 2, 2, 1, NULL, 9, 0);
    INSERT INTO order_details VALUES (1, 1, 0, 'PO-1', '{}', NULL, NULL, NULL);
    INSERT INTO order_items VALUES (1, 1, 'sku', 1, 100000, 0, 0, 'Tea', 1, 0, 0);
    INSERT INTO order_status_history VALUES (1, 1, 1, '', 'PENDING', 1, 0, 'CUSTOMER', NULL);
    INSERT INTO payment_transactions VALUES (
        1, 'n', 't', 'CAPTURED', 100000, 'CNY', '4242', 'visa', 'A1', 100000, 5, NULL, '00', 0, 5, 1, 1, 'sandbox',
        'tok_visa', 'AUTOMATIC', 5, NULL, NULL, 0, 0, NULL, NULL, 40000, 30000, 1, NULL, 0
    );
    INSERT INTO refunds VALUES (1, 1, 'sandbox', 1, 'r', 40000, 'SUCCEEDED', 6, NULL, 0, 1, 'OPERATOR', NULL, 6, NULL, 0, NULL, NULL);
    INSERT INTO dispute_events VALUES (1, 1, 'e', NULL, 'OPEN', 30000, 7);
    INSERT INTO payment_events VALUES (1, 'sandbox', 'e', 'payment.captured', 't', NULL, NULL, '{}', 'APPLIED', 5);
    INSERT INTO gateway_references VALUES (1, 'sandbox', 'REFUND', 're_1', 1, 'r', 5);
    INSERT INTO payment_next_actions VALUES (1, '{}');
    INSERT INTO payment_metadata VALUES (1, '{}');
    INSERT INTO gateway_attempts VALUES (1, 'a', 1, NULL, 'CHARGE', 'POST /', 'ANSWERED', 200, '{}', 5, 7);
    INSERT INTO findings VALUES (1, 'f', 'dispute', NULL, NULL, NULL, NULL, 'text', 0, NULL, NULL, 0, NULL, NULL, NULL);
    INSERT INTO payment_requests VALUES (1, 1, 'PAYMENT', 100000, 1, 'CUSTOMER', 0);
    INSERT INTO idempotency_claims VALUES (1, 1, 'POST /', 'k', 'print', 'n', NULL, NULL, NULL, NULL, 0, NULL);
    INSERT INTO feed_events VALUES (1, 'e', 1, 'order.paid', 'ORDER', 'n', NULL, '{}', 0, NULL);
";

async fn rows() -> (TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.db");
    Sqlite::open(&path).await.unwrap();
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute(ROWS).unwrap();
    (folder, connection)
}

#[track_caller]
fn refused(connection: &mut SqliteConnection, sql: &str) -> DatabaseErrorKind {
    match connection.batch_execute(sql) {
        Err(Error::DatabaseError(kind, _)) => kind,
        outcome => panic!("{sql}: {outcome:?}"),
    }
}

/// Changes that a check refuses.
const BROKEN: &[&str] = &[
    "feed_events SET data = 'no'",
    "feed_events SET sequence = 0",
    "feed_events SET subject_kind = 'OTHER'",
    "feed_sequencer SET pruned_to = next_sequence",
    "feed_sequencer SET pruned_to = -1",
    "feed_sequencer SET id = 2",
    "products SET stock = -1",
    "user SET disabled = 2",
    "payment_requests SET amount = -1",
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
    "orders SET amount = 0",
    "orders SET status = 'LOST'",
    "orders SET cameFrom = 'LOST'",
    "order_items SET quantity = 0",
    "order_items SET price = -1",
    "order_items SET restocked = -1",
    "order_items SET restocked = 2",
    "order_items SET restocked = 1, holdsStock = 0",
    "order_status_history SET toStatus = 'LOST'",
    "order_status_history SET fromStatus = toStatus",
    "order_status_history SET actor = 'OTHER'",
    "order_status_history SET sequence = 0",
    "order_status_history SET sequence = 2",
    "order_status_history SET fromStatus = 'PAID'",
    "orders SET lastSequence = 0",
    "order_details SET reference = ''",
    "payment_transactions SET amount = 0",
    "payment_transactions SET captured_amount = 100001",
    "payment_transactions SET captured_amount = 0",
    "payment_transactions SET captured_amount = NULL",
    "payment_transactions SET captured_at = NULL",
    "payment_transactions SET sequence = 0",
    "payment_transactions SET disputed_amount = -1",
    "payment_transactions SET refunded_amount = -1",
    "payment_transactions SET asked = 'CAPTURE'",
    "payment_transactions SET asked = 'CAPTURE', asked_amount = 100001",
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
    "payment_events SET disposition = 'LOST'",
    "findings SET kind = 'lost'",
    "user SET role = 'ROOT'",
    "idempotency_claims SET replyStatus = 200",
];

#[tokio::test]
async fn no_check_can_be_bypassed() {
    let (_folder, mut connection) = rows().await;
    for change in BROKEN {
        let kind = refused(&mut connection, &format!("UPDATE {change}"));
        assert!(matches!(kind, DatabaseErrorKind::CheckViolation), "{change}: {kind:?}");
    }
}

#[tokio::test]
async fn no_check_of_an_api_key_can_be_bypassed() {
    let (_folder, mut connection) = rows().await;
    for change in ["digest = 'short'", "scopes = ''", "revoked = 1", "revokedAt = 1"] {
        let kind = refused(&mut connection, &format!("UPDATE api_keys SET {change}"));
        assert!(matches!(kind, DatabaseErrorKind::CheckViolation), "{change}: {kind:?}");
    }
}

#[tokio::test]
async fn nothing_that_must_be_one_of_its_kind_is_there_twice() {
    let (_folder, mut connection) = rows().await;
    connection
        .batch_execute(
            "INSERT INTO user SELECT 2, 'Bob', '', 'b@b.co', 0, 'v', 'bob', 'b@b.co', role, 0, 0, NULL, NULL, 0, NULL, NULL, 0 FROM user",
        )
        .unwrap();
    for change in [
        "UPDATE user SET usernameFolded = 'ada' WHERE id = 2",
        "UPDATE user SET emailFolded = 'ada@b.co' WHERE id = 2",
        "UPDATE user SET publicId = 'u' WHERE id = 2",
        "INSERT INTO sessions SELECT 2, sessionId, 1, 0, 0, 0, 9, NULL, '', network, '' FROM sessions",
        "INSERT INTO products SELECT 2, productId, name, price, currency, 1, 1, 1, 0, 0, 0, 0 FROM products",
        "INSERT INTO product_changes
            SELECT 2, 'other', 1, version, price, currency, 1, 'KEPT', NULL, NULL, 1, actor, 0 FROM product_changes",
        "INSERT INTO orders SELECT 2, 1, orderNumber, 'PAID', 1, 0, 0, 'CNY', 1, 1, 1, NULL, 9, 0 FROM orders",
        "INSERT INTO order_items SELECT 2, 1, 'other', 1, 1, 0, 0, 'Tea', 1, position, 0 FROM order_items",
        "INSERT INTO order_status_history
            SELECT 2, orderId, sequence, '', 'PENDING', 1, 0, actor, NULL FROM order_status_history",
        "INSERT INTO payment_transactions SELECT
            2, 'n', 'other', 'PENDING', amount, 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 1, 2, 'sandbox',
            'tok', 'MANUAL', NULL, NULL, NULL, 0, 0, NULL, NULL, 0, NULL, 1, NULL, 0 FROM payment_transactions",
        "INSERT INTO payment_transactions SELECT
            2, 'n', 'other', 'FAILED', amount, 'CNY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 1, 1, 'sandbox',
            'tok', 'MANUAL', NULL, 5, NULL, 0, 0, NULL, NULL, 0, NULL, NULL, NULL, 0 FROM payment_transactions",
        "INSERT INTO refunds SELECT 2, 1, gateway, 2, refund_id, 1, 'PENDING', NULL, NULL, 0, 0, actor, NULL, 0, NULL, 0, NULL, NULL FROM refunds",
        "INSERT INTO refunds SELECT 2, 1, gateway, 1, 'other', 1, 'PENDING', NULL, NULL, 0, 0, actor, NULL, 0, NULL, 0, NULL, NULL FROM refunds",
        "INSERT INTO dispute_events SELECT 2, 1, event_id, NULL, 'WON', 1, 0 FROM dispute_events",
        "INSERT INTO gateway_references SELECT 2, gateway, kind, reference, 1, 'other', 0 FROM gateway_references",
        "INSERT INTO gateway_references SELECT 2, gateway, kind, 'other', 1, owner, 0 FROM gateway_references",
        "INSERT INTO payment_next_actions SELECT * FROM payment_next_actions",
        "INSERT INTO payment_metadata SELECT * FROM payment_metadata",
        "INSERT INTO gateway_attempts
            SELECT 2, attempt_id, 1, NULL, operation, '', outcome, NULL, '', 0, 0 FROM gateway_attempts",
        "INSERT INTO payment_events SELECT 2, gateway, event_id, NULL, NULL, NULL, NULL, '', 'APPLIED', 0 FROM payment_events",
        "INSERT INTO findings SELECT 2, finding_id, kind, NULL, NULL, NULL, NULL, '', 0, NULL, NULL, 0, NULL, NULL, NULL FROM findings",
        "INSERT INTO idempotency_claims
            SELECT 2, userId, route, idempotencyKey, '', '', NULL, NULL, NULL, NULL, 0, NULL FROM idempotency_claims",
    ] {
        let kind = refused(&mut connection, change);
        assert!(matches!(kind, DatabaseErrorKind::UniqueViolation), "{change}: {kind:?}");
    }
}

#[tokio::test]
async fn nothing_refers_to_what_is_not_there() {
    let (_folder, mut connection) = rows().await;
    for change in [
        "UPDATE sessions SET userId = 9",
        "UPDATE product_changes SET productKey = 9",
        "UPDATE orders SET userId = 9",
        "UPDATE order_details SET orderId = 9",
        "UPDATE order_items SET orderId = 9",
        "UPDATE order_status_history SET orderId = 9",
        "UPDATE payment_transactions SET order_key = 9, occupies_order = 9",
        "UPDATE refunds SET transaction_key = 9",
        "UPDATE gateway_references SET transaction_key = 9",
        "UPDATE payment_next_actions SET transaction_key = 9",
        "UPDATE dispute_events SET transaction_key = 9",
        "DELETE FROM orders",
    ] {
        let kind = refused(&mut connection, change);
        assert!(matches!(kind, DatabaseErrorKind::ForeignKeyViolation), "{change}: {kind:?}");
    }
}

/// A column, as the schema declares it.
#[derive(Debug, PartialEq, Eq, diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    required: i32,
}

/// Rows are copied between the two as they are.
#[tokio::test]
async fn an_archive_table_has_the_columns_of_its_table() {
    #[derive(diesel::QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let (_folder, mut connection) = rows().await;
    let tables = "SELECT substr(name, 10) AS name FROM sqlite_master WHERE type = 'table' AND name LIKE 'archived!_%' ESCAPE '!'";
    let tables: Vec<Name> = diesel::sql_query(tables).load(&mut connection).unwrap();
    assert_eq!(tables.len(), 12);
    for Name { name } in tables {
        let mut columns = |table: &str| -> Vec<Column> {
            let query = format!(
                "SELECT name, type AS kind, \"notnull\" AS required FROM pragma_table_info('{table}')"
            );
            diesel::sql_query(query).load(&mut connection).unwrap()
        };
        let of_record = columns(&name);
        assert!(!of_record.is_empty(), "{name}");
        assert_eq!(columns(&format!("archived_{name}")), of_record, "{name}");
    }
}

#[tokio::test]
async fn every_word_of_the_domain_fits() {
    let (_folder, mut connection) = rows().await;
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
        ("payment_events", "disposition", EventDisposition::ALL.map(EventDisposition::as_str).to_vec()),
        ("findings", "resolved_by = 0, resolved_actor", Actor::ALL.map(Actor::as_str).to_vec()),
        ("gateway_references", "kind", vec![ReferenceKind::Refund.as_str(), ReferenceKind::Dispute.as_str()]),
        (
            "payment_events",
            "transaction_id = NULL, reference = 'r', reference_kind",
            ReferenceKind::ALL.map(ReferenceKind::as_str).to_vec(),
        ),
        ("gateway_attempts", "operation", AttemptOperation::ALL.map(AttemptOperation::as_str).to_vec()),
        ("payment_requests", "actor", Actor::ALL.map(Actor::as_str).to_vec()),
        ("payment_requests", "kind", PaymentRequestKind::ALL.map(PaymentRequestKind::as_str).to_vec()),
        ("findings", "kind", FindingKind::ALL.map(FindingKind::as_str).to_vec()),
    ];
    for (table, column, words) in words {
        for word in words {
            connection.batch_execute(&format!("UPDATE {table} SET {column} = '{word}'")).expect(word);
        }
    }
    for (from, to, _) in domain::order::TRANSITIONS {
        let (from, to) = (from.as_str(), to.as_str());
        let change =
            format!("UPDATE order_status_history SET sequence = 2, fromStatus = '{from}', toStatus = '{to}'");
        connection.batch_execute(&change).expect(to);
    }
}
