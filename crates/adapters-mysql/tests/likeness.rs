//! A database that only resembles the Express app's is refused before anything is changed, and all that is wrong is said.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod express;
mod ground;

use adapters_mysql::{Adopted, Migrated, MySql, OpenError, Taken};
use express::{ODD_ROWS, OLD_ROWS, content, made, same, schema};
use mysql_async::prelude::Queryable;
use ports::Causes;

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
    assert!(MySql::prepare(url).await.is_err());
    same(&schema(url).await, &before);
    Causes(&fault).to_string()
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
        // Without the column by which a table is known it is somebody else's.
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
async fn nothing_is_adopted_unasked() {
    let url = made(&[OLD_ROWS, ODD_ROWS]).await;
    let before = schema(&url).await;
    assert!(matches!(MySql::prepare(&url).await, Err(OpenError::Unadopted)));
    same(&schema(&url).await, &before);
    MySql::migrate(&url).await.unwrap();
    assert_eq!(MySql::prepare(&url).await.unwrap(), Migrated::Nothing);
    // An adoption that was interrupted goes on only when it is asked for again.
    let mut conn = ground::connect(&url).await;
    conn.query_drop("DELETE FROM __diesel_schema_migrations WHERE version = '0005'").await.unwrap();
    assert!(matches!(MySql::prepare(&url).await, Err(OpenError::Unadopted)));
    MySql::migrate(&url).await.unwrap();
    let fresh = ground::database("fresh");
    assert_eq!(MySql::prepare(&fresh).await.unwrap(), Migrated::Schema);
    assert_eq!(MySql::prepare(&fresh).await.unwrap(), Migrated::Nothing);
}

#[tokio::test]
async fn what_was_adopted_is_counted_and_what_was_not() {
    let url = made(&[OLD_ROWS, ODD_ROWS]).await;
    let Migrated::Adoption(adopted) = MySql::migrate(&url).await.unwrap() else { panic!("it was adopted") };
    let Adopted { users, orders, items, entries, payments } = adopted;
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
    assert_ne!(users, Taken::default());
    let before = content(&url).await;
    assert_eq!(MySql::migrate(&url).await.unwrap(), Migrated::Nothing);
    same(&content(&url).await, &before);
}
