//! Counting commits, and the moves of orders that they made true, as a decorator.

use std::sync::Arc;

use async_trait::async_trait;
use ports::{Clock, CommitError, CommitOutcome, Happening, Meter, Store, UnitOfWork, Write};

/// A store whose commits are counted and timed.
pub struct MeteredStore {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    meter: Arc<dyn Meter>,
}

impl MeteredStore {
    /// Counts the commits of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, meter: Arc<dyn Meter>) -> Self {
        Self { store, clock, meter }
    }
}

#[async_trait]
impl Store for MeteredStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let moves = moves(&work);
        let begun = self.clock.now();
        let outcome = self.store.commit(work).await;
        let how = match &outcome {
            Ok(()) => CommitOutcome::Committed,
            Err(error) if error.is_refusal() => CommitOutcome::Refused,
            Err(_) => CommitOutcome::Unavailable,
        };
        self.meter.record(Happening::Commit(how, self.clock.now().since(begun)));
        if outcome.is_ok() {
            moves.into_iter().for_each(|it| self.meter.record(it));
        }
        outcome
    }
}

/// The changes of status in a unit of work.
fn moves(work: &UnitOfWork) -> Vec<Happening> {
    let progress = work
        .writes()
        .iter()
        .filter_map(|write| if let Write::UpdateOrder(progress) = write { Some(progress) } else { None });
    let entries = progress.flat_map(|it| it.entries());
    entries.filter_map(|it| it.from.map(|from| Happening::Transition(from, it.to))).collect()
}

#[cfg(test)]
mod tests;
