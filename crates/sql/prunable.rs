//! Rows whose time is over: a sweep asks whether there are any, and a commit deletes them. Each function lists the keys of at
//! most `rows` rows.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, webhook::DeliveryStatus};
use ports::Prunable;

use super::index_hint::{Index, IndexHint};
use super::schema::{
    feed_events, feed_sequencer, gateway_attempts as attempts, idempotency_claims as claims, sessions,
    webhook_deliveries as deliveries,
};
use super::value::SqlTimestamp;
use crate::connection::Conn;

/// The key of the only row of `feed_sequencer`.
const ONLY: i64 = 1;

/// Whether a commit that prunes would delete something.
pub(super) async fn has_prunable_rows(
    conn: &mut Conn,
    what: Prunable,
    before: Timestamp,
) -> QueryResult<bool> {
    let before = SqlTimestamp::from(before);
    Ok(match what {
        Prunable::Claims => !list_claims(conn, before, 1).await?.is_empty(),
        Prunable::Attempts => !list_attempts(conn, before, 1).await?.is_empty(),
        Prunable::Deliveries => !list_deliveries(conn, before, 1).await?.is_empty(),
        Prunable::Sessions => !list_sessions(conn, before, 1).await?.is_empty(),
        Prunable::FeedEvents => !list_events(conn, before, 1).await?.is_empty(),
    })
}

pub(super) async fn list_claims(conn: &mut Conn, before: SqlTimestamp, rows: i64) -> QueryResult<Vec<i64>> {
    let over = claims::table.filter(claims::expires_at.le(before)).order(claims::expires_at.asc());
    over.limit(rows).select(claims::id).load(conn).await
}

pub(super) async fn list_attempts(conn: &mut Conn, before: SqlTimestamp, rows: i64) -> QueryResult<Vec<i64>> {
    let over = attempts::table.filter(attempts::started_at.lt(before)).order(attempts::started_at.asc());
    IndexHint(Index::ATTEMPTS_BY_TIME, over.limit(rows).select(attempts::id)).load(conn).await
}

pub(super) async fn list_deliveries(
    conn: &mut Conn,
    before: SqlTimestamp,
    rows: i64,
) -> QueryResult<Vec<i64>> {
    let mut keys: Vec<i64> = Vec::new();
    // A select for each status, because each walks its own part of the index and stops at the limit.
    for status in [DeliveryStatus::Delivered, DeliveryStatus::Failed] {
        let left = rows.saturating_sub(i64::try_from(keys.len()).unwrap_or(rows));
        let over = deliveries::table
            .filter(deliveries::status.eq(status.as_str()))
            .filter(deliveries::created_at.lt(before))
            .order(deliveries::created_at.asc())
            .limit(left)
            .select(deliveries::id);
        keys.extend(IndexHint(Index::DELIVERIES_OF_STATUS, over).load::<i64>(conn).await?);
    }
    Ok(keys)
}

/// Those that expired, and those that were revoked.
pub(super) async fn list_sessions(conn: &mut Conn, before: SqlTimestamp, rows: i64) -> QueryResult<Vec<i64>> {
    let over = sessions::table.filter(sessions::expires_at.lt(before)).limit(rows);
    let over = IndexHint(Index::SESSIONS_EXPIRED, over.select(sessions::id));
    let mut keys: Vec<i64> = over.load(conn).await?;
    // Two selects instead of one with `OR`: each walks its own index and stops at the limit (ADR 0019).
    let left = rows.saturating_sub(i64::try_from(keys.len()).unwrap_or(rows));
    let ended = sessions::table.filter(sessions::revoked_at.lt(before)).limit(left);
    let ended = IndexHint(Index::SESSIONS_REVOKED, ended.select(sessions::id));
    keys.extend(ended.load::<i64>(conn).await?);
    Ok(keys)
}

/// Keys and numbers of numbered events, lowest number first, up to the first one that is kept, although the clock of another
/// instance may have stamped later ones earlier.
pub(super) async fn list_events(
    conn: &mut Conn,
    before: SqlTimestamp,
    rows: i64,
) -> QueryResult<Vec<(i64, Option<i64>)>> {
    let pruned: i64 = feed_sequencer::table.find(ONLY).select(feed_sequencer::pruned_to).first(conn).await?;
    let oldest = feed_events::table
        .filter(feed_events::sequence.gt(pruned))
        .order(feed_events::sequence.asc())
        .limit(rows)
        .select((feed_events::id, feed_events::sequence, feed_events::created_at));
    let oldest: Vec<(i64, Option<i64>, SqlTimestamp)> =
        IndexHint(Index::FEED_BY_SEQUENCE, oldest).load(conn).await?;
    let over = oldest.into_iter().take_while(|(_, _, at)| *at < before);
    Ok(over.map(|(id, sequence, _)| (id, sequence)).collect())
}
