//! The feed of events in the system of record (ADR 0025).
//!
//! ```text
//! Write::InsertFeedEvents    in the commit that makes the events true; they have no number yet
//! Write::NumberFeedEvents    a commit of its own, later: numbers what is committed, in the order of the rows
//! FeedRepository             reads what is numbered
//! ```
//!
//! The promises: numbers are given in the order in which commits became visible, without gaps, each once, whatever number
//! of instances give them. Of two events of one order the one of the later commit has the higher number. An event has a
//! number only if every event with a lower number is visible or was pruned.

use async_trait::async_trait;
use domain::{FeedEvent, FeedEventId, FeedEventType, FeedSequence, FindingId, NumberedEvent, Timestamp};

use crate::PortError;

/// An event to insert, and the condition under which it is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFeedEvent {
    /// The event, which has no number yet.
    pub event: FeedEvent,
    /// The event is inserted only if the finding with this id exists at the end of the commit; `None`: always.
    // A finding that may exist only once is not stored again while it is open, which only the database knows.
    pub only_with: Option<FindingId>,
}

impl From<FeedEvent> for NewFeedEvent {
    fn from(event: FeedEvent) -> Self {
        Self { event, only_with: None }
    }
}

/// The events to read: those that fit all conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedFilter {
    /// The events whose number is above it; `None` begins with the oldest that is kept.
    pub after: Option<FeedSequence>,
    /// Only events of these types; all if it is empty.
    pub types: Vec<FeedEventType>,
    /// The most events to return, 1 to 1000.
    pub limit: u32,
}

/// What a reader of the feed gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedPage {
    /// The next events, maybe none of them.
    Events {
        /// Those that fit the filter, by number, lowest first. One that cannot be read is left out.
        events: Vec<NumberedEvent>,
        /// The number to ask after next. It is never below the `after` that was asked for, and moves on even if no event
        /// fits: a filter costs a bounded amount of work for each page.
        next_after: FeedSequence,
    },
    /// Events that come after the number that was asked for have been pruned, so the reader would miss them.
    Expired {
        /// The number of the last event that was pruned: a reader that passes it as `after` gets the oldest stored event.
        pruned: FeedSequence,
    },
}

/// The columns of an event that decide which endpoints receive it. All are text, so events of unknown types and events with
/// unreadable data are still routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEventHead {
    /// The number of the event in the feed.
    pub sequence: FeedSequence,
    /// The public id of the event, which is that of its message, too.
    pub id: FeedEventId,
    /// The name of its type.
    pub kind: String,
    /// The kind of its subject, as [`FeedSubject::kind`](domain::FeedSubject::kind) names it.
    pub subject_kind: String,
    /// The public number or id of its subject.
    pub subject: String,
}

/// What the fan-out of webhooks reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedHeads {
    /// The next events, maybe none of them, each number above the one that was asked for.
    Heads(Vec<FeedEventHead>),
    /// As [`FeedPage::Expired`]: events behind the number that was asked for were pruned.
    Expired {
        /// The number of the last event that was pruned.
        pruned: FeedSequence,
    },
}

/// How many numbers the work for one page may go over, whatever the filter leaves out.
pub const FEED_SCAN_MAX: u32 = 1_000;

/// The events that are committed and have no number yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedBacklog {
    /// How many there are, counted up to the limit that was asked for.
    pub events: u32,
    /// When the one that is numbered next happened, by the clock of its instance; `None` if there is none.
    pub oldest_at: Option<Timestamp>,
}

/// What stands in an event in the place of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasedValue {
    /// Null, only for members that may be null.
    Null,
    /// A text without any characters.
    EmptyText,
    /// An object without any members.
    EmptyObject,
}

/// Where personal data stands in the `data` of an event, as JSON paths, and what
/// [`Write::EraseFeedData`](crate::Write::EraseFeedData) puts there, wherever there is something.
pub const FEED_PERSONAL_PATHS: [(&str, ErasedValue); 8] = [
    ("$.contact", ErasedValue::Null),
    ("$.shippingAddress", ErasedValue::Null),
    // Metadata may hold anything about the person, and a parcel leads to the address.
    ("$.metadata", ErasedValue::EmptyObject),
    ("$.tracking", ErasedValue::Null),
    ("$.customer.username", ErasedValue::EmptyText),
    ("$.customer.email", ErasedValue::EmptyText),
    ("$.username", ErasedValue::EmptyText),
    ("$.email", ErasedValue::EmptyText),
];

/// Reads the feed of events.
///
/// Every method fails with [`PortError`]: `Unavailable` if the system of record does not answer in time, `Unreadable` if a
/// row that the call needs cannot be read, `Bug` if a statement is refused.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait FeedRepository: Send + Sync {
    /// Numbered events, by number. All of the answer is of one moment.
    async fn list_events_after(&self, filter: FeedFilter) -> Result<FeedPage, PortError>;
    /// The numbered events behind `after`, by number, at most `limit`. All of the answer is of one moment.
    async fn list_event_heads(&self, after: FeedSequence, limit: u32) -> Result<FeedHeads, PortError>;
    /// The events that are committed and have no number yet, counted up to `limit`.
    async fn find_feed_backlog(&self, limit: u32) -> Result<FeedBacklog, PortError>;
    /// The number of the last event that has one, pruned or not; `START` if there is none.
    async fn find_last_sequence(&self) -> Result<FeedSequence, PortError>;
}
