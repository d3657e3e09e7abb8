use std::convert::Infallible;

use domain::{FeedEvent, FeedSequence, NumberedEvent};
use ports::FeedEventHead;

use crate::record::table::Row;

/// A stored event of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// The row number; it grows in the order of the commits.
    pub number: u64,
    /// The number in the feed; `None` until it is given.
    pub sequence: Option<FeedSequence>,
    /// The event as it was committed.
    pub event: FeedEvent,
}

impl FeedRow {
    /// The event with its number, if it has one.
    pub(in crate::record) fn to_head(&self) -> Option<FeedEventHead> {
        let event = &self.event;
        Some(FeedEventHead {
            sequence: self.sequence?,
            id: event.id.clone(),
            kind: event.kind.as_str().to_owned(),
            subject_kind: event.subject.kind().to_owned(),
            subject: event.subject.id().to_owned(),
        })
    }

    pub(in crate::record) fn to_numbered(&self) -> Option<NumberedEvent> {
        Some(NumberedEvent { sequence: self.sequence?, event: self.event.clone() })
    }
}

impl Row for FeedRow {
    const TABLE: &'static str = "feed_events";
    type Key = u64;
    type Unique = FeedSequence;

    fn key(&self) -> u64 {
        self.number
    }

    fn unique_keys(&self) -> Vec<FeedSequence> {
        self.sequence.into_iter().collect()
    }

    fn row_name(&self) -> String {
        self.number.to_string()
    }
}

/// The row with the next numbers of the feed. Without it everything begins at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedSequencerRow {
    /// The row number of the next event.
    pub next_number: u64,
    /// The last number of the feed that was given.
    pub last: FeedSequence,
    /// The number of the last event that was pruned.
    pub pruned: FeedSequence,
}

impl FeedSequencerRow {
    /// The row before any event.
    pub(in crate::record) const FIRST: Self =
        Self { next_number: 1, last: FeedSequence::START, pruned: FeedSequence::START };
}

impl Row for FeedSequencerRow {
    const TABLE: &'static str = "feed_sequencer";
    /// The table has at most one row.
    type Key = ();
    type Unique = Infallible;

    fn key(&self) {}

    fn row_name(&self) -> String {
        "1".to_owned()
    }
}
