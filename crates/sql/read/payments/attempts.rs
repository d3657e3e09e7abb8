//! What was asked of the gateway about a transaction.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{AttemptId, TransactionId};
use ports::{Page, PortError, StoredAttempt};

use super::find_head;
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::read::{limit_plus_one, read_page};
use crate::sql::row::AttemptRow;
use crate::sql::schema::gateway_attempts;
use crate::sql::value::SqlTimestamp;

pub(super) async fn list_attempts(
    database: &Database,
    transaction: &TransactionId,
    after: Option<AttemptId>,
    limit: u32,
) -> Result<Option<Page<StoredAttempt>>, PortError> {
    let (id, observer) = (transaction.clone(), database.observer());
    database
        .run_snapshot(async move |conn: &mut Conn| {
            // The attempts themselves are never archived: they are deleted when they are old.
            let Some((_, of)) = find_head(conn, &id).await? else { return Ok(None) };
            let Some(rows) = load_attempts(conn, of.id, after.as_ref(), limit).await? else {
                return Ok(Some(Page::EMPTY));
            };
            let page = read_page(&*observer, rows, limit, AttemptRow::public_id, |it| it.into_attempt(&of));
            page.map(Some)
        })
        .await
}

/// Loads the attempts of a transaction that come after `after`, one more than `limit`; `None` if there is no attempt
/// with that id.
async fn load_attempts(
    conn: &mut Conn,
    transaction: i64,
    after: Option<&AttemptId>,
    limit: u32,
) -> QueryResult<Option<Vec<AttemptRow>>> {
    let mut query = gateway_attempts::table
        .filter(gateway_attempts::transaction_key.eq(transaction))
        .select(AttemptRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        let sort_key = gateway_attempts::table
            .filter(gateway_attempts::attempt_id.eq(after.as_str()))
            .filter(gateway_attempts::transaction_key.eq(transaction))
            .select((gateway_attempts::started_at, gateway_attempts::id));
        let found: Option<(SqlTimestamp, i64)> = sort_key.first(conn).await.optional()?;
        let Some((at, key)) = found else { return Ok(None) };
        let beside = gateway_attempts::started_at.eq(at).and(gateway_attempts::id.gt(key));
        let behind = gateway_attempts::started_at.gt(at).or(beside);
        // Redundant beside the `OR`, but only this is seen as a range of the index.
        query = query.filter(gateway_attempts::started_at.ge(at)).filter(behind);
    }
    let oldest_first = (gateway_attempts::started_at.asc(), gateway_attempts::id.asc());
    let query = query.order(oldest_first).limit(limit_plus_one(limit));
    IndexHint(Index::ATTEMPTS_OF_TRANSACTION, query).load(conn).await.map(Some)
}
