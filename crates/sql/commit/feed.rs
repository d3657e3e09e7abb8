//! The feed of events: new ones, their numbers, and what is pruned or erased (ADR 0025).

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use domain::UserKey;
use ports::{ErasedValue, NewFeedEvent};

use super::abort::{WriteOutcome, check_guard};
use crate::connection::Conn;
use crate::multi_row::{insert_feed_rows, number_feed_rows};
use crate::sql::cached_statement::CachedStatement;
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::prunable::list_events;
use crate::sql::row::NewFeedRow;
use crate::sql::schema::{erasures, feed_events, feed_sequencer, findings};
use crate::sql::value::SqlTimestamp;

/// The key of the only row of `feed_sequencer`.
const ONLY: i64 = 1;
/// Most events that one commit numbers, whatever its caller allows.
const NUMBERED_MAX: u32 = 1_000;
/// Most events that one commit erases. No event is numbered meanwhile.
const ERASED_MAX: u32 = 200;

/// Inserts the events that are true, in the given order, so that their rows are in it, too.
pub(super) async fn insert_feed_events(conn: &mut Conn, events: &[NewFeedEvent]) -> WriteOutcome {
    let mut rows = Vec::with_capacity(events.len());
    for new in events {
        if is_true(conn, new).await? {
            rows.push(NewFeedRow::from(&new.event));
        }
    }
    Ok(insert_feed_rows(conn, rows).await?)
}

/// Whether the event may be inserted: what it reports is in the database.
async fn is_true(conn: &mut Conn, new: &NewFeedEvent) -> QueryResult<bool> {
    let Some(finding) = &new.only_with else { return Ok(true) };
    let query = findings::table.filter(findings::finding_id.eq(finding.as_str())).select(findings::id);
    Ok(query.first::<i64>(conn).await.optional()?.is_some())
}

/// Numbers committed events, in the order of their rows.
pub(super) async fn number_feed_events(conn: &mut Conn, rows_max: u32) -> WriteOutcome {
    // This row is the lease of the one that numbers. Another process waits here until this transaction has ended, also if
    // it ends because this process died. What is read behind it is therefore all that was committed before, and no number
    // is given twice or left out.
    lock_sequencer(conn).await?;
    // One statement, so that the next number and the events are of the same moment, and for one round trip less.
    let waiting = feed_events::table
        .inner_join(feed_sequencer::table.on(feed_sequencer::id.eq(ONLY)))
        .left_join(erasures::table.on(feed_events::owner.eq(erasures::user_key.nullable())))
        .filter(feed_events::sequence.is_null())
        .order(feed_events::id.asc())
        .limit(i64::from(rows_max.min(NUMBERED_MAX)))
        .select((feed_events::id, feed_sequencer::next_sequence, erasures::user_key.nullable()));
    let waiting: Vec<(i64, i64, Option<i64>)> =
        IndexHint(Index::FEED_BY_SEQUENCE, waiting).load(conn).await?;
    let Some((_, first, _)) = waiting.split_first().map(|(it, _)| *it) else { return Ok(()) };
    // An event that was written down before its owner was erased, and committed after the erasure had ended.
    let late: Vec<_> = waiting.iter().filter(|it| it.2.is_some()).map(|it| it.0).collect();
    erase_rows(conn, late).await?;
    let numbered: Vec<(i64, i64)> = waiting.iter().map(|it| it.0).zip(first..).collect();
    check_guard(usize::from(number_feed_rows(conn, &numbered).await? == numbered.len()))?;
    let next = numbered.last().map_or(first, |(_, sequence)| sequence.saturating_add(1));
    let update = diesel::update(feed_sequencer::table.find(ONLY)).set(feed_sequencer::next_sequence.eq(next));
    check_guard(CachedStatement(update).execute(conn).await?)
}

/// Deletes numbered events that happened before a time, from the lowest number on. What is left has no gap, and a reader
/// that comes later learns from `pruned_to` that it missed something.
pub(super) async fn prune_feed_events(conn: &mut Conn, before: SqlTimestamp, rows: i64) -> WriteOutcome {
    let over = list_events(conn, before, rows).await?;
    let Some(last) = over.last().and_then(|it| it.1) else { return Ok(()) };
    // The guard: another instance that prunes at the same time has taken the same rows, and then this deletes nothing.
    let row = feed_sequencer::table.find(ONLY).filter(feed_sequencer::pruned_to.lt(last));
    let update = diesel::update(row).set(feed_sequencer::pruned_to.eq(last));
    if CachedStatement(update).execute(conn).await? == 0 {
        return Ok(());
    }
    let keys: Vec<i64> = over.iter().map(|it| it.0).collect();
    diesel::delete(feed_events::table.filter(feed_events::id.eq_any(keys))).execute(conn).await?;
    Ok(())
}

/// Replaces the personal data in some events of a user. They have no owner afterwards, so the next commit finds others.
pub(super) async fn erase_feed_data(conn: &mut Conn, user: UserKey, rows_max: u32) -> WriteOutcome {
    let rows = i64::from(rows_max.min(ERASED_MAX));
    let owned =
        feed_events::table.filter(feed_events::owner.eq(user.get())).select(feed_events::id).limit(rows);
    let keys: Vec<i64> = owned.load(conn).await?;
    if keys.is_empty() {
        return Ok(());
    }
    // The row of the sequencer first: it locks rows of events, too, in another order.
    lock_sequencer(conn).await?;
    erase_rows(conn, keys).await
}

async fn erase_rows(conn: &mut Conn, keys: Vec<i64>) -> WriteOutcome {
    if keys.is_empty() {
        return Ok(());
    }
    let replace = |(path, new): (&str, ErasedValue)| format!(", '{path}', {}", value_sql(new));
    let paths: String = ports::FEED_PERSONAL_PATHS.into_iter().map(replace).collect();
    let erased = feed_events::data.eq(sql::<Text>(&format!("JSON_REPLACE(data{paths})")));
    let update = diesel::update(feed_events::table.filter(feed_events::id.eq_any(keys)));
    update.set((erased, feed_events::owner.eq(None::<i64>))).execute(conn).await?;
    Ok(())
}

const fn value_sql(value: ErasedValue) -> &'static str {
    match value {
        ErasedValue::Null => "NULL",
        ErasedValue::EmptyText => "''",
        ErasedValue::EmptyObject => "JSON_OBJECT()",
    }
}

/// Locks the row of the sequencer until the transaction ends.
async fn lock_sequencer(conn: &mut Conn) -> WriteOutcome {
    // A change and not only a lock: where several servers accept writes, they certify what was changed.
    let rounds = feed_sequencer::rounds.eq(feed_sequencer::rounds + 1_i64);
    let update = diesel::update(feed_sequencer::table.find(ONLY)).set(rounds);
    check_guard(CachedStatement(update).execute(conn).await?)
}
