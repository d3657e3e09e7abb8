//! The repositories, one a file, as in `crates/sql/read`. Reads look through whole tables: a record in memory is small.

mod claims;
mod events;
mod findings;
mod orders;
mod payments;
mod products;
mod sessions;
mod users;

use ports::{Batch, Page, PortError};

pub(super) use self::users::taken_by;

/// The outcome of a read.
type Read<T> = Result<T, PortError>;

/// A limit as a length.
pub(super) fn row_count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// What of the things that are due is asked for. They come longest due first.
fn take_batch<T>(due: Vec<T>, batch: Batch) -> Vec<T> {
    due.into_iter().skip(row_count(batch.skip)).take(row_count(batch.limit)).collect()
}

/// A page of the rows of a list, which come in its order and begin behind the last page.
fn cut_page<'t, R: 't, T>(
    rows: impl IntoIterator<Item = &'t R>,
    limit: u32,
    id: impl Fn(&R) -> String,
    read: impl FnMut(&R) -> T,
) -> Page<T> {
    let mut rows: Vec<_> = rows.into_iter().take(row_count(limit).saturating_add(1)).collect();
    let has_more = rows.len() > row_count(limit);
    rows.truncate(row_count(limit));
    let next = rows.last().filter(|_| has_more).map(|row| id(row));
    Page { data: rows.into_iter().map(read).collect(), next }
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
