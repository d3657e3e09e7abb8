//! Counting commits, the status changes of orders that they made and the findings that they reported, as a
//! decorator of the store.

use std::sync::Arc;

use async_trait::async_trait;
use ports::{Clock, CommitError, CommitOutcome, Metrics, Observation, Store, UnitOfWork, Write};

/// A store whose commits are counted and timed by outcome.
pub struct MeteredStore {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: Arc<dyn Metrics>,
}

impl MeteredStore {
    /// Counts the commits of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, metrics: Arc<dyn Metrics>) -> Self {
        Self { store, clock, metrics }
    }
}

#[async_trait]
impl Store for MeteredStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        // Collected before, because the commit consumes the unit of work; counted after, because a refused
        // commit changes no order.
        let mut effects = status_changes(&work);
        effects.extend(reported_findings(&work));
        let begun = self.clock.now();
        let outcome = self.store.commit(work).await;
        let how = match &outcome {
            Ok(()) => CommitOutcome::Committed,
            // Without an answer it is unknown whether the commit happened. Its status changes are not counted, so
            // that metrics may miss some but never count one twice when the request is sent again.
            Err(error) if error.is_refusal() => CommitOutcome::Refused,
            Err(_) => CommitOutcome::Unavailable,
        };
        self.metrics.observe(Observation::Commit(how, self.clock.now().saturating_duration_since(begun)));
        if outcome.is_ok() {
            effects.into_iter().for_each(|it| self.metrics.observe(it));
        }
        outcome
    }
}

/// The status changes of orders in a unit of work; a new order has none.
fn status_changes(work: &UnitOfWork) -> Vec<Observation> {
    let progress = work
        .writes()
        .iter()
        .filter_map(|write| if let Write::UpdateOrder(progress) = write { Some(progress) } else { None });
    let entries = progress.flat_map(|it| it.history_entries());
    entries.filter_map(|it| it.from.map(|from| Observation::Transition(from, it.to))).collect()
}

/// The findings in a unit of work.
fn reported_findings(work: &UnitOfWork) -> impl Iterator<Item = Observation> {
    // Of the second kind only the database knows whether the finding is new.
    work.writes().iter().filter_map(|write| {
        if let Write::InsertFinding(finding) | Write::InsertFindingOnce(finding, _) = write {
            Some(Observation::FindingReported(finding.kind))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests;
