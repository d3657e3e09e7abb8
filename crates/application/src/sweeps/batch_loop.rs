//! The loop that all sweeps of due items share.

use async_trait::async_trait;
use futures_util::future::join_all;
use ports::{Batch, ErrorChain, Observation, PortError};

use crate::{
    App,
    outage_watch::{FailedItem, OutageWatch},
};

/// The number of due items in one batch.
pub(super) const BATCH_SIZE: u32 = 100;
/// The largest number of batches in one pass. A pass gets at most this far behind items that stay due.
pub(super) const BATCHES_MAX: u32 = 100;

/// A kind of due item, and the work on each.
#[async_trait]
pub(super) trait Sweep: Sync {
    /// What a batch consists of: an id, or a row that was read already.
    type Item: Send + Sync;

    /// How many items are processed at once, from 1: those whose reads and commits are grouped cost less together.
    const CONCURRENCY: usize = 1;

    /// Reads a batch of due items, longest due first, after the first `batch.skip`.
    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<Self::Item>, PortError>;

    /// Processes one item; `false` when nothing had to be done, and the item may still be due.
    async fn process_item(&self, app: &App, item: &Self::Item) -> Result<bool, PortError>;
}

/// Processes due items, until a full batch of them is done or there are no more; `true` when there may be
/// more.
///
/// An item that fails alone (its row stays locked or cannot be read, or the program has a fault) stays due
/// and delays no other: the next batch begins behind it. Operators learn of an unreadable row from a finding, and
/// of the others from the log. If several in a row find something unavailable, the pass ends ([`OutageWatch`]).
///
/// # Errors
/// [`PortError`] when the batch cannot be read, when something is unavailable for several items in a row, or, after
/// all were tried, for any of them.
pub(super) async fn for_each_due<S: Sweep>(
    app: &App,
    name: &'static str,
    sweep: &S,
) -> Result<bool, PortError> {
    let mut watch = OutageWatch::default();
    if sweep_watched(app, name, sweep, &mut watch).await? {
        return Ok(true);
    }
    watch.into_result().map(|()| false)
}

/// Like [`for_each_due`], as a part of a pass over several kinds of items: `watch` is that of the whole pass, and says at its
/// end whether an item was unavailable.
///
/// # Errors
/// [`PortError`] when the batch cannot be read, or when something is unavailable for several items in a row.
pub(super) async fn sweep_watched<S: Sweep>(
    app: &App,
    name: &'static str,
    sweep: &S,
    watch: &mut OutageWatch,
) -> Result<bool, PortError> {
    let mut pass = Pass { name, watch, done: 0, skip: 0 };
    let outcome = pass.run_batches(app, sweep).await;
    // Also when it ends early: what was done is done.
    if pass.done > 0 {
        app.metrics.observe(Observation::BatchProcessed(name, u64::from(pass.done)));
    }
    outcome
}

/// One pass of a sweep.
struct Pass<'a> {
    name: &'static str,
    watch: &'a mut OutageWatch,
    done: u32,
    /// Only what stays due is skipped. Finished items have left the list, so counting them too would skip over items
    /// that were never read.
    skip: u32,
}

impl Pass<'_> {
    async fn run_batches<S: Sweep>(&mut self, app: &App, sweep: &S) -> Result<bool, PortError> {
        for _ in 0..BATCHES_MAX {
            let due = sweep.list_due(app, Batch { skip: self.skip, limit: BATCH_SIZE }).await?;
            for items in due.chunks(S::CONCURRENCY.max(1)) {
                let processed = join_all(items.iter().map(|item| sweep.process_item(app, item))).await;
                // All of them are counted before the pass may end.
                let judged: Vec<_> = processed.into_iter().map(|it| self.count_item(it)).collect();
                judged.into_iter().collect::<Result<(), _>>()?;
            }
            if u32::try_from(due.len()).unwrap_or(u32::MAX) < BATCH_SIZE {
                return Ok(false);
            }
            // A pass ends after about one batch of finished work, so its time is bounded. Batches without any are
            // passed over at once: behind a hundred broken items there may be good ones.
            if self.done >= BATCH_SIZE {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts an item as done or as one that stays due. An error ends the pass.
    fn count_item(&mut self, outcome: Result<bool, PortError>) -> Result<(), PortError> {
        match self.watch.judge_item(outcome)? {
            Ok(true) => {
                self.done = self.done.saturating_add(1);
                return Ok(());
            }
            // An unreadable row was recorded already, and the end of the pass says that something was unavailable.
            Ok(false) | Err(FailedItem::Unavailable | FailedItem::Unreadable) => {}
            Err(FailedItem::Bug(error)) => {
                tracing::error!(
                    sweep = self.name,
                    error = %ErrorChain(&error),
                    "sweep skipped an item that failed, it stays due"
                );
            }
        }
        self.skip = self.skip.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
