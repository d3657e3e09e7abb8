//! The repositories, one file for each, as in `crates/sql/read`. Reads scan whole tables, because a record in
//! memory is small.

mod account_tasks;
mod accounts;
mod api_keys;
mod audit;
mod claims;
mod events;
mod feed;
mod findings;
mod orders;
mod overview;
mod payment_lists;
mod payments;
mod products;
mod second_factors;
mod sessions;
mod users;
mod webhooks;

use domain::{Refund, Transaction};
use ports::{Batch, Page, PortError, UnreadableRow};

use super::{
    MemoryRecord,
    table::{Row, row_count},
};

/// The outcome of a read.
type Read<T> = Result<T, PortError>;

/// Returns one batch of the due items, which are sorted by the longest due first.
fn take_batch<T>(due: Vec<T>, batch: Batch) -> Vec<T> {
    due.into_iter().skip(row_count(batch.skip)).take(row_count(batch.limit)).collect()
}

impl MemoryRecord {
    /// Reads a row. An unreadable one is reported to the observer.
    fn read_row<R: Row, T>(&self, row: &R, read: impl FnOnce(&R) -> T) -> Result<T, UnreadableRow> {
        let Some(unreadable) = self.find_corruption(row) else { return Ok(read(row)) };
        self.observer.record_unreadable(&unreadable);
        Err(unreadable)
    }

    /// Reads a row that may be missing.
    fn read_found<R: Row, T>(&self, row: Option<&R>, read: impl FnOnce(&R) -> T) -> Read<Option<T>> {
        Ok(row.map(|row| self.read_row(row, read)).transpose()?)
    }

    /// Reads all rows, or fails at the first unreadable one: a use case must not decide on a part of them.
    fn read_all<'t, R: Row + 't>(&self, rows: impl IntoIterator<Item = &'t R>) -> Read<Vec<R>> {
        let rows: Result<_, _> = rows.into_iter().map(|row| self.read_row(row, R::clone)).collect();
        Ok(rows?)
    }

    /// Reads the rows that are readable and leaves out the others.
    fn read_readable<'t, R: Row + 't, T>(
        &self,
        rows: impl IntoIterator<Item = &'t R>,
        read: impl Fn(&R) -> T,
    ) -> Vec<T> {
        rows.into_iter().filter_map(|row| self.read_row(row, &read).ok()).collect()
    }

    /// Reads one page of a sorted list that begins after the last page. An unreadable row counts for the
    /// limit and is left out.
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

    /// Reads the refunds of a transaction that are readable.
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

/// Returns the rows whose sort key is greater than `last`, in ascending order; all rows if there is no
/// `last`.
fn sort_behind<'t, R, P: Ord>(
    rows: impl Iterator<Item = &'t R>,
    sort_key: impl Fn(&R) -> P,
    last: Option<&P>,
) -> Vec<&'t R> {
    let mut rows: Vec<_> = rows.filter(|row| last.is_none_or(|last| sort_key(row) > *last)).collect();
    rows.sort_by_key(|row| sort_key(row));
    rows
}
