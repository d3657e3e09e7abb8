//! The loop that all sweeps of due items share.

use async_trait::async_trait;
use futures_util::future::join_all;
use ports::{Batch, ErrorChain, Observation, PortError};

use crate::App;

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
/// If the system of record is unavailable, the pass ends. An item that fails by itself (its row cannot be
/// read, or the program has a fault) stays due and delays no other: the next batch begins behind it.
/// Operators learn of the row from a finding, and of the fault from the log.
///
/// # Errors
/// [`PortError`] when the batch cannot be read or something is unavailable.
pub(super) async fn for_each_due<S: Sweep>(
    app: &App,
    name: &'static str,
    sweep: &S,
) -> Result<bool, PortError> {
    // Only what stays due is skipped. Finished items have left the list, so counting them too would skip over
    // items that were never read.
    let (mut done, mut skip) = (0_u32, 0_u32);
    let mut outcome = Ok(false);
    for _ in 0..BATCHES_MAX {
        let due = sweep.list_due(app, Batch { skip, limit: BATCH_SIZE }).await?;
        for items in due.chunks(S::CONCURRENCY.max(1)) {
            for processed in join_all(items.iter().map(|item| sweep.process_item(app, item))).await {
                match processed {
                    Ok(true) => done = done.saturating_add(1),
                    Ok(false) => skip = skip.saturating_add(1),
                    Err(error @ PortError::Unavailable(_)) => outcome = Err(error),
                    // The observer of unreadable rows has recorded it already.
                    Err(PortError::Unreadable(_)) => skip = skip.saturating_add(1),
                    Err(error @ PortError::Bug(_)) => {
                        tracing::error!(
                            sweep = name,
                            error = %ErrorChain(&error),
                            "sweep skipped an item that failed, it stays due"
                        );
                        skip = skip.saturating_add(1);
                    }
                }
            }
            // The remaining items would fail in the same way, each after its own time limit. What was done is counted
            // below before the error is returned.
            if outcome.is_err() {
                break;
            }
        }
        let full = u32::try_from(due.len()).unwrap_or(u32::MAX) >= BATCH_SIZE;
        if outcome.is_err() || !full {
            break;
        }
        // A pass ends after about one batch of finished work, so its time is bounded. Batches without any are
        // passed over at once: behind a hundred broken items there may be good ones.
        if done >= BATCH_SIZE {
            outcome = Ok(true);
            break;
        }
    }
    if done > 0 {
        app.metrics.observe(Observation::BatchProcessed(name, u64::from(done)));
    }
    outcome
}

#[cfg(test)]
mod tests;
