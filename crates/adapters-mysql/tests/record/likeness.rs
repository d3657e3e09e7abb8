//! A database that only resembles the Express app's is refused before anything is changed, and all that is wrong is said.

use super::ground;
use crate::express::{ODD_ROWS, OLD_ROWS, content, made, same, schema};
use adapters_mysql::{AdoptedRows, AdoptionReport, MigrationOutcome, MySql, OpenError};
use mysql_async::prelude::Queryable;
use ports::ErrorChain;

/// Every column of the app's tables.
async fn columns(conn: &mut mysql_async::Conn) -> Vec<(String, String)> {
    let query =
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()";
    conn.query(query).await.unwrap()
}

/// What is said of a database that is not adopted; it is as it was.
async fn refused(url: &str) -> String {
    let before = schema(url).await;
    let fault = MySql::migrate(url).await.unwrap_err();
    same(&schema(url).await, &before);
    assert!(MySql::migrate_schema(url).await.is_err());
    same(&schema(url).await, &before);
    ErrorChain(&fault).to_string()
}

#[tokio::test]
async fn a_database_that_lacks_any_column_that_is_read_is_left_as_it_is() {
    let url = made(&[OLD_ROWS]).await;
    let mut conn = ground::connect(&url).await;
    let all = columns(&mut conn).await;
    assert!(all.len() > 35, "{all:?}");
    for (table, column) in all {
        let rename = |from: &str, to: &str| format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}");
        conn.query_drop(rename(&column, "elsewhere")).await.unwrap();
        let said = refused(&url).await;
        // Without the column by which a table is known it is a table of another program.
        let foreign = said.contains(&format!("there is a table `{table}`"));
        assert!(
            foreign || said.contains(&format!("{table}.{column} is missing")),
            "{table}.{column}: {said}"
        );
        conn.query_drop(rename("elsewhere", &column)).await.unwrap();
    }
    MySql::migrate(&url).await.unwrap();
}

#[tokio::test]
async fn everything_that_stands_in_the_way_is_said_at_once() {
    let url = made(&[
        OLD_ROWS,
        "ALTER TABLE order_items DROP COLUMN updatedAt",
        "ALTER TABLE orders DROP COLUMN amount, MODIFY userId INT NULL",
        "UPDATE orders SET userId = NULL WHERE id = 1",
        "ALTER TABLE payment_transactions MODIFY captured_at VARCHAR(50) NULL, DROP KEY transaction_id",
        "UPDATE payment_transactions SET transaction_id = 'one'",
    ])
    .await;
    let said = refused(&url).await;
    for obstacle in [
        "order_items.updatedAt is missing",
        "orders.amount is missing",
        "orders.userId is NULL in some rows",
        "payment_transactions.captured_at is of type varchar",
        "payment_transactions.transaction_id is the same in several rows",
    ] {
        assert!(said.contains(obstacle), "{obstacle}: {said}");
    }
}

#[tokio::test]
async fn what_the_record_cannot_hold_is_said_with_its_rows_and_nothing_is_changed() {
    let text = |table: &str, column: &str, kind: &str| {
        (
            format!("ALTER TABLE {table} MODIFY {column} {kind}"),
            format!("UPDATE {table} SET {column} = REPEAT('ä', 256) WHERE id = 1"),
            format!("{table}.{column} has more than 255 characters (rows: 1)"),
        )
    };
    let moment = |table: &str, column: &str, moment: &str| {
        (
            format!("ALTER TABLE {table} MODIFY {column} DATETIME(6) NULL"),
            format!("UPDATE {table} SET {column} = '{moment}' WHERE id IN (1, 2)"),
            format!(
                "{table}.{column} is no day, before 1970-01-01 00:00:01 or after 2038-01-19 03:14:06 (rows: 2)"
            ),
        )
    };
    let amount = |table: &str, column: &str, amount: &str| {
        (
            format!("ALTER TABLE {table} MODIFY {column} DECIMAL(30, 5)"),
            format!("UPDATE {table} SET {column} = {amount} WHERE id = 1"),
            format!("{table}.{column} is above 900000000000000 or has more than 4 decimals (rows: 1)"),
        )
    };
    let number = |table: &str, column: &str, number: &str, why: &str| {
        (
            format!("ALTER TABLE {table} MODIFY {column} BIGINT NOT NULL"),
            format!("UPDATE {table} SET {column} = {number} WHERE id = 2"),
            format!("{table}.{column} is {why} (rows: 1)"),
        )
    };
    let key = "not from 1 to 4294967295";
    let long = "VARCHAR(500)";
    for (wider, update, obstacle) in [
        text("user", "username", long),
        text("user", "password", "TEXT"),
        text("user", "email", long),
        text("orders", "orderNumber", long),
        text("order_items", "productId", long),
        text("payment_transactions", "order_id", long),
        text("payment_transactions", "transaction_id", long),
        text("payment_transactions", "card_last4", long),
        text("payment_transactions", "card_brand", long),
        text("payment_transactions", "authorization_code", "TEXT"),
        text("payment_transactions", "response_code", long),
        (
            "ALTER TABLE payment_transactions MODIFY failure_reason MEDIUMTEXT".to_owned(),
            "UPDATE payment_transactions SET failure_reason = REPEAT('ä', 32768) WHERE id = 1".to_owned(),
            "payment_transactions.failure_reason has more than 65535 bytes (rows: 1)".to_owned(),
        ),
        moment("user", "created_at", "1969-12-31 23:59:59"),
        moment("orders", "updatedAt", "2038-01-19 03:14:07.9999"),
        moment("payment_transactions", "captured_at", "9999-12-31"),
        amount("orders", "amount", "10000000000000000"),
        amount("order_items", "price", "1.00001"),
        amount("payment_transactions", "captured_amount", "900000000000001"),
        number("user", "id", "0", key),
        number("orders", "userId", "-1", key),
        number("payment_transactions", "id", "4294967296", key),
        number("order_status_history", "changedBy", "-1", "not from 0 to 4294967295"),
        number("order_items", "quantity", "4294967296", "above 4294967295"),
    ] {
        let url = made(&[OLD_ROWS, &wider, &update]).await;
        let said = refused(&url).await;
        assert!(said.contains(&obstacle), "{update}: {said}");
    }
}

