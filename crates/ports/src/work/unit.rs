//! The unit of work itself: how it is put together, and in which order its writes are made.

use domain::OrderChange;

use super::Write;
use crate::WebhookWrite;

/// The writes of one commit: all of them become durable, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitOfWork {
    writes: Vec<Write>,
}

impl UnitOfWork {
    /// A unit without writes, to start from.
    #[must_use]
    pub const fn new() -> Self {
        Self { writes: Vec::new() }
    }

    /// Adds one write to this unit.
    #[must_use]
    pub fn with_write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds several writes to this unit.
    #[must_use]
    pub fn with_writes(mut self, writes: impl IntoIterator<Item = Write>) -> Self {
        self.writes.extend(writes);
        self
    }

    /// Adds all writes of another unit: one commit makes both durable, or neither if a guard of either fails.
    /// Rows are still locked in the one global order, so callers may combine units freely.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.with_writes(other.writes)
    }

    /// Adds an order's change: its guard, its history entries, and the stock it returns.
    #[must_use]
    pub fn with_order_change(self, progress: OrderChange) -> Self {
        // Stock is returned in the same commit that cancels the order. Two commits could cancel an order
        // whose stock is lost for good, if the process dies between them.
        let stock: Vec<_> = progress.returned_stock().iter().cloned().map(Write::ReturnStock).collect();
        let retaken: Vec<_> = progress.retaken_stock().iter().cloned().map(Write::RetakeStock).collect();
        let order = progress.order();
        let closed = progress
            .leaves_pending()
            .then(|| Write::RemoveOpenOrder { owner: order.owner, lines: order.lines_in_stock().collect() });
        self.with_writes(stock)
            .with_writes(retaken)
            .with_writes(closed)
            .with_write(Write::UpdateOrder(Box::new(progress)))
    }

    /// The writes, in the order in which they were added.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Whether it can be committed in one database transaction with other units, for less than its own
    /// transaction costs. A unit that prunes, erases or numbers events holds many locks, a probe must show what one commit
    /// does, and one that postpones has no guard: its place beside a guarded change of the same transaction would decide.
    /// Units that create, postpone or delete deliveries change up to 100 rows, and ending a user's sessions up to 1,000: an
    /// order in the same batch would wait for them.
    #[must_use]
    pub fn can_join_batch(&self) -> bool {
        let stands_alone = |it: &Write| {
            matches!(
                it,
                Write::Prune(..)
                    | Write::Probe(_)
                    | Write::RevokeSessions { .. }
                    | Write::RevokeListedSessions { .. }
                    | Write::Postpone(_)
                    | Write::ErasePersonalRows(..)
                    | Write::NumberFeedEvents(_)
                    | Write::EraseFeedData(..)
                    | Write::EraseOrderReplies(..)
                    | Write::ArchiveOrders(_)
                    | Write::Webhook(
                        WebhookWrite::MoveCursor { .. }
                            | WebhookWrite::InsertDeliveries(_)
                            | WebhookWrite::PostponeDelivery { .. }
                            | WebhookWrite::DropDeliveries { .. }
                    )
            )
        };
        !self.writes.iter().any(stands_alone)
    }

    /// The writes of several units, put together, in the order in which rows are locked. Tables follow each other
    /// as in [`in_lock_order`](Self::in_lock_order); within some of them writes of one kind stand together, so
    /// that they can become one statement. Writes of one kind to one row keep the order in which they were added.
    #[must_use]
    pub fn in_batch_order(mut self) -> Vec<Write> {
        self.writes.sort_by(|a, b| a.batch_place().cmp(&b.batch_place()));
        self.writes
    }

    /// The writes in the global order in which rows are locked, whatever order they were added in: by
    /// `LockRow`, then by kind. Writes of one kind to one row keep the order in which they were added.
    #[must_use]
    pub fn in_lock_order(mut self) -> Vec<Write> {
        // The sort is stable on purpose: two writes of one kind to one row may depend on each other.
        self.writes.sort_by(|a, b| (a.lock_row(), a.lock_rank()).cmp(&(b.lock_row(), b.lock_rank())));
        self.writes
    }
}
