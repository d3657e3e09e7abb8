//! Counting commits, and the moves of orders that they made true, as a decorator.

use std::sync::Arc;

use async_trait::async_trait;
use ports::{Clock, CommitError, CommitOutcome, Metrics, Observation, Store, UnitOfWork, Write};

/// A store whose commits are counted and timed.
pub struct MeteredStore {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: Arc<dyn Metrics>,
}

impl MeteredStore {
    /// Counts the commits of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, meter: Arc<dyn Metrics>) -> Self {
        Self { store, clock, metrics: meter }
    }
}

#[async_trait]
impl Store for MeteredStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let moves = status_changes(&work);
        let begun = self.clock.now();
        let outcome = self.store.commit(work).await;
        let how = match &outcome {
            Ok(()) => CommitOutcome::Committed,
            Err(CommitError::Failed(_)) => CommitOutcome::Unavailable,
            Err(
                CommitError::Stale
                | CommitError::OutOfStock(_)
                | CommitError::LimitReached(_)
                | CommitError::Claimed(_)
                | CommitError::DuplicateEvent
                | CommitError::AccountConflict(_),
            ) => CommitOutcome::Refused,
        };
        self.metrics.observe(Observation::Commit(how, self.clock.now().saturating_duration_since(begun)));
        if outcome.is_ok() {
            moves.into_iter().for_each(|it| self.metrics.observe(it));
        }
        outcome
    }
}

/// The changes of status in a unit of work.
fn status_changes(work: &UnitOfWork) -> Vec<Observation> {
    let progress = work
        .writes()
        .iter()
        .filter_map(|write| if let Write::UpdateOrder(progress) = write { Some(progress) } else { None });
    let entries = progress.flat_map(|it| it.history_entries());
    entries.filter_map(|it| it.from.map(|from| Observation::Transition(from, it.to))).collect()
}

#[cfg(test)]
mod tests;
