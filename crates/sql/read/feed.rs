use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{FeedEventType, FeedSequence};
use ports::{
    FEED_SCAN_MAX, FeedBacklog, FeedEventHead, FeedFilter, FeedHeads, FeedPage, FeedRepository, PortError,
};

use super::{read_readable_rows, to_usize};
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::{FeedHeadRow, FeedRow};
use crate::sql::schema::{feed_events, feed_sequencer};
use crate::sql::value::SqlTimestamp;

/// The key of the only row of `feed_sequencer`.
const ONLY: i64 = 1;

#[async_trait]
impl FeedRepository for Database {
    async fn list_events_after(&self, filter: FeedFilter) -> Result<FeedPage, PortError> {
        let observer = self.observer();
        // A snapshot: the events and the number of the last one must be of the same moment. Otherwise events that are
        // numbered between the two queries would be passed over.
        self.run_snapshot(async move |conn: &mut Conn| {
            let (last, pruned) = load_bounds(conn).await?;
            let after = filter.after.unwrap_or(pruned);
            if after < pruned {
                return Ok(FeedPage::Expired { pruned });
            }
            // The numbers have no gaps, so this bounds the rows that a filter leaves out.
            let end = last.min(after.saturating_add(FEED_SCAN_MAX)).max(after);
            let rows = load_events(conn, &filter, after, end).await?;
            let is_full = rows.len() >= to_usize(filter.limit);
            let full = rows.last().map(FeedRow::sequence).filter(|_| is_full);
            let events = read_readable_rows(&*observer, rows, FeedRow::into_event)?;
            Ok(FeedPage::Events { events, next_after: full.unwrap_or(end) })
        })
        .await
    }

    async fn list_event_heads(&self, after: FeedSequence, limit: u32) -> Result<FeedHeads, PortError> {
        // A snapshot, as above.
        self.run_snapshot(async move |conn: &mut Conn| {
            let (last, pruned) = load_bounds(conn).await?;
            if after < pruned {
                return Ok(FeedHeads::Expired { pruned });
            }
            let heads = feed_events::table
                .filter(feed_events::sequence.gt(after.get()))
                .filter(feed_events::sequence.le(last.get()))
                .order(feed_events::sequence.asc())
                .limit(i64::from(limit))
                .select(FeedHeadRow::as_select());
            let heads: Vec<FeedHeadRow> = IndexHint(Index::FEED_BY_SEQUENCE, heads).load(conn).await?;
            Ok(FeedHeads::Heads(heads.into_iter().map(FeedEventHead::from).collect()))
        })
        .await
    }

    async fn find_feed_backlog(&self, limit: u32) -> Result<FeedBacklog, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let waiting = feed_events::table
                .filter(feed_events::sequence.is_null())
                .order(feed_events::id.asc())
                .limit(i64::from(limit))
                .select(feed_events::created_at);
            let stamps: Vec<SqlTimestamp> = IndexHint(Index::FEED_BY_SEQUENCE, waiting).load(conn).await?;
            let events = u32::try_from(stamps.len()).unwrap_or(u32::MAX);
            Ok(FeedBacklog { events, oldest_at: stamps.split_first().and_then(|(it, _)| it.get()) })
        })
        .await
    }

    async fn find_last_sequence(&self) -> Result<FeedSequence, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let row = feed_sequencer::table.find(ONLY).select(feed_sequencer::next_sequence);
            let next: i64 = row.first(conn).await?;
            Ok(FeedSequence::new(next.saturating_sub(1)))
        })
        .await
    }
}

/// The number of the last event that has one, and of the last one that was pruned.
async fn load_bounds(conn: &mut Conn) -> QueryResult<(FeedSequence, FeedSequence)> {
    let row = feed_sequencer::table.find(ONLY);
    let row = row.select((feed_sequencer::next_sequence, feed_sequencer::pruned_to));
    let (next, pruned) = row.first::<(i64, i64)>(conn).await?;
    Ok((FeedSequence::new(next.saturating_sub(1)), FeedSequence::new(pruned)))
}

/// Loads the events behind `after` up to `end` that fit the filter, lowest number first.
async fn load_events(
    conn: &mut Conn,
    filter: &FeedFilter,
    after: FeedSequence,
    end: FeedSequence,
) -> QueryResult<Vec<FeedRow>> {
    let mut query = feed_events::table
        .filter(feed_events::sequence.gt(after.get()))
        .filter(feed_events::sequence.le(end.get()))
        .order(feed_events::sequence.asc())
        .limit(i64::from(filter.limit))
        .select(FeedRow::as_select())
        .into_boxed();
    if !filter.types.is_empty() {
        let kinds: Vec<_> = filter.types.iter().copied().map(FeedEventType::as_str).collect();
        query = query.filter(feed_events::kind.eq_any(kinds));
    }
    IndexHint(Index::FEED_BY_SEQUENCE, query).load(conn).await
}
