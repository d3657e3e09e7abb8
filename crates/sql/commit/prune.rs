use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use ports::Prunable;

use super::{abort::WriteOutcome, feed};
use crate::connection::Conn;
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::schema::webhook_deliveries as deliveries;
use crate::sql::schema::{gateway_attempts as attempts, idempotency_claims as claims, sessions};
use crate::sql::value::SqlTimestamp;

/// Most rows that one commit deletes, whatever its caller allows. Deleting more at once would let orders
/// wait, on SQLite for the only writer.
const ROWS_MAX: u32 = 1_000;

/// Deletes rows whose time is over. They are selected first, because not every database has `DELETE …
/// LIMIT`.
pub(super) async fn prune_rows(
    conn: &mut Conn,
    what: Prunable,
    before: Timestamp,
    rows_max: u32,
) -> WriteOutcome {
    let rows = i64::from(rows_max.min(ROWS_MAX));
    let (time, before) = (before, SqlTimestamp::from(before));
    // A selected row cannot become live again before it is deleted: no claim gets a new expiry, and no
    // session that has expired rotates. If two instances select the same rows, the second one deletes
    // nothing.
    match what {
        Prunable::Claims => {
            let over = claims::table.filter(claims::expires_at.le(before)).order(claims::expires_at.asc());
            let keys: Vec<i64> = over.limit(rows).select(claims::id).load(conn).await?;
            diesel::delete(claims::table.filter(claims::id.eq_any(keys))).execute(conn).await?;
        }
        Prunable::Attempts => {
            let over =
                attempts::table.filter(attempts::started_at.lt(before)).order(attempts::started_at.asc());
            let over = IndexHint(Index::ATTEMPTS_BY_TIME, over.limit(rows).select(attempts::id));
            let keys: Vec<i64> = over.load(conn).await?;
            diesel::delete(attempts::table.filter(attempts::id.eq_any(keys))).execute(conn).await?;
        }
        Prunable::Deliveries => {
            let over = deliveries::table
                .filter(deliveries::created_at.lt(before))
                .order(deliveries::created_at.asc());
            let over = IndexHint(Index::DELIVERIES_BY_TIME, over.limit(rows).select(deliveries::id));
            let keys: Vec<i64> = over.load(conn).await?;
            diesel::delete(deliveries::table.filter(deliveries::id.eq_any(keys))).execute(conn).await?;
        }
        Prunable::FeedEvents => feed::prune_feed_events(conn, time, rows).await?,
        Prunable::Sessions => {
            let over = sessions::table.filter(sessions::expires_at.lt(before)).limit(rows);
            let over = IndexHint(Index::SESSIONS_EXPIRED, over.select(sessions::id));
            let mut keys: Vec<i64> = over.load(conn).await?;
            // Two selects instead of one with `OR`: each walks its own index and stops at the limit (ADR
            // 0019).
            let left = rows.saturating_sub(i64::try_from(keys.len()).unwrap_or(rows));
            let ended = sessions::table.filter(sessions::revoked_at.lt(before)).limit(left);
            let ended = IndexHint(Index::SESSIONS_REVOKED, ended.select(sessions::id));
            keys.extend(ended.load::<i64>(conn).await?);
            diesel::delete(sessions::table.filter(sessions::id.eq_any(keys))).execute(conn).await?;
        }
    }
    Ok(())
}
