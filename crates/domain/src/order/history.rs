//! One line of an order's history.

use crate::{ChangedBy, Order, Sequence, Text, Timestamp, order::OrderStatus};

/// A change of status that has been decided: exactly one row of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its place in the order's path.
    pub sequence: Sequence,
    /// Where the order stood; `None` when it was placed.
    pub from: Option<OrderStatus>,
    /// Where it stands now.
    pub to: OrderStatus,
    /// Who did it.
    pub by: ChangedBy,
    /// Why, if anybody said.
    pub reason: Option<Text>,
    /// When; never before the entry that it follows.
    pub at: Timestamp,
}

impl HistoryEntry {
    /// The first entry of an order that was placed a moment ago.
    #[must_use]
    pub fn for_new_order(order: &Order, by: ChangedBy) -> Self {
        Self {
            sequence: Sequence::FIRST,
            from: None,
            to: order.status,
            by,
            reason: None,
            at: order.created_at,
        }
    }
}

/// An entry as the record holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHistoryEntry {
    /// The change.
    pub entry: HistoryEntry,
    /// The public id of the user who did it, if it was one.
    pub user: Option<crate::UserId>,
}

/// Whether `entries`, oldest first, are one unbroken path from the placing of an order to `status`, made of allowed
/// moves only, numbered without a gap, with stamps that do not go backwards.
#[must_use]
pub fn is_valid_history(entries: &[HistoryEntry], status: OrderStatus) -> bool {
    let mut at = None;
    let mut sequence = Sequence::FIRST;
    if !entries.is_sorted_by_key(|it| it.at) {
        return false;
    }
    for entry in entries {
        let allowed = match (at, entry.to) {
            (None, to) => entry.from.is_none() && to == OrderStatus::Pending,
            (Some(from), to) => {
                entry.from == Some(from) && OrderStatus::allows_transition(from, to, entry.by.actor)
            }
        };
        if !allowed || entry.sequence != sequence {
            return false;
        }
        at = Some(entry.to);
        sequence = sequence.next();
    }
    at == Some(status)
}
