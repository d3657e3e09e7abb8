//! Rows that cannot be read: remembered when a read meets one, and reported to operators by a sweep.
//!
//! Reading and reporting are separate, so that a read never waits for a write, and a row that is read twice a
//! second is not reported twice a second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{Finding, FindingKind};
use ports::{Clock, PortError, RowOwner, UnitOfWork, UnreadableObserver, UnreadableRow, Write};

use crate::{
    App,
    findings::{FindingContext, new_finding},
};

/// How long a reported row is not reported again. Afterwards a new read reports it once more: no second
/// finding is made while the first is open, and a new one if the first was closed without repairing the row.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// The largest number of remembered rows, so that a damaged table does not fill the memory. Further rows are
/// recorded when they are read while there is room again.
const ROWS_MAX: usize = 1_000;

/// The unreadable rows that this process has met.
pub struct UnreadableRows {
    clock: Arc<dyn Clock>,
    rows: Mutex<HashMap<String, RowState>>,
}

/// The state of an unreadable row.
enum RowState {
    /// Read, and not reported to operators yet.
    New(UnreadableRow),
    /// Reported at that time of the monotonic clock.
    Reported(Duration),
}

impl UnreadableRows {
    /// Starts without any rows; they are met again as they are read.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, rows: Mutex::default() }
    }

    fn lock_rows(&self) -> MutexGuard<'_, HashMap<String, RowState>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows to report; it also forgets those that were reported long ago.
    pub(crate) fn list_unreported_rows(&self) -> Vec<UnreadableRow> {
        // The rows are cloned, so that the lock is free during the commits that follow: every read that meets
        // an unreadable row takes it.
        let now = self.clock.monotonic_now();
        let mut rows = self.lock_rows();
        rows.retain(|_, it| match it {
            RowState::New(_) => true,
            RowState::Reported(at) => now.saturating_sub(*at) < REPORT_INTERVAL,
        });
        let news = rows.values().filter_map(|it| match it {
            RowState::New(row) => Some(row.clone()),
            RowState::Reported(_) => None,
        });
        news.collect()
    }

    fn confirm_report(&self, row: &UnreadableRow) {
        self.lock_rows().insert(row.row_label(), RowState::Reported(self.clock.monotonic_now()));
    }
}

impl UnreadableObserver for UnreadableRows {
    fn record_unreadable(&self, row: &UnreadableRow) {
        let mut rows = self.lock_rows();
        let subject = row.row_label();
        let is_new = match rows.get(&subject) {
            Some(RowState::New(_)) => false,
            Some(RowState::Reported(at)) => self.clock.monotonic_now().saturating_sub(*at) >= REPORT_INTERVAL,
            None => rows.len() < ROWS_MAX,
        };
        if is_new {
            // Logged when it is recorded and not at each read. The finding names no key, so operators find
            // the row by this line.
            tracing::error!(table = row.table, column = row.column, key = row.key, "a row cannot be read");
            rows.insert(subject, RowState::New(row.clone()));
        }
    }
}

/// `None` instead of a row that cannot be read, for a run through all rows, which one of them must not end. The adapter has
/// told its observer of the row.
pub(crate) fn skip_unreadable<T>(read: Result<T, PortError>) -> Result<Option<T>, PortError> {
    match read {
        Ok(it) => Ok(Some(it)),
        Err(PortError::Unreadable(_)) => Ok(None),
        Err(error @ (PortError::Unavailable(_) | PortError::Bug(_))) => Err(error),
    }
}

/// Reports unreadable rows to operators: one open finding for each row.
///
/// # Errors
/// [`PortError`] when the system of record is unavailable; the rows stay for the next call.
pub async fn report_unreadable_rows(app: &App) -> Result<bool, PortError> {
    for row in app.unreadable_rows.list_unreported_rows() {
        let write = Write::InsertFindingOnce(describe(app, &row).await, row.row_label());
        match app.store.commit(UnitOfWork::new().with_write(write)).await {
            Ok(()) => app.unreadable_rows.confirm_report(&row),
            Err(ports::CommitError::Failed(away @ PortError::Unavailable(_))) => return Err(away),
            // A duplicate id, or a fault of the program: the other rows are reported all the same.
            Err(fault) => {
                tracing::error!(fault = %ports::ErrorChain(&fault), key = row.key, "unreadable row was not reported");
                if let ports::CommitError::Failed(_) = fault {
                    // The next attempt would fail too, twice a second. It is made when the row is read again
                    // after the interval.
                    app.unreadable_rows.confirm_report(&row);
                }
            }
        }
    }
    Ok(false)
}

/// The finding of a row: its table, its column and whose it is, never the value.
async fn describe(app: &App, row: &UnreadableRow) -> Finding {
    let owner = match row.owner.as_deref() {
        // A user that cannot be read has a finding of its own.
        Some(RowOwner::UserRow(key)) => {
            app.users.find_user_by_key(*key).await.ok().flatten().map(|it| RowOwner::User(it.id))
        }
        owner => owner.cloned(),
    };
    let whose = match &owner {
        Some(RowOwner::Product(id)) => format!(" It is about the product {id}."),
        Some(RowOwner::User(id)) => format!(" It is about the user {id}."),
        Some(RowOwner::Order(_) | RowOwner::Transaction(..) | RowOwner::Event(..) | RowOwner::UserRow(_))
        | None => String::new(),
    };
    let detail = format!(
        "A row of {} cannot be read: its {} holds what this service never writes there. It is left out of lists, passed \
         over by sweeps and refused to who asks for it; the log names its key.{whose}",
        row.table, row.column
    );
    let finding = new_finding(app, FindingKind::Unreadable, &detail, &FindingContext::default());
    match owner {
        Some(RowOwner::Order(number)) => Finding { order: Some(number), ..finding },
        Some(RowOwner::Transaction(id, order)) => {
            Finding { transaction: Some(id), order: Some(order), ..finding }
        }
        Some(RowOwner::Event(gateway, id, transaction)) => {
            Finding { gateway: Some(gateway), event: Some(id), transaction, ..finding }
        }
        Some(RowOwner::Product(_) | RowOwner::User(_) | RowOwner::UserRow(_)) | None => finding,
    }
}

#[cfg(test)]
mod tests;
