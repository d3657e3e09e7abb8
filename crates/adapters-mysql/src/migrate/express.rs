//! The tables of the Express app: how they are recognised, renamed and counted.

use domain::user::fold_case;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::{AdoptedRows, AdoptionReport, BoxError, MigrationRefusal, compatibility};

/// The tables that both the app and this service have: name, a column that both have, a column that only
/// this service has.
pub(super) const SHARED_TABLES: &[(&str, &str, &str)] = &[
    ("user", "username", "publicId"),
    ("orders", "orderNumber", "revision"),
    ("order_items", "productId", "holdsStock"),
    ("order_status_history", "toStatus", "actor"),
    ("payment_transactions", "transaction_id", "order_key"),
];

/// The tables that only this service has: name, and a column that a table of another program is unlikely to
/// have.
pub(super) const OWN_TABLES: &[(&str, &str)] = &[
    ("sessions", "rotatedAt"),
    ("api_keys", "lastUsedAt"),
    ("mails", "recipient"),
    ("password_resets", "requested_at"),
    ("second_factors", "recovery_digests"),
    ("erasures", "erased_at"),
    ("products", "version"),
    ("product_changes", "changeId"),
    ("open_order_counts", "total"),
    ("order_details", "shippingAddress"),
    ("refunds", "transaction_key"),
    ("dispute_events", "dispute_id"),
    ("payment_requests", "requested_by"),
    ("gateway_references", "learnt_at"),
    ("payment_next_actions", "content"),
    ("payment_metadata", "transaction_key"),
    ("gateway_attempts", "attempt_id"),
    ("payment_events", "disposition"),
    ("findings", "finding_id"),
    ("idempotency_claims", "fingerprint"),
    ("webhook_endpoints", "feed_cursor"),
    ("webhook_deliveries", "delivery_id"),
    ("commit_probe", "probed_at"),
    ("feed_events", "subject_kind"),
    ("feed_sequencer", "pruned_to"),
    ("archived_orders", "revision"),
    ("archived_order_details", "shippingAddress"),
    ("archived_order_items", "holdsStock"),
    ("archived_order_status_history", "actor"),
    ("archived_payment_transactions", "order_key"),
    ("archived_refunds", "transaction_key"),
    ("archived_payment_requests", "requested_by"),
    ("archived_gateway_references", "learnt_at"),
    ("archived_payment_next_actions", "content"),
    ("archived_payment_metadata", "transaction_key"),
    ("archived_dispute_events", "dispute_id"),
    ("archived_payment_events", "disposition"),
];

/// Rows of the Express app have keys below this; generated keys of this service are far above it.
const EXPRESS_KEYS_END: i64 = 1 << 32;

/// Renames the app's tables to `express_…`, so that the service's tables can be created.
pub(super) async fn rename_tables(conn: &mut Conn) -> Result<(), BoxError> {
    let renamed = plan_renames(conn).await?;
    if renamed.is_empty() {
        return Ok(());
    }
    // One statement: all tables are renamed or none, so a failure here leaves the app's database as it was.
    Ok(conn.query_drop(format!("RENAME TABLE {}", renamed.join(", "))).await?)
}

/// Plans which of the app's tables are renamed. A database with a table of unknown origin, or whose tables
/// lack something that is read later, is refused before anything in it is changed.
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

/// Whether any table has been renamed to `express_…`, in this run or an earlier one.
pub(super) async fn has_express_tables(conn: &mut Conn) -> Result<bool, BoxError> {
    for (table, _, _) in SHARED_TABLES {
        if !list_columns(conn, &format!("express_{table}")).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether tables of the app wait for adoption, or for the rest of it. Only before the first step can there
/// be some that are not renamed yet.
pub(super) async fn needs_adoption(conn: &mut Conn, first: bool) -> Result<bool, BoxError> {
    Ok(has_express_tables(conn).await? || first && !plan_renames(conn).await?.is_empty())
}

/// Folds the names that the server and this program may fold differently, which are those that are not
/// ASCII. A folded name that another account has already is left as the step made it.
pub(super) async fn fold_names(conn: &mut Conn) -> Result<(), BoxError> {
    // Row by row, in the order of the keys: a set-based update would stop at the first name that is taken,
    // and a repeated run must come to the same result.
    for (column, folded) in [("username", "usernameFolded"), ("email", "emailFolded")] {
        let odd = format!(
            "SELECT id, {column}, {folded} FROM user
            WHERE id < {EXPRESS_KEYS_END} AND LENGTH({column}) <> CHAR_LENGTH({column}) ORDER BY id"
        );
        let rows: Vec<(i64, String, String)> = conn.query(odd).await?;
        for (id, name, now) in rows {
            let right = fold_case(&name);
            // A space in the folded name that the name lacks is the suffix by which the step tells two equal
            // names apart; it must stay. Such an account logs in with its address.
            let distinguished = now.contains(' ') && !name.contains(' ');
            let taken = format!("SELECT id FROM user WHERE {folded} = ? AND id <> ?");
            let taken: Option<i64> = conn.exec_first(taken, (&right, id)).await?;
            if now != right && !distinguished && taken.is_none() {
                let update = format!("UPDATE user SET {folded} = ? WHERE id = ?");
                conn.exec_drop(update, (&right, id)).await?;
            }
        }
    }
    Ok(())
}

/// Counts the rows of each of the app's tables that were taken over, and those that were not.
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