#[tokio::test]
async fn two_values_that_the_record_compares_as_one_are_refused() {
    // The collation of MariaDB, or else of MySQL, in which a space at the end counts.
    let known = "SELECT collation_name FROM information_schema.collations
        WHERE collation_name IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')";
    let known: Option<String> =
        ground::connect(&ground::database("collation")).await.query_first(known).await.unwrap();
    let text = format!("VARCHAR(255) CHARACTER SET utf8mb4 COLLATE {} NOT NULL", known.unwrap());
    let modify = format!("ALTER TABLE orders MODIFY orderNumber {text}");
    let url = made(&[OLD_ROWS, &modify, "UPDATE orders SET orderNumber = 'ORD-1 ' WHERE id = 2"]).await;
    assert!(refused(&url).await.contains("orders.orderNumber is the same in several rows"));
}

#[tokio::test]
async fn nothing_is_adopted_unasked() {
    let url = made(&[OLD_ROWS, ODD_ROWS]).await;
    let before = schema(&url).await;
    assert!(matches!(MySql::migrate_schema(&url).await, Err(OpenError::Unadopted)));
    same(&schema(&url).await, &before);
    MySql::migrate(&url).await.unwrap();
    assert_eq!(MySql::migrate_schema(&url).await.unwrap(), MigrationOutcome::Nothing);
    // An adoption that was interrupted goes on only when it is asked for again.
    let mut conn = ground::connect(&url).await;
    conn.query_drop("DELETE FROM __diesel_schema_migrations WHERE version = '0005'").await.unwrap();
    assert!(matches!(MySql::migrate_schema(&url).await, Err(OpenError::Unadopted)));
    MySql::migrate(&url).await.unwrap();
    let fresh = ground::database("fresh");
    assert_eq!(MySql::migrate_schema(&fresh).await.unwrap(), MigrationOutcome::Schema);
    assert_eq!(MySql::migrate_schema(&fresh).await.unwrap(), MigrationOutcome::Nothing);
}

#[tokio::test]
async fn what_was_adopted_is_counted_and_what_was_not() {
    let url = made(&[OLD_ROWS, ODD_ROWS]).await;
    let MigrationOutcome::Adoption(adopted) = MySql::migrate(&url).await.unwrap() else {
        panic!("it was adopted")
    };
    let AdoptionReport { users, orders, items, entries, payments } = adopted;
    let mut conn = ground::connect(&url).await;
    for (table, taken) in [
        ("user", users),
        ("orders", orders),
        ("order_items", items),
        ("order_status_history", entries),
        ("payment_transactions", payments),
    ] {
        let old: Option<u64> =
            conn.query_first(format!("SELECT COUNT(*) FROM express_{table}")).await.unwrap();
        assert_eq!(Some(taken.rows + taken.left), old, "{table}");
        assert!(taken.rows > 0, "{table}");
    }
    assert_eq!(users.left, 0);
    assert!(orders.left > 0 && payments.left > 0, "{adopted:?}");
    assert_eq!((items.left, entries.left), (1, 3), "as the findings of them say");
    assert_ne!(users, AdoptedRows::default());
    let before = content(&url).await;
    assert_eq!(MySql::migrate(&url).await.unwrap(), MigrationOutcome::Nothing);
    same(&content(&url).await, &before);
}

#[tokio::test]
async fn a_step_that_adopts_nothing_does_not_say_that_something_was_adopted() {
    let url = made(&[OLD_ROWS]).await;
    MySql::migrate(&url).await.unwrap();
    let mut conn = ground::connect(&url).await;
    conn.query_drop("DELETE FROM __diesel_schema_migrations WHERE version = '0001'").await.unwrap();
    assert_eq!(MySql::migrate(&url).await.unwrap(), MigrationOutcome::Schema);
}
