//! Entries of an order's history.

use crate::{ChangedBy, Order, Sequence, Text, Timestamp, order::OrderStatus};

/// A decided transition: exactly one row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The position in the order's history, from 1 without gaps; the rows are sorted by it.
    pub sequence: Sequence,
    /// The status before; `None` when the order was placed.
    pub from: Option<OrderStatus>,
    /// The status after, which is the `from` of the next entry.
    pub to: OrderStatus,
    /// The actor, and the user behind it if there is one.
    pub by: ChangedBy,
    /// The reason that the actor gave; `None` when there is none.
    pub reason: Option<Text>,
    /// The time of the change; never before that of the previous entry.
    pub at: Timestamp,
}

impl HistoryEntry {
    /// The first entry of an order that has just been placed.
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

/// A history entry as it is read from the database, with its author's public id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHistoryEntry {
    /// The transition, as it was decided.
    pub entry: HistoryEntry,
    /// The public id of the user or API key behind the change; `None` if there is none.
    pub author: Option<crate::AuthorId>,
}

/// Whether `entries`, oldest first, form one unbroken path from the placing of an order to `status`: allowed
/// moves only, numbered without a gap, with timestamps that do not go backwards.
#[must_use]
pub fn is_valid_history(entries: &[HistoryEntry], status: OrderStatus) -> bool {
    let mut at = None;
    let mut sequence = Sequence::FIRST;
    // Equal timestamps are valid: a clock that is behind repeats the last one, see `Order::change_time`.
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
