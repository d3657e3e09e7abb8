//! Rows that cannot be read: remembered by whoever came across one, and told to operators by a sweep.
//!
//! Reading and telling are apart, so that a read never waits for a write, and a row that is read twice a second is not
//! written about twice a second.

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

/// How long a row that was told of is passed over. Then it is told of again, if it is read again: that is no error while
/// the finding is open, and a new finding when it was resolved and the row is as it was.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// Most rows that are remembered. More wait for their turn: they are noted when they are read while there is room again.
const ROWS_MAX: usize = 1_000;

/// The rows that cannot be read, as far as this process has come across them.
pub struct UnreadableRows {
    clock: Arc<dyn Clock>,
    rows: Mutex<HashMap<String, RowState>>,
}

/// A row that was come across.
enum RowState {
    /// Not told of yet.
    New(UnreadableRow),
    /// Told of at that moment of the monotonic clock.
    Reported(Duration),
}

impl UnreadableRows {
    /// None yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, rows: Mutex::default() }
    }

    fn lock_rows(&self) -> MutexGuard<'_, HashMap<String, RowState>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows that are to be told of, and forgets those that were told of long ago.
    fn list_unreported_rows(&self) -> Vec<UnreadableRow> {
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
            tracing::error!(table = row.table, column = row.column, key = row.key, "a row cannot be read");
            rows.insert(subject, RowState::New(row.clone()));
        }
    }
}

/// Tells operators of the rows that could not be read: one finding a row for as long as it is open.
///
/// # Errors
/// [`PortError`] when the record is away; the rows are kept for the next time.
pub async fn report_unreadable_rows(app: &App) -> Result<bool, PortError> {
    for row in app.unreadable_rows.list_unreported_rows() {
        let write = Write::InsertFindingOnce(describe(app, &row).await, row.row_label());
        match app.store.commit(UnitOfWork::new().with_write(write)).await {
            Ok(()) => app.unreadable_rows.confirm_report(&row),
            Err(ports::CommitError::Failed(away @ PortError::Unavailable(_))) => return Err(away),
            // An id was given out twice, or worse: the other rows are told of all the same.
            Err(fault) => {
                tracing::error!(fault = %ports::ErrorChain(&fault), key = row.key, "a row cannot be told of");
                if let ports::CommitError::Failed(_) = fault {
                    // The next attempt would fail too: it is made when the row is read again later.
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
