//! The rows of the tables with their keys, one file for each group of tables.

mod account_tasks;
mod api_keys;
mod claims;
mod events;
mod feed;
mod findings;
mod open_orders;
mod orders;
mod payments;
mod probe;
mod products;
mod sessions;
mod users;
mod webhooks;

pub(super) use self::{
    api_keys::ApiKeyKeys, claims::is_about_one, findings::FindingKeys, payments::TransactionKeys,
    products::ProductChangeKeys, users::UserKeys,
};
pub use self::{
    api_keys::ApiKeyRow,
    feed::{FeedRow, FeedSequencerRow},
    findings::FindingRow,
    open_orders::OpenCountRow,
    orders::{ArchivedOrderRow, HistoryRow},
    payments::RequestRow,
    probe::ProbeRow,
    products::{HeldPiecesRow, ProductChangeRow},
    sessions::{LastLoginRow, SessionRow},
};
