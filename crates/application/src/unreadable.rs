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
use ports::{Clock, Owner, PortError, UnitOfWork, Unreadable, Witness, Write};

use crate::{
    App,
    findings::{About, note},
};

/// How long a row that was told of is passed over. Then it is told of again, if it is read again: that is no error while
/// the finding is open, and a new finding when it was resolved and the row is as it was.
pub const TOLD_FOR: Duration = Duration::from_secs(60);
/// Most rows that are remembered. More wait for their turn: they are noted when they are read while there is room again.
const ROWS_MAX: usize = 1_000;

/// The rows that cannot be read, as far as this process has come across them.
pub struct UnreadableRows {
    clock: Arc<dyn Clock>,
    rows: Mutex<HashMap<String, Known>>,
}

/// A row that was come across.
enum Known {
    /// Not told of yet.
    New(Unreadable),
    /// Told of at that moment of the monotonic clock.
    Told(Duration),
}

impl UnreadableRows {
    /// None yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, rows: Mutex::default() }
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows that are to be told of, and forgets those that were told of long ago.
    fn news(&self) -> Vec<Unreadable> {
        let now = self.clock.monotonic();
        let mut rows = self.rows();
        rows.retain(|_, it| match it {
            Known::New(_) => true,
            Known::Told(at) => now.saturating_sub(*at) < TOLD_FOR,
        });
        let news = rows.values().filter_map(|it| match it {
            Known::New(row) => Some(row.clone()),
            Known::Told(_) => None,
        });
        news.collect()
    }

    fn set_told(&self, row: &Unreadable) {
        self.rows().insert(row.subject(), Known::Told(self.clock.monotonic()));
    }
}

impl Witness for UnreadableRows {
    fn note(&self, row: &Unreadable) {
        let mut rows = self.rows();
        let subject = row.subject();
        let is_new = match rows.get(&subject) {
            Some(Known::New(_)) => false,
            Some(Known::Told(at)) => self.clock.monotonic().saturating_sub(*at) >= TOLD_FOR,
            None => rows.len() < ROWS_MAX,
        };
        if is_new {
            tracing::error!(table = row.table, column = row.column, key = row.key, "a row cannot be read");
            rows.insert(subject, Known::New(row.clone()));
        }
    }
}

/// Tells operators of the rows that could not be read: one finding a row for as long as it is open.
///
/// # Errors
/// [`PortError`] when the record is away; the rows are kept for the next time.
pub async fn report_unreadable(app: &App) -> Result<bool, PortError> {
    for row in app.unreadable.news() {
        let write = Write::InsertFindingOnce(describe(app, &row).await, row.subject());
        match app.store.commit(UnitOfWork::new().with(write)).await {
            Ok(()) => app.unreadable.set_told(&row),
            Err(ports::CommitError::Failed(away @ PortError::Away(_))) => return Err(away),
            // An id was given out twice, or worse: the other rows are told of all the same.
            Err(fault) => {
                tracing::error!(fault = %ports::Causes(&fault), key = row.key, "a row cannot be told of");
                if let ports::CommitError::Failed(_) = fault {
                    // The next attempt would fail too: it is made when the row is read again later.
                    app.unreadable.set_told(&row);
                }
            }
        }
    }
    Ok(false)
}

/// The finding of a row: its table, its column and whose it is, never the value.
async fn describe(app: &App, row: &Unreadable) -> Finding {
    let owner = match row.owner.as_deref() {
        // A user that cannot be read has a finding of its own.
        Some(Owner::UserRow(key)) => {
            app.users.find_by_key(*key).await.ok().flatten().map(|it| Owner::User(it.id))
        }
        owner => owner.cloned(),
    };
    let whose = match &owner {
        Some(Owner::Product(id)) => format!(" It is about the product {id}."),
        Some(Owner::User(id)) => format!(" It is about the user {id}."),
        Some(Owner::Order(_) | Owner::Transaction(..) | Owner::Event(..) | Owner::UserRow(_)) | None => {
            String::new()
        }
    };
    let detail = format!(
        "A row of {} cannot be read: its {} holds what this service never writes there. It is left out of lists, passed \
         over by sweeps and refused to who asks for it; the log names its key.{whose}",
        row.table, row.column
    );
    let finding = note(app, FindingKind::Unreadable, &detail, &About::default());
    match owner {
        Some(Owner::Order(number)) => Finding { order: Some(number), ..finding },
        Some(Owner::Transaction(id, order)) => {
            Finding { transaction: Some(id), order: Some(order), ..finding }
        }
        Some(Owner::Event(gateway, id, transaction)) => {
            Finding { gateway: Some(gateway), event: Some(id), transaction, ..finding }
        }
        Some(Owner::Product(_) | Owner::User(_) | Owner::UserRow(_)) | None => finding,
    }
}

#[cfg(test)]
mod tests;
