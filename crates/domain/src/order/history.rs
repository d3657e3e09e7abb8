//! One line of an order's history.

use crate::{ChangedBy, HistoryKey, Text, Timestamp, order::Status};

/// A change of status that has been decided: exactly one row of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where the order stood; `None` when it was placed.
    pub from: Option<Status>,
    /// Where it stands now.
    pub to: Status,
    /// Who did it.
    pub by: ChangedBy,
    /// Why, if anybody said.
    pub reason: Option<Text>,
    /// When.
    pub at: Timestamp,
}

/// An entry as the record holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The row.
    pub key: HistoryKey,
    /// The change.
    pub entry: Entry,
    /// The public id of the user who did it, if it was one.
    pub user: Option<crate::UserId>,
}

/// Whether `entries`, oldest first, are one unbroken path from the placing of an order to `status`, made of allowed
/// moves only.
#[must_use]
pub fn is_unbroken(entries: &[Entry], status: Status) -> bool {
    let mut at = None;
    for entry in entries {
        let allowed = match (at, entry.to) {
            (None, to) => entry.from.is_none() && to == Status::Pending,
            (Some(from), to) => entry.from == Some(from) && Status::allows(from, to, entry.by.actor),
        };
        if !allowed {
            return false;
        }
        at = Some(entry.to);
    }
    at == Some(status)
}
