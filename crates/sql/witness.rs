//! Who hears of rows that cannot be read.

use std::sync::Arc;

use ports::{PortError, Witness};

use crate::connection::Database;

impl Database {
    /// The same record, with a witness that hears of rows that cannot be read.
    #[must_use]
    pub fn watched_by(self, witness: Arc<dyn Witness>) -> Self {
        Self { witness, ..self }
    }

    /// Who hears of rows that cannot be read.
    pub(super) fn witness(&self) -> Arc<dyn Witness> {
        Arc::clone(&self.witness)
    }

    /// Lets the witness hear of a row that an operation failed with.
    pub(crate) fn note_unreadable<T>(&self, outcome: Result<T, PortError>) -> Result<T, PortError> {
        if let Err(PortError::Unreadable(row)) = &outcome {
            self.witness.note(row);
        }
        outcome
    }
}
