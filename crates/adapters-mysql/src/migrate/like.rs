//! Whether tables are really those of the Express app, and what they hold fits: every column that the adoption reads is
//! looked at before anything is changed, and everything that stands in the way is named at once.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::Failure;
use super::kind::Kind;

/// What is taken over as it is must be there in every row, or be another one in every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing: there is something else where it is empty, or the row stays where it is.
    Nothing,
    Filled,
    Unique,
}

struct Column(&'static str, Kind, Need);

/// Every column that steps 0002 to 0005 read, by table.
const COLUMNS: &[(&str, &[Column])] = &[
    (
        "user",
        &[
            Column("id", Kind::Key, Need::Unique),
            Column("username", Kind::Text, Need::Filled),
            Column("password", Kind::Text, Need::Filled),
            Column("email", Kind::Text, Need::Filled),
            Column("created_at", Kind::Moment, Need::Nothing),
        ],
    ),
    (
        "orders",
        &[
            Column("id", Kind::Key, Need::Unique),
            Column("userId", Kind::Key, Need::Filled),
            Column("orderNumber", Kind::Text, Need::Unique),
            Column("status", Kind::Word, Need::Nothing),
            Column("amount", Kind::Amount, Need::Nothing),
            Column("createdAt", Kind::Moment, Need::Nothing),
            Column("updatedAt", Kind::Moment, Need::Nothing),
        ],
    ),
    (
        "order_items",
        &[
            Column("id", Kind::Key, Need::Unique),
            Column("orderId", Kind::Link, Need::Nothing),
            Column("productId", Kind::Text, Need::Filled),
            Column("quantity", Kind::Count, Need::Nothing),
            Column("price", Kind::Amount, Need::Nothing),
            Column("createdAt", Kind::Moment, Need::Nothing),
            Column("updatedAt", Kind::Moment, Need::Nothing),
        ],
    ),
    (
        "order_status_history",
        &[
            Column("id", Kind::Key, Need::Unique),
            Column("orderId", Kind::Link, Need::Nothing),
            Column("fromStatus", Kind::Word, Need::Nothing),
            Column("toStatus", Kind::Word, Need::Nothing),
            Column("changedBy", Kind::Author, Need::Filled),
            Column("createdAt", Kind::Moment, Need::Nothing),
        ],
    ),
    (
        "payment_transactions",
        &[
            Column("id", Kind::Key, Need::Unique),
            Column("order_id", Kind::Text, Need::Nothing),
            Column("transaction_id", Kind::Text, Need::Unique),
            Column("status", Kind::Word, Need::Nothing),
            Column("amount", Kind::Amount, Need::Nothing),
            Column("currency", Kind::Word, Need::Nothing),
            Column("card_last4", Kind::Text, Need::Nothing),
            Column("card_brand", Kind::Text, Need::Nothing),
            Column("authorization_code", Kind::Text, Need::Nothing),
            Column("captured_amount", Kind::Amount, Need::Nothing),
            Column("captured_at", Kind::Moment, Need::Nothing),
            Column("failure_reason", Kind::Long, Need::Nothing),
            Column("response_code", Kind::Text, Need::Nothing),
            Column("created_at", Kind::Moment, Need::Nothing),
            Column("updated_at", Kind::Moment, Need::Nothing),
        ],
    ),
];

/// What keeps the table from being adopted: `table.column` and why.
pub(super) async fn obstacles(conn: &mut Conn, table: &str) -> Result<Vec<String>, Failure> {
    let query = "SELECT column_name, LOWER(data_type), is_nullable FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = ?";
    let present: Vec<(String, String, String)> = conn.exec(query, (table,)).await?;
    let mut found = Vec::new();
    let wanted = COLUMNS.iter().filter(|(name, _)| *name == table).flat_map(|(_, columns)| *columns);
    for Column(name, kind, need) in wanted {
        // The server takes no notice of case in names of columns, and neither do the steps.
        let Some((_, stored, nullable)) = present.iter().find(|it| it.0.eq_ignore_ascii_case(name)) else {
            found.push(format!("{table}.{name} is missing"));
            continue;
        };
        if !kind.types().contains(&stored.as_str()) {
            found.push(format!("{table}.{name} is of type {stored}, and not {}", kind.types().join(", ")));
            continue;
        }
        if *need != Need::Nothing && nullable == "YES" && exists(conn, &empty(table, name)).await? {
            found.push(format!("{table}.{name} is NULL in some rows"));
        }
        if *need == Need::Unique && exists(conn, &twice(table, name, *kind)).await? {
            found.push(format!("{table}.{name} is the same in several rows"));
        }
        if let Some((condition, why)) = kind.misfit(name) {
            let query = format!("SELECT COUNT(*) FROM `{table}` WHERE {condition}");
            let rows: u64 = conn.query_first(query).await?.unwrap_or(0);
            if rows > 0 {
                found.push(format!("{table}.{name} {why} (rows: {rows})"));
            }
        }
    }
    Ok(found)
}

fn empty(table: &str, column: &str) -> String {
    format!("SELECT 1 FROM `{table}` WHERE `{column}` IS NULL LIMIT 1")
}

fn twice(table: &str, column: &str, kind: Kind) -> String {
    let value = kind.to_compare(column);
    format!(
        "SELECT 1 FROM `{table}` WHERE `{column}` IS NOT NULL GROUP BY {value} HAVING COUNT(*) > 1 LIMIT 1"
    )
}

async fn exists(conn: &mut Conn, query: &str) -> Result<bool, Failure> {
    Ok(conn.query_first::<i64, _>(query).await?.is_some())
}
