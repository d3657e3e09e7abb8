//! The repositories, one a file, as in `crates/sql/read`. Reads look through whole tables: a record in memory is small.

mod claims;
mod events;
mod findings;
mod orders;
mod payments;
mod products;
mod sessions;
mod users;

use domain::{Refund, Transaction};
use ports::{Batch, Page, PortError, UnreadableRow};

use super::{
    MemoryRecord,
    table::{Row, row_count},
};

/// The outcome of a read.
type Read<T> = Result<T, PortError>;

/// What of the things that are due is asked for. They come longest due first.
fn take_batch<T>(due: Vec<T>, batch: Batch) -> Vec<T> {
    due.into_iter().skip(row_count(batch.skip)).take(row_count(batch.limit)).collect()
}

impl MemoryRecord {
    /// Reads a row, or says that it cannot be read, of which the observer hears.
    fn read_row<R: Row, T>(&self, row: &R, read: impl FnOnce(&R) -> T) -> Result<T, UnreadableRow> {
        let Some(unreadable) = self.find_corruption(row) else { return Ok(read(row)) };
        self.observer.record_unreadable(&unreadable);
        Err(unreadable)
    }

    /// Reads a row that may be there.
    fn read_found<R: Row, T>(&self, row: Option<&R>, read: impl FnOnce(&R) -> T) -> Read<Option<T>> {
        Ok(row.map(|row| self.read_row(row, read)).transpose()?)
    }

    /// Reads every row, or fails at the first one that cannot be read: nothing is decided on a part.
    fn read_all<'t, R: Row + 't>(&self, rows: impl IntoIterator<Item = &'t R>) -> Read<Vec<R>> {
        let rows: Result<_, _> = rows.into_iter().map(|row| self.read_row(row, R::clone)).collect();
        Ok(rows?)
    }

    /// Reads the rows that can be read.
    fn read_readable<'t, R: Row + 't, T>(
        &self,
        rows: impl IntoIterator<Item = &'t R>,
        read: impl Fn(&R) -> T,
    ) -> Vec<T> {
        rows.into_iter().filter_map(|row| self.read_row(row, &read).ok()).collect()
    }

    /// Reads a page of the rows of a list, which come in its order and begin behind the last page. A row that cannot be
    /// read has its place on it and is left out.
    fn read_page<'t, R: Row + 't, T>(
        &self,
        rows: impl IntoIterator<Item = &'t R>,
        limit: u32,
        id: impl Fn(&R) -> String,
        read: impl Fn(&R) -> T,
    ) -> Page<T> {
        let mut rows: Vec<_> = rows.into_iter().take(row_count(limit).saturating_add(1)).collect();
        let has_more = rows.len() > row_count(limit);
        rows.truncate(row_count(limit));
        let next = rows.last().filter(|_| has_more).map(|row| id(row));
        Page { data: self.read_readable(rows, read), next }
    }

    /// The refunds of a transaction that can be read.
    fn read_readable_refunds(&self, transaction: &Transaction) -> Vec<Refund> {
        let corrupt_rows = self.corrupt_rows();
        let is_readable = |refund: &&Refund| {
            let unreadable = corrupt_rows.get(&("refunds", refund.key.get().to_string()));
            unreadable.inspect(|it| self.observer.record_unreadable(it)).is_none()
        };
        transaction.refunds.iter().filter(is_readable).cloned().collect()
    }

    fn find_corruption<R: Row>(&self, row: &R) -> Option<UnreadableRow> {
        let corrupt_rows = self.corrupt_rows();
        if corrupt_rows.is_empty() {
            return None;
        }
        let names = [(R::TABLE, row.row_name())].into_iter().chain(row.part_names());
        names.into_iter().find_map(|name| corrupt_rows.get(&name).cloned())
    }
}

/// Rows by what a list sorts them by, lowest first, from behind the place of the last one.
fn sort_behind<'t, R, P: Ord>(
    rows: impl Iterator<Item = &'t R>,
    place: impl Fn(&R) -> P,
    last: Option<&P>,
) -> Vec<&'t R> {
    let mut rows: Vec<_> = rows.filter(|row| last.is_none_or(|last| place(row) > *last)).collect();
    rows.sort_by_key(|row| place(row));
    rows
}
