use async_trait::async_trait;
use domain::FeedSequence;
use ports::{FEED_SCAN_MAX, FeedBacklog, FeedFilter, FeedHeads, FeedPage, FeedRepository};

use super::Read;
use crate::{
    MemoryRecord,
    record::{rows::FeedRow, table::row_count},
};

#[async_trait]
impl FeedRepository for MemoryRecord {
    async fn list_events_after(&self, filter: FeedFilter) -> Read<FeedPage> {
        let tables = self.tables();
        let sequencer = tables.feed_sequencer();
        let after = filter.after.unwrap_or(sequencer.pruned);
        if after < sequencer.pruned {
            return Ok(FeedPage::Expired { pruned: sequencer.pruned });
        }
        let end = sequencer.last.min(after.saturating_add(FEED_SCAN_MAX)).max(after);
        let fits = |row: &&FeedRow| {
            row.sequence.is_some_and(|it| it > after && it <= end)
                && (filter.types.is_empty() || filter.types.contains(&row.event.kind))
        };
        let mut rows: Vec<_> = tables.feed_events.rows().filter(fits).collect();
        rows.sort_by_key(|it| it.sequence);
        rows.truncate(row_count(filter.limit));
        let full = rows.last().and_then(|it| it.sequence).filter(|_| rows.len() >= row_count(filter.limit));
        let events = self.read_readable(rows, FeedRow::to_numbered);
        Ok(FeedPage::Events {
            events: events.into_iter().flatten().collect(),
            next_after: full.unwrap_or(end),
        })
    }

    async fn list_event_heads(&self, after: FeedSequence, limit: u32) -> Read<FeedHeads> {
        let tables = self.tables();
        let pruned = tables.feed_sequencer().pruned;
        if after < pruned {
            return Ok(FeedHeads::Expired { pruned });
        }
        let mut heads: Vec<_> = tables.feed_events.rows().filter_map(FeedRow::to_head).collect();
        heads.retain(|it| it.sequence > after);
        heads.sort_by_key(|it| it.sequence);
        heads.truncate(row_count(limit));
        Ok(FeedHeads::Heads(heads))
    }

    async fn find_feed_backlog(&self, limit: u32) -> Read<FeedBacklog> {
        let tables = self.tables();
        let waiting = || tables.feed_events.rows().filter(|it| it.sequence.is_none()).take(row_count(limit));
        let events = u32::try_from(waiting().count()).unwrap_or(u32::MAX);
        Ok(FeedBacklog { events, oldest_at: waiting().next().map(|it| it.event.created_at) })
    }

    async fn find_last_sequence(&self) -> Read<FeedSequence> {
        Ok(self.tables().feed_sequencer().last)
    }
}
