//! Rows, and how they are read into the domain and written from it.

mod change;
mod claim;
mod dispute;
mod event;
mod finding;
mod history;
mod order;
mod product;
mod reader;
mod refund;
mod request;
mod session;
mod transaction;
mod user;

pub(super) use change::{ADJUSTED, ChangeRow};
pub(super) use claim::{ClaimRow, NewClaim, owner_key};
pub(super) use dispute::{DisputeRow, NewDispute};
pub(super) use event::EventRow;
pub(super) use finding::FindingRow;
pub(super) use history::HistoryRow;
pub(super) use order::{ItemRow, NewItem, OrderRow};
pub(super) use product::ProductRow;
pub(super) use reader::unreadable_row;
pub(super) use refund::RefundRow;
pub(super) use request::{NewRequest, RequestRow};
pub(super) use session::{SessionRow, encode_timestamps};
pub(super) use transaction::{TransactionHead, TransactionRow};
pub(super) use user::UserRow;

use domain::{ChangedBy, UserKey};

/// What stands for "no user".
const NO_USER_KEY: i64 = 0;

/// The row of the user behind a change, as a column holds it.
pub(super) fn user_key(by: ChangedBy) -> i64 {
    by.user.map_or(NO_USER_KEY, UserKey::get)
}
