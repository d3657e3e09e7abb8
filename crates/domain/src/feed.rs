//! The feed of events: what happened, for systems beside this one (ADR 0025).
//!
//! An event is written in the commit that makes it true. Its number, the *sequence*, is given after that commit, one
//! after the other without gaps, so that a reader who asks for what comes after a number misses nothing:
//!
//! ```text
//! commit of the change ──> FeedEvent, no number yet ──> numbered by one transaction at a time ──> readers
//! ```
//!
//! ```
//! use domain::{feed::FeedEventType, order::OrderStatus};
//!
//! let paid = FeedEventType::from_order_status(OrderStatus::Paid);
//! assert_eq!(paid.as_str(), "order.paid");
//! assert_eq!(FeedEventType::parse("order.paid"), Some(paid));
//! ```

use crate::{FeedEventId, FindingId, OrderNumber, Timestamp, UserId, UserKey};

mod event_type;

pub use event_type::FeedEventType;

/// The number of an event, 1 for the first: it grows in the order in which events became visible, without gaps. 0 stands
/// before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FeedSequence(i64);

impl FeedSequence {
    /// The place before the first event.
    pub const START: Self = Self(0);

    /// Wraps a number from the database or a client; a negative one is [`START`](Self::START).
    #[must_use]
    pub const fn new(number: i64) -> Self {
        if number < 0 { Self::START } else { Self(number) }
    }

    /// The number, for the database and for clients.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The number of the event that is `by` places later.
    #[must_use]
    pub const fn saturating_add(self, by: u32) -> Self {
        #[expect(clippy::as_conversions, reason = "a u32 fits into an i64, and `From` is not const")]
        Self(self.0.saturating_add(by as i64))
    }
}

/// What an event is about. Events about one subject are numbered in the order of their commits, and all events about an
/// order, its payments, refunds and disputes have the order as their subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FeedSubject {
    /// An order, with everything that belongs to it.
    Order(OrderNumber),
    /// An account, by its public id.
    User(UserId),
    /// A finding that is about no order.
    Finding(FindingId),
}

impl FeedSubject {
    /// The name of its kind in the database.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) => "ORDER",
            Self::User(_) => "USER",
            Self::Finding(_) => "FINDING",
        }
    }

    /// The public number or id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Order(number) => number.as_str(),
            Self::User(id) => id.as_str(),
            Self::Finding(id) => id.as_str(),
        }
    }

    /// Puts a subject together from the database; `None` for a kind that does not exist.
    #[must_use]
    pub fn from_parts(kind: &str, id: String) -> Option<Self> {
        match kind {
            "ORDER" => Some(Self::Order(OrderNumber::new(id))),
            "USER" => Some(Self::User(UserId::new(id))),
            "FINDING" => Some(Self::Finding(FindingId::new(id))),
            _unknown => None,
        }
    }
}

/// The span that caused something, as the header `traceparent` names it (W3C Trace Context): 55 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(String);

impl TraceParent {
    /// Wraps a value that the tracer made. It is parsed where the trace is continued.
    #[must_use]
    pub const fn new(value: String) -> Self {
        Self(value)
    }

    /// The value of the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something that happened, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// The public id, by which a consumer recognises an event that it gets twice.
    pub id: FeedEventId,
    /// The type, which says what happened.
    pub kind: FeedEventType,
    /// The order, account or finding that it is about.
    pub subject: FeedSubject,
    /// The user whose personal data is in `data`; `None` if there is none. Erasing an account erases it there, too.
    pub owner: Option<UserKey>,
    /// The representation at that moment, a JSON object as the API would show it to an operator.
    pub data: String,
    /// When it happened, by the clock of the instance that committed it. No order follows from it.
    pub created_at: Timestamp,
    /// The request that caused it; `None` if no request did. A webhook about the event continues this trace.
    pub trace_parent: Option<TraceParent>,
}

// Names, addresses and whatever a customer wrote are in it, and must get into no log.
impl std::fmt::Debug for FeedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("FeedEvent");
        shown.field("id", &self.id).field("kind", &self.kind).field("subject", &self.subject);
        shown.finish_non_exhaustive()
    }
}

/// An event with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedEvent {
    /// Its place in the feed.
    pub sequence: FeedSequence,
    /// The event as it was committed.
    pub event: FeedEvent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_as_it_was_written() {
        let number = OrderNumber::new("n".to_owned());
        for subject in [
            FeedSubject::Order(number),
            FeedSubject::User(UserId::new("u".to_owned())),
            FeedSubject::Finding(FindingId::new("f".to_owned())),
        ] {
            let read = FeedSubject::from_parts(subject.kind(), subject.id().to_owned());
            assert_eq!(read, Some(subject));
        }
        assert_eq!(FeedSubject::from_parts("ORDERS", "n".to_owned()), None);
    }

    #[test]
    fn an_event_in_a_log_shows_nothing_of_its_data() {
        let event = FeedEvent {
            id: FeedEventId::new("e".to_owned()),
            kind: FeedEventType::OrderPlaced,
            subject: FeedSubject::Order(OrderNumber::new("n".to_owned())),
            owner: None,
            data: r#"{"contact":"Ada"}"#.to_owned(),
            created_at: Timestamp::from_millis(0),
            trace_parent: None,
        };
        assert!(!format!("{event:?}").contains("Ada"));
    }

    #[test]
    fn no_number_is_before_the_start() {
        assert_eq!(FeedSequence::new(-5), FeedSequence::START);
        assert_eq!(FeedSequence::START.saturating_add(3).get(), 3);
    }
}
