use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use ports::Prunable;

use super::{abort::WriteOutcome, feed};
use crate::connection::Conn;
use crate::sql::prunable::{list_attempts, list_claims, list_deliveries, list_sessions};
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
    let before = SqlTimestamp::from(before);
    // A selected row cannot become live again before it is deleted: no claim gets a new expiry, and no
    // session that has expired rotates. If two instances select the same rows, the second one deletes
    // nothing.
    match what {
        Prunable::Claims => {
            let keys = list_claims(conn, before, rows).await?;
            diesel::delete(claims::table.filter(claims::id.eq_any(keys))).execute(conn).await?;
        }
        Prunable::Attempts => {
            let keys = list_attempts(conn, before, rows).await?;
            diesel::delete(attempts::table.filter(attempts::id.eq_any(keys))).execute(conn).await?;
        }
        Prunable::Deliveries => {
            let keys = list_deliveries(conn, before, rows).await?;
            diesel::delete(deliveries::table.filter(deliveries::id.eq_any(keys))).execute(conn).await?;
        }
        Prunable::FeedEvents => feed::prune_feed_events(conn, before, rows).await?,
        Prunable::Sessions => {
            let keys = list_sessions(conn, before, rows).await?;
            diesel::delete(sessions::table.filter(sessions::id.eq_any(keys))).execute(conn).await?;
        }
    }
    Ok(())
}
