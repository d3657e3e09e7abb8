//! The rows of all tables, how they are read into the domain, and how they are written from it.

mod account_task;
mod api_key;
mod attempt;
mod change;
mod claim;
mod details;
mod dispute;
mod event;
mod feed;
mod finding;
mod history;
mod metadata;
mod next_action;
mod order;
mod product;
mod reader;
mod reference;
mod refund;
mod request;
mod second_factor;
mod session;
mod transaction;
mod user;
mod webhook;

pub(super) use account_task::{ErasureRow, MailRow, ResetRow};
pub(super) use api_key::{ApiKeyRow, NewApiKey};
pub(crate) use attempt::AttemptRow;
pub(super) use change::{ADJUSTED, ChangeRow};
pub(super) use claim::ClaimRow;
pub(crate) use claim::{NewClaim, owner_key};
pub(crate) use details::DetailsRow;
pub(super) use dispute::{DisputeRow, NewDispute};
pub(crate) use event::EventRow;
pub(crate) use feed::NewFeedRow;
pub(super) use feed::{FeedHeadRow, FeedRow};
pub(super) use finding::FindingRow;
pub(crate) use history::HistoryRow;
pub(super) use metadata::MetadataRow;
pub(super) use next_action::format_action;
pub(super) use order::ItemRow;
pub(crate) use order::{NewItem, OrderRow};
pub(super) use product::ProductRow;
pub(super) use reader::unreadable_row;
pub(crate) use reference::NewReferenceRow;
pub(super) use reference::ReferenceRow;
pub(super) use refund::RefundRow;
pub(crate) use request::NewRequest;
pub(super) use request::RequestRow;
pub(super) use second_factor::{SecondFactorRow, encode_digests};
pub(super) use session::{ListedSessionRow, SessionOriginRow, SessionRow, encode_timestamps};
pub(super) use transaction::TransactionHead;
pub(crate) use transaction::TransactionRow;
pub(super) use user::UserRow;
pub(crate) use webhook::DeliveryRow;
pub(super) use webhook::{DeliveryChanges, EndpointRow};

use diesel::QueryResult;
use domain::{AuthorKey, ChangedBy};

/// Stands for "no author" in a column that is never null. Generated keys are above zero.
const NO_AUTHOR_KEY: i64 = 0;

/// The row key of the user or API key that made a change, or [`NO_AUTHOR_KEY`] if the service made it by itself.
pub(super) fn author_key(by: ChangedBy) -> i64 {
    by.author.map_or(NO_AUTHOR_KEY, AuthorKey::get)
}

/// Reads every row into the domain, or fails at the first one that cannot be read: nothing is decided on a part.
pub(super) fn read_rows<R, T>(rows: Vec<R>, read: impl FnMut(R) -> QueryResult<T>) -> QueryResult<Vec<T>> {
    rows.into_iter().map(read).collect()
}
