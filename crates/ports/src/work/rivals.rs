//! Which units must not share a database transaction.
//!
//! A batch sorts the writes of all its units by row and by kind. Two units that write one row conditionally would
//! interleave, and both could succeed, although in separate transactions each would make the other stale. So units that
//! decide about one row never share a transaction: they go to different parts of the batch, which are committed one at a time.

use std::collections::BTreeMap;

use super::{UnitOfWork, Write, lock_order::LockRow};
use crate::WebhookWrite;

/// What a write does with a row that several units name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    /// It adds to the row, compares it, or belongs to it: with other such writes, in any order, each has the same outcome.
    Shared,
    /// It must not share a transaction with another unit's write of the row.
    Exclusive,
}

/// How a part of a batch uses rows, by row.
type Uses<'w> = BTreeMap<LockRow<'w>, Access>;

/// Splits the members into parts, in their order. Units that decide about one row never share a part: a unit comes in a
/// later part than every earlier unit that is its rival. Without members there is no part.
#[must_use]
pub fn split_rivals<T>(members: Vec<T>, unit: impl Fn(&T) -> &UnitOfWork) -> Vec<Vec<T>> {
    let places = choose_parts(members.iter().map(unit));
    let mut parts = Vec::new();
    for (member, place) in members.into_iter().zip(places) {
        if parts.len() <= place {
            parts.resize_with(place.saturating_add(1), Vec::new);
        }
        if let Some(part) = parts.get_mut(place) {
            part.push(member);
        }
    }
    parts
}

/// The position of each unit's part.
fn choose_parts<'w>(units: impl Iterator<Item = &'w UnitOfWork>) -> Vec<usize> {
    let mut parts: Vec<Uses<'w>> = Vec::new();
    let mut places = Vec::new();
    for unit in units {
        let own = uses_of(unit);
        let place =
            parts.iter().rposition(|part| are_rivals(part, &own)).map_or(0, |it| it.saturating_add(1));
        match parts.get_mut(place) {
            Some(part) => add_uses(part, own),
            None => parts.push(own),
        }
        places.push(place);
    }
    places
}

fn are_rivals(part: &Uses<'_>, unit: &Uses<'_>) -> bool {
    unit.iter().any(|(row, access)| part.get(row).is_some_and(|it| (*it).max(*access) == Access::Exclusive))
}

fn add_uses<'w>(uses: &mut Uses<'w>, more: impl IntoIterator<Item = (LockRow<'w>, Access)>) {
    for (row, access) in more {
        let known = uses.entry(row).or_insert(access);
        *known = (*known).max(access);
    }
}

fn uses_of(unit: &UnitOfWork) -> Uses<'_> {
    let mut uses = Uses::new();
    for write in unit.writes() {
        add_uses(&mut uses, write.group_row().map(|it| (it, Access::Shared)));
        add_uses(&mut uses, [(write.lock_row(), write.row_access())]);
    }
    uses
}

impl Write {
    /// The row that stands for all rows of a group, if this write is about one of them.
    fn group_row(&self) -> Option<LockRow<'_>> {
        if let Self::InsertSession(session, _) = self {
            return Some(LockRow::Session(session.user, None));
        }
        let row = self.lock_row();
        if let LockRow::Session(user, Some(_)) = row {
            return Some(LockRow::Session(user, None));
        }
        if let LockRow::Webhook(endpoint, Some(_)) = row {
            Some(LockRow::Webhook(endpoint, None))
        } else {
            None
        }
    }

    /// What it does with the row that it locks. A kind of write that is not listed needs exclusive access.
    const fn row_access(&self) -> Access {
        let is_shared = matches!(
            self,
            // A guard that only compares, and what is new and refers to the row.
            Self::RequirePassword(..)
                | Self::InsertSession(..)
                | Self::InsertApiKey(..)
                | Self::InsertOrder { .. }
                | Self::InsertRequest(_)
                | Self::InsertAttempts(_)
                | Self::InsertFeedEvents(_)
                // Nothing is written where there is one, and that is no refusal.
                | Self::InsertFindingOnce(..)
                // Sums and maxima.
                | Self::Sell { .. }
                | Self::ReturnStock(_)
                | Self::RetakeStock(_)
                | Self::AddOpenOrder { .. }
                | Self::RemoveOpenOrder { .. }
                | Self::RecordKeyUse { .. }
                // It says when to look at a delivery, which waits for the one of this unit.
                | Self::Webhook(WebhookWrite::MoveFollower { .. })
        );
        if is_shared { Access::Shared } else { Access::Exclusive }
    }
}

#[cfg(test)]
mod tests;
