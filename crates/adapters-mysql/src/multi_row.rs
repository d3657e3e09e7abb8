//! Statements for many rows, which make a batch of units cheaper than single units.
//!
//! | writes | statements |
//! | --- | --- |
//! | claims, events, orders with items and history, transactions, requests, references, attempts, events of the feed, deliveries | `INSERT … VALUES (…), (…)` |
//! | sales | one guarded `UPDATE` for all products |
//! | changes of orders and of transactions, replies, numbers of the feed | one guarded `UPDATE` for up to 16 rows |
//! | counts of unpaid orders that end | one `UPDATE` |
//! | counts of unpaid orders that begin | one `INSERT … ON DUPLICATE KEY UPDATE`, and one read that checks the limits |
//!
//! Every value is a parameter. Each connection keeps few prepared statements, because a statement has one of few
//! numbers of rows: an insert as many as fit, so that 13 rows are 12 and 1, and an update the next power of two, for
//! which its last row is repeated.

mod counts;
mod feed;
mod inserts;
mod replies;
mod sales;
mod updates;
mod webhooks;

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use ports::Write;

pub(crate) use self::counts::lower_counts;
pub(crate) use self::feed::{insert_feed_rows, number_feed_rows};
pub(crate) use self::inserts::insert_item_rows;
pub(crate) use self::webhooks::insert_delivery_rows;
use crate::connection::Conn;

/// The largest number of rows of one statement.
const ROWS_MAX: usize = 64;

/// What became of a run of writes of one kind.
pub(crate) enum RunOutcome {
    /// All of them are applied.
    Applied,
    /// The guard of at least one of them failed. The transaction has to be rolled back.
    Refused,
    /// There is no statement for all of them.
    OneByOne,
}

impl RunOutcome {
    /// The outcome of inserts, all of whose unique keys are guards.
    fn from_insert(outcome: QueryResult<()>) -> QueryResult<Self> {
        match outcome {
            Ok(()) => Ok(Self::Applied),
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Self::Refused),
            Err(error) => Err(error),
        }
    }

    /// The outcome of an update whose predicates and unique keys are guards. It matched that many rows, of `expected`.
    fn from_update(outcome: QueryResult<usize>, expected: usize) -> QueryResult<Self> {
        match outcome {
            Ok(rows) if rows == expected => Ok(Self::Applied),
            Ok(_) | Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Self::Refused),
            Err(error) => Err(error),
        }
    }
}

/// Applies writes of one kind, which stand in the order of their rows, with as few statements as possible.
pub(crate) async fn apply_run(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let [first, _, ..] = run else { return Ok(RunOutcome::OneByOne) };
    if matches!(first, Write::Sell { .. }) {
        sales::sell_lines(conn, run).await
    } else if matches!(first, Write::AddOpenOrder { .. }) {
        counts::add_open_orders(conn, run).await
    } else if matches!(first, Write::RemoveOpenOrder { .. }) {
        counts::remove_open_orders(conn, run).await
    } else if matches!(first, Write::UpdateOrder(_)) {
        updates::update_orders(conn, run).await
    } else if matches!(first, Write::UpdateTransaction(_)) {
        updates::update_transactions(conn, run).await
    } else if matches!(first, Write::StoreReply { .. }) {
        replies::store_replies(conn, run).await
    } else if matches!(first, Write::InsertFeedEvents(_)) {
        feed::insert_run(conn, run).await
    } else {
        inserts::insert_run(conn, run).await
    }
}

/// The number of rows of the next insert, of the given number that is left: 1, 2, 3, 4, 6, 8, 12, 16 and so on, up to
/// [`ROWS_MAX`].
fn insert_length(rows: usize) -> usize {
    let power = rows.checked_ilog2().map_or(0, |it| 1_usize << it);
    let between = power.saturating_add(power / 2);
    let most = if rows < between { power } else { between };
    most.min(ROWS_MAX)
}

/// The text repeated, separated by commas.
fn repeat_list(text: &str, times: usize) -> String {
    vec![text; times].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_inserted_by_few_statements_of_few_lengths() {
        let chunks = |mut rows: usize| {
            std::iter::from_fn(move || {
                let next = insert_length(rows);
                rows -= next;
                (next > 0).then_some(next)
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(chunks(0), [0; 0]);
        assert_eq!(chunks(3), [3]);
        assert_eq!(chunks(13), [12, 1]);
        assert_eq!(chunks(47), [32, 12, 3]);
        assert_eq!(chunks(130), [64, 64, 2]);
        let lengths: std::collections::BTreeSet<_> = (1..=ROWS_MAX).flat_map(chunks).collect();
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
    }
}
