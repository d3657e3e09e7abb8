//! The repositories, one for each file.
//!
//! A list leaves out a row that cannot be read, reports it to the observer, and goes on behind it. What a
//! decision rests on is never left out: there the first unreadable row fails the whole read (ADR 0015).

mod account_tasks;
mod accounts;
mod api_keys;
mod audit;
mod author;
mod claims;
mod events;
mod feed;
mod findings;
mod orders;
mod overview;
mod payments;
mod products;
mod second_factors;
mod sessions;
mod users;
mod webhooks;

use std::collections::HashMap;

use diesel::QueryResult;
use ports::{Page, UnreadableObserver, UnreadableRow};

use super::row::unreadable_row;

pub(super) use events::OPEN as OPEN_EVENTS;

/// Reads each row on its own. An unreadable one is reported to the observer and takes its position in the
/// result.
fn read_each_row<R, T>(
    observer: &dyn UnreadableObserver,
    rows: Vec<R>,
    mut read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Vec<Result<T, UnreadableRow>>> {
    let one = |row| match read(row).map_err(unreadable_row) {
        Ok(row) => Ok(Ok(row)),
        Err(Ok(unreadable)) => {
            observer.record_unreadable(&unreadable);
            Ok(Err(unreadable))
        }
        // Any other error is not of this row alone: it says nothing about which rows could be read.
        Err(Err(error)) => Err(error),
    };
    rows.into_iter().map(one).collect()
}

/// Reads the rows that can be read, and reports the others to the observer.
fn read_readable_rows<R, T>(
    observer: &dyn UnreadableObserver,
    rows: Vec<R>,
    read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Vec<T>> {
    Ok(read_each_row(observer, rows, read)?.into_iter().flatten().collect())
}

/// Cuts the extra row off a page that was loaded with [`limit_plus_one`]. Returns the id of the last row
/// that is left if there is a next page, as its cursor.
fn truncate_page<R>(rows: &mut Vec<R>, limit: u32, id: impl Fn(&R) -> String) -> Option<String> {
    let more = rows.len() > to_usize(limit);
    rows.truncate(to_usize(limit));
    rows.last().filter(|_| more).map(id)
}

/// Makes a page of rows that were loaded with [`limit_plus_one`], without those that cannot be read.
fn read_page<R, T>(
    observer: &dyn UnreadableObserver,
    mut rows: Vec<R>,
    limit: u32,
    id: impl Fn(&R) -> String,
    read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Page<T>> {
    // The cursor comes from the rows, before any of them is left out. Otherwise an unreadable last row
    // would end the list, and all rows behind it would be out of reach.
    let next = truncate_page(&mut rows, limit, id);
    Ok(Page { data: read_readable_rows(observer, rows, read)?, next })
}

/// The number of rows to load for a page: one more than it shows, which tells whether there is a next page.
fn limit_plus_one(limit: u32) -> i64 {
    i64::from(limit).saturating_add(1)
}

/// The rows in the order of those keys, each once. A key without a row is left out.
fn sort_by_keys<R>(rows: Vec<R>, keys: &[i64], key: impl Fn(&R) -> i64) -> Vec<R> {
    let mut rows: HashMap<i64, R> = rows.into_iter().map(|row| (key(&row), row)).collect();
    keys.iter().filter_map(|it| rows.remove(it)).collect()
}

/// The length of a page as a number of elements in memory.
fn to_usize(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Groups rows by the key of their parent, and keeps their order within each group.
fn group_by_key<R>(rows: Vec<R>, owner: impl Fn(&R) -> i64) -> HashMap<i64, Vec<R>> {
    let mut groups: HashMap<i64, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(owner(&row)).or_default().push(row);
    }
    groups
}
