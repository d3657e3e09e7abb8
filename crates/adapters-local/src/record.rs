//! A system of record in memory: for the tests of use cases, and for simulations.
//!
//! [`MemoryRecord`] is an adapter like those of SQL. It keeps every promise of [`Store`] and of the repositories, and
//! the same suite holds it to them (`port_contracts::record!`), so that a use case that works on it works on a database.
//! What it lacks is durability: everything is gone when it is dropped.
//!
//! - **A unit of work is applied whole or not at all.** Each table remembers what its rows were before, and a guard that
//!   refuses puts all of them back. A read never sees half of a unit.
//! - **Every guard is there**: revisions, versions, unique keys (each table names its own, as the SQL schema
//!   does), and rows that belong to one that must be there.
//! - **It is deterministic.** It reads no clock, draws no random number and has no thread of its own; tables are sorted.
//!   The same calls in the same order give the same answers, and no call ever waits for another task.
//! - **It can be looked at.** [`MemoryRecord::snapshot`] is all that it holds, as plain data, to check what must hold
//!   between tables; [`MemoryRecord::restore`] makes it the record's.
//! - **A row of it can be corrupt.** Its rows are values of the domain, and can all be read, until
//!   [`MemoryRecord::corrupt_row`] says otherwise of one. What the ports promise of such a row then holds.
//!
//! Reads look through whole tables, so it is meant for thousands of rows and not for millions.
//!
//! ```
//! use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//!
//! use adapters_local::MemoryRecord;
//! use domain::Timestamp;
//! use ports::{Store, UnitOfWork, Write};
//!
//! let record = MemoryRecord::default();
//! let probe = Write::Probe(Timestamp::from_millis(1_800_000_000_000));
//! let commit = pin!(record.commit(UnitOfWork::new().with_write(probe)));
//!
//! // It never waits: the first poll ends it, on whatever runtime, or on none.
//! let outcome = commit.poll(&mut Context::from_waker(Waker::noop()));
//! assert!(matches!(outcome, Poll::Ready(Ok(()))));
//! assert_eq!(record.snapshot().probes.len(), 1);
//! ```

mod commit;

mod prunable;
mod read;
mod rows;
mod table;
mod tables;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use ports::{
    CommitError, HealthCheck, NoObserver, PortError, Store, UnitOfWork, UnreadableObserver, UnreadableRow,
};

pub use self::{
    rows::{
        ApiKeyRow, ArchivedOrderRow, FeedRow, FeedSequencerRow, FindingRow, HeldPiecesRow, HistoryRow,
        LastLoginRow, OpenCountRow, ProbeRow, ProductChangeRow, RequestRow, SessionRow,
    },
    table::Duplicate,
    tables::Snapshot,
};

use self::tables::Tables;

/// A system of record in memory. [The module](self) says what it promises.
pub struct MemoryRecord {
    tables: Mutex<Tables>,
    /// Rows that cannot be read, by table and name.
    corrupt_rows: Mutex<BTreeMap<(&'static str, String), UnreadableRow>>,
    observer: Arc<dyn UnreadableObserver>,
}

impl Default for MemoryRecord {
    fn default() -> Self {
        Self { tables: Mutex::default(), corrupt_rows: Mutex::default(), observer: Arc::new(NoObserver) }
    }
}

impl fmt::Debug for MemoryRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRecord").field("tables", &self.tables).finish_non_exhaustive()
    }
}

impl MemoryRecord {
    /// The same record, with an observer that hears of rows that cannot be read.
    #[must_use]
    pub fn watched_by(self, observer: Arc<dyn UnreadableObserver>) -> Self {
        Self { observer, ..self }
    }

    /// From now on the row that is named cannot be read, as if something else had written into its column. The names are
    /// those of the SQL adapters: an item of an order is one of `order_items`, and makes its order unreadable. Guards look
    /// at columns that they know, so that such a row is still written.
    pub fn corrupt_row(&self, row: UnreadableRow) {
        self.corrupt_rows().insert((row.table, row.key.clone()), row);
    }

    /// Makes a row readable again that was corrupted.
    pub fn repair_row(&self, row: &UnreadableRow) {
        self.corrupt_rows().remove(&(row.table, row.key.clone()));
    }

    /// Makes all rows readable again.
    pub fn repair_rows(&self) {
        self.corrupt_rows().clear();
    }

    /// All that it holds at this moment: what was committed, and nothing of a unit that was refused.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::from(&*self.tables())
    }

    /// Holds this and nothing else from now on, whatever it held, as when a database is changed past the service.
    /// No guard looks at it but the unique keys.
    ///
    /// # Errors
    /// [`Duplicate`] when two rows share a key or a unique key; then it is as it was.
    pub fn restore(&self, snapshot: Snapshot) -> Result<(), Duplicate> {
        let tables = Tables::try_from(snapshot)?;
        *self.tables() = tables;
        Ok(())
    }

    fn corrupt_rows(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), UnreadableRow>> {
        self.corrupt_rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryRecord {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let mut tables = self.tables();
        match commit::apply(&mut tables, work) {
            Ok(()) => {
                tables.keep_changes();
                Ok(())
            }
            Err(abort) => {
                tables.roll_back();
                Err(abort.into_commit_error(&tables))
            }
        }
    }
}

#[async_trait]
impl HealthCheck for MemoryRecord {
    async fn check_health(&self) -> Result<(), PortError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
