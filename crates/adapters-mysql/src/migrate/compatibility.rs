//! Checks that tables are those of the Express app and that their contents fit the new schema.
//!
//! Every column that the adoption reads is checked before anything is changed, and all obstacles are
//! reported at once: an operator who learned of them one by one would have to stop the app for each.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::BoxError;
use super::column_kind::ColumnKind;

/// What must hold for a column in all rows, because its value is taken over as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requirement {
    /// No requirement: an empty value is replaced, or its row is not taken over.
    Nothing,
    NotNull,
    Unique,
}

struct Column(&'static str, ColumnKind, Requirement);

/// Every column that the steps 0002 to 0005 read, by table.
const COLUMNS: &[(&str, &[Column])] = &[
    (
        "user",
        &[
            Column("id", ColumnKind::Key, Requirement::Unique),
            Column("username", ColumnKind::Text, Requirement::NotNull),
            Column("password", ColumnKind::Text, Requirement::NotNull),
            Column("email", ColumnKind::Text, Requirement::NotNull),
            Column("created_at", ColumnKind::Timestamp, Requirement::Nothing),
        ],
    ),
    (
        "orders",
        &[
            Column("id", ColumnKind::Key, Requirement::Unique),
            Column("userId", ColumnKind::Key, Requirement::NotNull),
            Column("orderNumber", ColumnKind::Text, Requirement::Unique),
            Column("status", ColumnKind::Keyword, Requirement::Nothing),
            Column("amount", ColumnKind::Amount, Requirement::Nothing),
            Column("createdAt", ColumnKind::Timestamp, Requirement::Nothing),
            Column("updatedAt", ColumnKind::Timestamp, Requirement::Nothing),
        ],
    ),
    (
        "order_items",
        &[
            Column("id", ColumnKind::Key, Requirement::Unique),
            Column("orderId", ColumnKind::ForeignKey, Requirement::Nothing),
            Column("productId", ColumnKind::Text, Requirement::NotNull),
            Column("quantity", ColumnKind::Count, Requirement::Nothing),
            Column("price", ColumnKind::Amount, Requirement::Nothing),
            Column("createdAt", ColumnKind::Timestamp, Requirement::Nothing),
            Column("updatedAt", ColumnKind::Timestamp, Requirement::Nothing),
        ],
    ),
    (
        "order_status_history",
        &[
            Column("id", ColumnKind::Key, Requirement::Unique),
            Column("orderId", ColumnKind::ForeignKey, Requirement::Nothing),
            Column("fromStatus", ColumnKind::Keyword, Requirement::Nothing),
            Column("toStatus", ColumnKind::Keyword, Requirement::Nothing),
            Column("changedBy", ColumnKind::Author, Requirement::NotNull),
            Column("createdAt", ColumnKind::Timestamp, Requirement::Nothing),
        ],
    ),
    (
        "payment_transactions",
        &[
            Column("id", ColumnKind::Key, Requirement::Unique),
            Column("order_id", ColumnKind::Text, Requirement::Nothing),
            Column("transaction_id", ColumnKind::Text, Requirement::Unique),
            Column("status", ColumnKind::Keyword, Requirement::Nothing),
            Column("amount", ColumnKind::Amount, Requirement::Nothing),
            Column("currency", ColumnKind::Keyword, Requirement::Nothing),
            Column("card_last4", ColumnKind::Text, Requirement::Nothing),
            Column("card_brand", ColumnKind::Text, Requirement::Nothing),
            Column("authorization_code", ColumnKind::Text, Requirement::Nothing),
            Column("captured_amount", ColumnKind::Amount, Requirement::Nothing),
            Column("captured_at", ColumnKind::Timestamp, Requirement::Nothing),
            Column("failure_reason", ColumnKind::LongText, Requirement::Nothing),
            Column("response_code", ColumnKind::Text, Requirement::Nothing),
            Column("created_at", ColumnKind::Timestamp, Requirement::Nothing),
            Column("updated_at", ColumnKind::Timestamp, Requirement::Nothing),
        ],
    ),
];

/// Lists the obstacles to adopting the table, each as `table.column` and the reason.
pub(super) async fn find_obstacles(conn: &mut Conn, table: &str) -> Result<Vec<String>, BoxError> {
    let query = "SELECT column_name, LOWER(data_type), is_nullable FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = ?";
    let present: Vec<(String, String, String)> = conn.exec(query, (table,)).await?;
    let mut found = Vec::new();
    let wanted = COLUMNS.iter().filter(|(name, _)| *name == table).flat_map(|(_, columns)| *columns);
    for Column(name, kind, need) in wanted {
        // The server ignores the case of column names, so the steps find the column whatever its case is.
        let Some((_, stored, nullable)) = present.iter().find(|it| it.0.eq_ignore_ascii_case(name)) else {
            found.push(format!("{table}.{name} is missing"));
            continue;
        };
        if !kind.allowed_types().contains(&stored.as_str()) {
            found.push(format!(
                "{table}.{name} is of type {stored}, and not {}",
                kind.allowed_types().join(", ")
            ));
            continue;
        }
        // The declared type answers for most columns. Only a nullable one costs a scan, which may take long
        // on a large table.
        if *need != Requirement::Nothing
            && nullable == "YES"
            && has_rows(conn, &null_rows_sql(table, name)).await?
        {
            found.push(format!("{table}.{name} is NULL in some rows"));
        }
        if *need == Requirement::Unique && has_rows(conn, &duplicates_sql(table, name, *kind)).await? {
            found.push(format!("{table}.{name} is the same in several rows"));
        }
        if let Some((condition, why)) = kind.invalid_condition(name) {
            let query = format!("SELECT COUNT(*) FROM `{table}` WHERE {condition}");
            let rows: u64 = conn.query_first(query).await?.unwrap_or(0);
            if rows > 0 {
                found.push(format!("{table}.{name} {why} (rows: {rows})"));
            }
        }
    }
    Ok(found)
}

fn null_rows_sql(table: &str, column: &str) -> String {
    format!("SELECT 1 FROM `{table}` WHERE `{column}` IS NULL LIMIT 1")
}

fn duplicates_sql(table: &str, column: &str, kind: ColumnKind) -> String {
    let value = kind.comparison_sql(column);
    format!(
        "SELECT 1 FROM `{table}` WHERE `{column}` IS NOT NULL GROUP BY {value} HAVING COUNT(*) > 1 LIMIT 1"
    )
}

async fn has_rows(conn: &mut Conn, query: &str) -> Result<bool, BoxError> {
    Ok(conn.query_first::<i64, _>(query).await?.is_some())
}
