//! The tables of the Express app.

use domain::user::fold_case;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::{AdoptedRows, AdoptionReport, BoxError, MigrationRefusal, compatibility};

/// A table that both the app and this service have: its name, a column that it has in both, one that only ours has.
const SHARED_TABLES: &[(&str, &str, &str)] = &[
    ("user", "username", "publicId"),
    ("orders", "orderNumber", "revision"),
    ("order_items", "productId", "holdsStock"),
    ("order_status_history", "toStatus", "actor"),
    ("payment_transactions", "transaction_id", "order_key"),
];

/// A table that only this service has: its name, and a column of it that a table of somebody else is not likely to have.
const OWN_TABLES: &[(&str, &str)] = &[
    ("sessions", "rotatedAt"),
    ("products", "version"),
    ("product_changes", "changeId"),
    ("refunds", "transaction_key"),
    ("payment_requests", "requested_by"),
    ("payment_events", "disposition"),
    ("findings", "finding_id"),
    ("idempotency_claims", "fingerprint"),
    ("commit_probe", "probed_at"),
];

/// Rows of the Express app have keys below this.
const EXPRESS_KEYS_END: i64 = 1 << 32;

/// Gives the app's tables, all at once, names of their own, so that the record's can be made.
pub(super) async fn rename_tables(conn: &mut Conn) -> Result<(), BoxError> {
    let renamed = plan_renames(conn).await?;
    if renamed.is_empty() {
        return Ok(());
    }
    Ok(conn.query_drop(format!("RENAME TABLE {}", renamed.join(", "))).await?)
}

/// What of the app's tables is renamed to what. A database with a table that is nobody's, or that lacks anything that is
/// read later, is refused before anything in it is changed.
pub(super) async fn plan_renames(conn: &mut Conn) -> Result<Vec<String>, BoxError> {
    for (table, ours) in OWN_TABLES {
        let columns = list_columns(conn, table).await?;
        if !columns.is_empty() && !columns.iter().any(|it| it == ours) {
            return Err(MigrationRefusal::ForeignTable(table).into());
        }
    }
    let (mut renamed, mut obstacles) = (Vec::new(), Vec::new());
    for (table, theirs, ours) in SHARED_TABLES {
        let columns: Vec<String> = list_columns(conn, table).await?;
        let has = |column: &str| columns.iter().any(|it| it == column);
        if columns.is_empty() || has(ours) {
            continue;
        }
        if !has(theirs) {
            return Err(MigrationRefusal::ForeignTable(table).into());
        }
        obstacles.extend(compatibility::find_obstacles(conn, table).await?);
        renamed.push(format!("`{table}` TO `express_{table}`"));
    }
    if obstacles.is_empty() { Ok(renamed) } else { Err(MigrationRefusal::Incompatible(obstacles).into()) }
}

pub(super) async fn list_columns(conn: &mut Conn, table: &str) -> Result<Vec<String>, BoxError> {
    let query = "SELECT column_name FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = ?";
    Ok(conn.exec(query, (table,)).await?)
}

/// Whether any have been set aside.
pub(super) async fn has_express_tables(conn: &mut Conn) -> Result<bool, BoxError> {
    for (table, _, _) in SHARED_TABLES {
        if !list_columns(conn, &format!("express_{table}")).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether there are tables of the app that were not adopted, or not to the end. Only at the first step there may be some
/// that were not set aside.
pub(super) async fn needs_adoption(conn: &mut Conn, first: bool) -> Result<bool, BoxError> {
    Ok(has_express_tables(conn).await? || first && !plan_renames(conn).await?.is_empty())
}

/// Folds the names that a server and this program may fold differently: those that are not ASCII. A form that somebody
/// else has already stays as it was made.
pub(super) async fn fold_names(conn: &mut Conn) -> Result<(), BoxError> {
    for (column, folded) in [("username", "usernameFolded"), ("email", "emailFolded")] {
        let odd = format!(
            "SELECT id, {column}, {folded} FROM user
            WHERE id < {EXPRESS_KEYS_END} AND LENGTH({column}) <> CHAR_LENGTH({column}) ORDER BY id"
        );
        let rows: Vec<(i64, String, String)> = conn.query(odd).await?;
        for (id, name, now) in rows {
            let right = fold_case(&name);
            let told_apart = now.contains(' ') && !name.contains(' ');
            let taken = format!("SELECT id FROM user WHERE {folded} = ? AND id <> ?");
            let taken: Option<i64> = conn.exec_first(taken, (&right, id)).await?;
            if now != right && !told_apart && taken.is_none() {
                let update = format!("UPDATE user SET {folded} = ? WHERE id = ?");
                conn.exec_drop(update, (&right, id)).await?;
            }
        }
    }
    Ok(())
}

/// How many rows of each of the app's tables were taken over, and how many were not.
pub(super) async fn count_adopted_rows(conn: &mut Conn) -> Result<AdoptionReport, BoxError> {
    let [mut users, mut orders, mut items, mut entries, mut payments] = [AdoptedRows::default(); 5];
    for ((table, _, _), taken) in
        SHARED_TABLES.iter().zip([&mut users, &mut orders, &mut items, &mut entries, &mut payments])
    {
        let all = format!("SELECT COUNT(*) FROM express_{table}");
        let adopted =
            format!("SELECT COUNT(*) FROM express_{table} AS old JOIN `{table}` AS it ON it.id = old.id");
        let all: u64 = conn.query_first(all).await?.unwrap_or(0);
        taken.rows = conn.query_first(adopted).await?.unwrap_or(0);
        taken.left = all.saturating_sub(taken.rows);
    }
    Ok(AdoptionReport { users, orders, items, entries, payments })
}
