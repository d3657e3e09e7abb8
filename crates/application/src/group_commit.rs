//! Commits that arrive together share a database transaction, as a decorator of the store.
//!
//! The promise is that of [`Store::commit`]: every unit is committed or refused separately, and once it waits it is
//! committed even if its caller is dropped. How units come together, see `batching`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{CommitError, Metrics, Observation, Store, UnitOfWork};

use crate::batching::{BatchWork, Batcher, Lanes};

/// A store whose units of work share transactions while it is busy.
pub struct GroupCommit(Batcher<Commits>);

struct Commits {
    store: Arc<dyn Store>,
    metrics: Arc<dyn Metrics>,
}

impl GroupCommit {
    /// Groups the commits of `store` into transactions, each of which takes a lane.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, metrics: Arc<dyn Metrics>, lanes: Lanes) -> Self {
        Self(Batcher::new(Commits { store, metrics }, lanes))
    }
}

#[async_trait]
impl BatchWork for Commits {
    type Item = UnitOfWork;
    type Outcome = Result<(), CommitError>;

    fn observe_queue(&self, longest_wait: Duration, waiting: usize) {
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        self.metrics.observe(Observation::CommitQueue(longest_wait, waiting));
    }

    async fn run_batch(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        self.metrics.observe(Observation::CommitBatch(u32::try_from(units.len()).unwrap_or(u32::MAX)));
        self.store.commit_all(units).await
    }
}

#[async_trait]
impl Store for GroupCommit {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        if work.can_join_batch() {
            self.0.submit(work).await.unwrap_or_else(|error| Err(CommitError::Failed(error)))
        } else {
            self.0.work().store.commit(work).await
        }
    }
}

#[cfg(test)]
mod tests;
