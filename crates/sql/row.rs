//! Rows, and how they are read into the domain and written from it.

mod change;
mod claim;
mod dispute;
mod event;
mod finding;
mod history;
mod order;
mod product;
mod refund;
mod request;
mod session;
mod transaction;
mod user;

pub(super) use change::{ADJUSTED, ChangeRow};
pub(super) use claim::{ClaimRow, NewClaim, owner};
pub(super) use dispute::{DisputeRow, NewDispute};
pub(super) use event::EventRow;
pub(super) use finding::FindingRow;
pub(super) use history::HistoryRow;
pub(super) use order::{ItemRow, NewItem, OrderRow};
pub(super) use product::ProductRow;
pub(super) use refund::RefundRow;
pub(super) use request::{NewRequest, RequestRow};
pub(super) use session::{SessionRow, written};
pub(super) use transaction::TransactionRow;
pub(super) use user::UserRow;

use diesel::{QueryResult, result::Error};
use domain::{Actor, ChangedBy, Currency, Money, UserKey};

use super::value::Parts;

/// A column holds what this program does not write there. Its value is not told: it may be a secret.
#[derive(Debug, thiserror::Error)]
#[error("the record's {0} cannot be read")]
struct Unreadable(&'static str);

fn unreadable(column: &'static str) -> Error {
    Error::DeserializationError(Box::new(Unreadable(column)))
}

/// A value that could be read, or an error that names its column.
fn known<T>(value: Option<T>, column: &'static str) -> QueryResult<T> {
    value.ok_or_else(|| unreadable(column))
}

fn money(Parts(number): Parts, currency: &str, column: &'static str) -> QueryResult<Money> {
    Currency::parse(currency).and_then(|it| Money::from_record(number, it)).map_err(|_| unreadable(column))
}

/// What stands for "no user".
const NOBODY: i64 = 0;

/// The row of the user behind a change, as a column holds it.
pub(super) fn user_key(by: ChangedBy) -> i64 {
    by.user.map_or(NOBODY, UserKey::get)
}

/// Who made a change, from its two columns.
fn author(actor: &str, user: i64, column: &'static str) -> QueryResult<ChangedBy> {
    let user = (user != NOBODY).then(|| UserKey::new(user));
    Ok(ChangedBy { actor: known(Actor::parse(actor), column)?, user })
}

fn count(number: i64, column: &'static str) -> QueryResult<u32> {
    u32::try_from(number).map_err(|_| unreadable(column))
}
