//! The one loop of all sweeps.

use async_trait::async_trait;
use ports::{Batch, ErrorChain, Observation, PortError};

use crate::App;

/// How many things are read at once.
pub(super) const BATCH_SIZE: u32 = 100;
/// How many batches one call reads at most: so many behind what it cannot move.
pub(super) const BATCHES_MAX: u32 = 100;

/// What a sweep looks for, and does to each.
#[async_trait]
pub(super) trait Sweep: Sync {
    /// One thing that may be due.
    type Item: Send + Sync;

    /// Reads what is due, longest due first.
    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<Self::Item>, PortError>;

    /// Does one thing; `false` when there is nothing to be done any more.
    async fn process_item(&self, app: &App, thing: &Self::Item) -> Result<bool, PortError>;
}

/// Does everything that is due, until that was a batch full of things or there is no more; `true` when there may be more.
///
/// When the record or a gateway is away, nothing more is tried. What fails by itself (its row cannot be read, or this
/// program has a fault) stays due and is in nobody's way: the next batch begins behind it. Operators hear of the row by the
/// record's witness, of the fault by the log.
///
/// # Errors
/// [`PortError`], when nothing can be read or something is away.
pub(super) async fn for_each_due(
    app: &App,
    name: &'static str,
    sweep: &impl Sweep,
) -> Result<bool, PortError> {
    let (mut done, mut skip) = (0_u32, 0_u32);
    let mut outcome = Ok(false);
    for _ in 0..BATCHES_MAX {
        let due = sweep.list_due(app, Batch { skip, limit: BATCH_SIZE }).await?;
        for thing in &due {
            match sweep.process_item(app, thing).await {
                Ok(true) => done = done.saturating_add(1),
                Ok(false) => skip = skip.saturating_add(1),
                Err(away @ PortError::Unavailable(_)) => {
                    outcome = Err(away);
                    break;
                }
                // The record's witness has named the row.
                Err(PortError::Unreadable(_)) => skip = skip.saturating_add(1),
                Err(fault @ PortError::Bug(_)) => {
                    tracing::error!(sweep = name, fault = %ErrorChain(&fault), "one thing could not be done");
                    skip = skip.saturating_add(1);
                }
            }
        }
        let full = u32::try_from(due.len()).unwrap_or(u32::MAX) >= BATCH_SIZE;
        if outcome.is_err() || !full {
            break;
        }
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
