//! Rows, and how they are read into the domain and written from it.

mod change;
mod claim;
mod dispute;
mod event;
mod finding;
mod history;
mod order;
mod product;
mod reading;
mod reference;
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
pub(super) use reading::unreadable_row;
pub(super) use reference::{NewReferenceRow, ReferenceRow};
pub(super) use refund::RefundRow;
pub(super) use request::{NewRequest, RequestRow};
pub(super) use session::{SessionRow, written};
pub(super) use transaction::TransactionRow;
pub(super) use user::UserRow;

use domain::{ChangedBy, UserKey};

/// What stands for "no user".
const NOBODY: i64 = 0;

/// The row of the user behind a change, as a column holds it.
pub(super) fn user_key(by: ChangedBy) -> i64 {
    by.user.map_or(NOBODY, UserKey::get)
}
