//! Who is notified of rows that cannot be read, and what counts what happens here.

use std::sync::Arc;

use ports::{Metrics, PortError, SplitReason, UnreadableObserver};

use crate::connection::Database;

impl Database {
    /// The same record, with an observer of rows that cannot be read.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn UnreadableObserver>) -> Self {
        Self { observer, ..self }
    }

    /// The same record, which counts how its transactions end.
    #[must_use]
    pub fn with_metrics(self, metrics: Arc<dyn Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Counts a batch that was rolled back and is tried again in parts.
    pub(super) fn count_split(&self, reason: SplitReason) {
        self.metrics.observe(ports::Observation::BatchSplit(reason));
    }

    /// Who is notified of rows that cannot be read.
    pub(super) fn observer(&self) -> Arc<dyn UnreadableObserver> {
        Arc::clone(&self.observer)
    }

    /// Reports the row that an operation failed with to the observer.
    pub(crate) fn record_unreadable<T>(&self, outcome: Result<T, PortError>) -> Result<T, PortError> {
        if let Err(PortError::Unreadable(row)) = &outcome {
            self.observer.record_unreadable(row);
        }
        outcome
    }
}
