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
use ports::{Page, Unreadable, Witness};

use super::row::unreadable_row;

/// Reads each row, or says that it cannot be read, of which the witness hears.
fn each_or_unreadable<R, T>(
    witness: &dyn Witness,
    rows: Vec<R>,
    mut read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Vec<Result<T, Unreadable>>> {
    let one = |row| match read(row).map_err(unreadable_row) {
        Ok(row) => Ok(Ok(row)),
        Err(Ok(unreadable)) => {
            witness.note(&unreadable);
            Ok(Err(unreadable))
        }
        Err(Err(error)) => Err(error),
    };
    rows.into_iter().map(one).collect()
}

/// Reads the rows that can be read, and lets the witness hear of the others.
fn each_readable<R, T>(
    witness: &dyn Witness,
    rows: Vec<R>,
    read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Vec<T>> {
    Ok(each_or_unreadable(witness, rows, read)?.into_iter().flatten().collect())
}

/// How many rows a page has, and where it ends: rows that are one more than there is room for.
fn cut<R>(rows: &mut Vec<R>, limit: u32, id: impl Fn(&R) -> String) -> Option<String> {
    let more = rows.len() > length(limit);
    rows.truncate(length(limit));
    rows.last().filter(|_| more).map(id)
}

/// A page of those rows, which are one more than there is room for, without the ones that cannot be read.
fn page<R, T>(
    witness: &dyn Witness,
    mut rows: Vec<R>,
    limit: u32,
    id: impl Fn(&R) -> String,
    read: impl FnMut(R) -> QueryResult<T>,
) -> QueryResult<Page<T>> {
    let next = cut(&mut rows, limit, id);
    Ok(Page { data: each_readable(witness, rows, read)?, next })
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
