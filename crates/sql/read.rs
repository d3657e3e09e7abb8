//! The repositories, one a file.

mod events;
mod findings;
mod orders;
mod payments;
mod products;
mod replies;
mod sessions;
mod users;

use std::collections::HashMap;

use diesel::QueryResult;

/// Reads every row into the domain, or fails at the first one that cannot be read.
pub(super) fn each<R, T>(rows: Vec<R>, read: impl FnMut(R) -> QueryResult<T>) -> QueryResult<Vec<T>> {
    rows.into_iter().map(read).collect()
}

/// One row more than a page has, to know whether it is the last.
fn one_more(limit: u32) -> i64 {
    i64::from(limit).saturating_add(1)
}

/// A page's length as a length.
fn length(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Rows by the key of what they belong to, in the order they came in.
fn grouped<R>(rows: Vec<R>, owner: impl Fn(&R) -> i64) -> HashMap<i64, Vec<R>> {
    let mut groups: HashMap<i64, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(owner(&row)).or_default().push(row);
    }
    groups
}
