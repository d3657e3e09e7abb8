//! When a pass over many items ends because something that all of them need is unavailable.
//!
//! One item that is unavailable says nothing about the others: its row stays locked, or other commits come first every time.
//! Several in a row say that the database or a server is unavailable, and then each of the others would cost a time limit.

use ports::PortError;

/// The items in a row that may be unavailable before a pass ends.
pub(crate) const UNAVAILABLE_MAX: u32 = 3;

/// Why one item failed. It stays as it is, and the pass goes on.
#[derive(Debug)]
pub(crate) enum FailedItem {
    /// What the item needs is unavailable.
    Unavailable,
    /// A row of it cannot be read. The observer of unreadable rows has recorded that.
    Unreadable,
    /// The program has a fault.
    Bug(PortError),
}

/// Judges the items of one pass, each in its turn.
#[derive(Debug, Default)]
pub(crate) struct OutageWatch {
    in_row: u32,
    first: Option<PortError>,
}

impl OutageWatch {
    /// The outcome of one item, if the pass goes on.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] ends the pass: it is the third item in a row that is unavailable.
    pub(crate) fn judge_item<T>(
        &mut self,
        outcome: Result<T, PortError>,
    ) -> Result<Result<T, FailedItem>, PortError> {
        let failed = match outcome {
            Err(away @ PortError::Unavailable(_)) => {
                self.in_row = self.in_row.saturating_add(1);
                if self.in_row >= UNAVAILABLE_MAX {
                    return Err(away);
                }
                self.first.get_or_insert(away);
                return Ok(Err(FailedItem::Unavailable));
            }
            Ok(done) => Ok(done),
            Err(PortError::Unreadable(_)) => Err(FailedItem::Unreadable),
            Err(fault @ PortError::Bug(_)) => Err(FailedItem::Bug(fault)),
        };
        self.in_row = 0;
        Ok(failed)
    }

    /// The end of a pass that went through all its items.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] of the first item that was unavailable, so that the log says so.
    pub(crate) fn into_result(self) -> Result<(), PortError> {
        self.first.map_or(Ok(()), Err)
    }
}
