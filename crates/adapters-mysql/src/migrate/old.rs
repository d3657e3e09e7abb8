//! The tables of the Express app.

use domain::user::fold;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::{Adopted, Failure, Refused, Taken, like};

/// A table that both the app and this service have: its name, a column that it has in both, one that only ours has.
const TABLES: &[(&str, &str, &str)] = &[
    ("user", "username", "publicId"),
    ("orders", "orderNumber", "revision"),
    ("order_items", "productId", "holdsStock"),
    ("order_status_history", "toStatus", "actor"),
    ("payment_transactions", "transaction_id", "order_key"),
];

/// A table that only this service has: its name, and a column of it that a table of somebody else is not likely to have.
const OURS: &[(&str, &str)] = &[
    ("sessions", "rotatedAt"),
    ("products", "version"),
    ("product_changes", "changeId"),
    ("refunds", "transaction_key"),
    ("payment_requests", "requested_by"),
    ("gateway_references", "learnt_at"),
    ("payment_events", "disposition"),
    ("findings", "finding_id"),
    ("idempotency_claims", "fingerprint"),
    ("commit_probe", "probed_at"),
];

/// Rows of the Express app have keys below this.
const KEYS_END: i64 = 1 << 32;

/// Gives the app's tables, all at once, names of their own, so that the record's can be made.
pub(super) async fn set_aside(conn: &mut Conn) -> Result<(), Failure> {
    let renamed = to_rename(conn).await?;
    if renamed.is_empty() {
        return Ok(());
    }
    Ok(conn.query_drop(format!("RENAME TABLE {}", renamed.join(", "))).await?)
}

/// What of the app's tables is renamed to what. A database with a table that is nobody's, or that lacks anything that is
/// read later, is refused before anything in it is changed.
pub(super) async fn to_rename(conn: &mut Conn) -> Result<Vec<String>, Failure> {
    for (table, ours) in OURS {
        let columns = columns(conn, table).await?;
        if !columns.is_empty() && !columns.iter().any(|it| it == ours) {
            return Err(Refused::Foreign(table).into());
        }
    }
    let (mut renamed, mut obstacles) = (Vec::new(), Vec::new());
    for (table, theirs, ours) in TABLES {
        let columns: Vec<String> = columns(conn, table).await?;
        let has = |column: &str| columns.iter().any(|it| it == column);
        if columns.is_empty() || has(ours) {
            continue;
        }
        if !has(theirs) {
            return Err(Refused::Foreign(table).into());
        }
        obstacles.extend(like::obstacles(conn, table).await?);
        renamed.push(format!("`{table}` TO `express_{table}`"));
    }
    if obstacles.is_empty() { Ok(renamed) } else { Err(Refused::Unlike(obstacles).into()) }
}

pub(super) async fn columns(conn: &mut Conn, table: &str) -> Result<Vec<String>, Failure> {
    let query = "SELECT column_name FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = ?";
    Ok(conn.exec(query, (table,)).await?)
}

/// Whether any have been set aside.
pub(super) async fn is_there(conn: &mut Conn) -> Result<bool, Failure> {
    for (table, _, _) in TABLES {
        if !columns(conn, &format!("express_{table}")).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether there are tables of the app that were not adopted, or not to the end. Only at the first step there may be some
/// that were not set aside.
pub(super) async fn waits(conn: &mut Conn, first: bool) -> Result<bool, Failure> {
    Ok(is_there(conn).await? || first && !to_rename(conn).await?.is_empty())
}

/// Folds the names that a server and this program may fold differently: those that are not ASCII. A form that somebody
/// else has already stays as it was made.
pub(super) async fn fold_names(conn: &mut Conn) -> Result<(), Failure> {
    for (column, folded) in [("username", "usernameFolded"), ("email", "emailFolded")] {
        let odd = format!(
            "SELECT id, {column}, {folded} FROM user
            WHERE id < {KEYS_END} AND LENGTH({column}) <> CHAR_LENGTH({column}) ORDER BY id"
        );
        let rows: Vec<(i64, String, String)> = conn.query(odd).await?;
        for (id, name, now) in rows {
            let right = fold(&name);
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
pub(super) async fn count(conn: &mut Conn) -> Result<Adopted, Failure> {
    let [mut users, mut orders, mut items, mut entries, mut payments] = [Taken::default(); 5];
    for ((table, _, _), taken) in
        TABLES.iter().zip([&mut users, &mut orders, &mut items, &mut entries, &mut payments])
    {
        let all = format!("SELECT COUNT(*) FROM express_{table}");
        let adopted =
            format!("SELECT COUNT(*) FROM express_{table} AS old JOIN `{table}` AS it ON it.id = old.id");
        let all: u64 = conn.query_first(all).await?.unwrap_or(0);
        taken.rows = conn.query_first(adopted).await?.unwrap_or(0);
        taken.left = all.saturating_sub(taken.rows);
    }
    Ok(Adopted { users, orders, items, entries, payments })
}
