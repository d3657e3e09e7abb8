//! The rows of the tables with their keys, one file for each group of tables.

mod claims;
mod events;
mod findings;
mod open_orders;
mod orders;
mod payments;
mod probe;
mod products;
mod sessions;
mod users;

pub(super) use self::{
    findings::FindingKeys, payments::TransactionKeys, products::ProductChangeKeys, users::UserKeys,
};
pub use self::{
    findings::FindingRow,
    open_orders::OpenCountRow,
    orders::HistoryRow,
    payments::RequestRow,
    probe::ProbeRow,
    products::ProductChangeRow,
    sessions::{LastLoginRow, SessionRow},
};
