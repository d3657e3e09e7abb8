//! The repositories, one a file.

mod claims;
mod events;
mod findings;
mod orders;
mod payments;
mod products;
mod sessions;
mod users;

use std::collections::HashMap;

use diesel::QueryResult;
use ports::{Page, UnreadableObserver, UnreadableRow};

use super::row::unreadable_row;

/// Reads each row, or says that it cannot be read, of which the witness hears.
fn read_each_row<R, T>(
    witness: &dyn UnreadableObserver,
    rows: Vec<R>,
    mut read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Vec<Result<T, UnreadableRow>>> {
    let one = |row| match read(row).map_err(unreadable_row) {
        Ok(row) => Ok(Ok(row)),
        Err(Ok(unreadable)) => {
            witness.record_unreadable(&unreadable);
            Ok(Err(unreadable))
        }
        Err(Err(error)) => Err(error),
    };
    rows.into_iter().map(one).collect()
}

/// Reads the rows that can be read, and lets the witness hear of the others.
fn read_readable_rows<R, T>(
    witness: &dyn UnreadableObserver,
    rows: Vec<R>,
    read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Vec<T>> {
    Ok(read_each_row(witness, rows, read)?.into_iter().flatten().collect())
}

/// How many rows a page has, and where it ends: rows that are one more than there is room for.
fn truncate_page<R>(rows: &mut Vec<R>, limit: u32, id: impl Fn(&R) -> String) -> Option<String> {
    let more = rows.len() > to_usize(limit);
    rows.truncate(to_usize(limit));
    rows.last().filter(|_| more).map(id)
}

/// A page of those rows, which are one more than there is room for, without the ones that cannot be read.
fn read_page<R, T>(
    witness: &dyn UnreadableObserver,
    mut rows: Vec<R>,
    limit: u32,
    id: impl Fn(&R) -> String,
    read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Page<T>> {
    let next = truncate_page(&mut rows, limit, id);
    Ok(Page { data: read_readable_rows(witness, rows, read)?, next })
}

/// Reads every row into the domain, or fails at the first one that cannot be read: nothing is decided on a part.
pub(super) fn read_rows<R, T>(rows: Vec<R>, read: impl FnMut(R) -> QueryResult<T>) -> QueryResult<Vec<T>> {
    rows.into_iter().map(read).collect()
}

/// One row more than a page has, to know whether it is the last.
fn limit_plus_one(limit: u32) -> i64 {
    i64::from(limit).saturating_add(1)
}

/// A page's length as a length.
fn to_usize(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Rows by the key of what they belong to, in the order they came in.
fn group_by_key<R>(rows: Vec<R>, owner: impl Fn(&R) -> i64) -> HashMap<i64, Vec<R>> {
    let mut groups: HashMap<i64, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(owner(&row)).or_default().push(row);
    }
    groups
}
