use diesel::prelude::*;
use domain::{
    FeedEvent, FeedEventId, FeedEventType, FeedSequence, FeedSubject, NumberedEvent, TraceParent, UserKey,
};

use ports::FeedEventHead;

use super::reader::RowReader;
use crate::sql::schema::feed_events;
use crate::sql::value::SqlTimestamp;

/// A new event of the feed. The database gives its row number, which orders the rows of one order (ADR 0025).
#[derive(Insertable)]
#[diesel(table_name = feed_events, treat_none_as_default_value = false)]
pub(crate) struct NewFeedRow<'e> {
    event_id: &'e str,
    kind: &'static str,
    subject_kind: &'static str,
    subject: &'e str,
    owner: Option<i64>,
    data: &'e str,
    created_at: SqlTimestamp,
    trace_parent: Option<&'e str>,
}

impl<'e> From<&'e FeedEvent> for NewFeedRow<'e> {
    fn from(it: &'e FeedEvent) -> Self {
        Self {
            event_id: it.id.as_str(),
            kind: it.kind.as_str(),
            subject_kind: it.subject.kind(),
            subject: it.subject.id(),
            owner: it.owner.map(UserKey::get),
            data: &it.data,
            created_at: it.created_at.into(),
            trace_parent: it.trace_parent.as_ref().map(TraceParent::as_str),
        }
    }
}

/// A stored event of the feed.
#[derive(Queryable, Selectable)]
#[diesel(table_name = feed_events)]
pub(in crate::sql) struct FeedRow {
    id: i64,
    event_id: String,
    sequence: Option<i64>,
    kind: String,
    subject_kind: String,
    subject: String,
    owner: Option<i64>,
    data: String,
    created_at: SqlTimestamp,
    trace_parent: Option<String>,
}

/// The columns that route an event to endpoints.
#[derive(Queryable, Selectable)]
#[diesel(table_name = feed_events)]
pub(in crate::sql) struct FeedHeadRow {
    event_id: String,
    sequence: Option<i64>,
    kind: String,
    subject_kind: String,
    subject: String,
}

impl From<FeedHeadRow> for FeedEventHead {
    fn from(it: FeedHeadRow) -> Self {
        let FeedHeadRow { event_id, sequence, kind, subject_kind, subject } = it;
        let sequence = sequence.map_or(FeedSequence::START, FeedSequence::new);
        Self { sequence, id: FeedEventId::new(event_id), kind, subject_kind, subject }
    }
}

impl FeedRow {
    /// The number of the event; the start of the feed if it has none.
    pub(in crate::sql) fn sequence(&self) -> FeedSequence {
        self.sequence.map_or(FeedSequence::START, FeedSequence::new)
    }

    /// The event, with the number that it must have.
    pub(in crate::sql) fn into_event(self) -> QueryResult<NumberedEvent> {
        let row = RowReader::new("feed_events", self.id);
        let sequence = row.require_value(self.sequence, "sequence")?;
        let subject = FeedSubject::from_parts(&self.subject_kind, self.subject);
        Ok(NumberedEvent {
            sequence: FeedSequence::new(sequence),
            event: FeedEvent {
                id: FeedEventId::new(self.event_id),
                kind: row.require_value(FeedEventType::parse(&self.kind), "kind")?,
                subject: row.require_value(subject, "subject_kind")?,
                owner: self.owner.map(UserKey::new),
                data: self.data,
                created_at: row.read_timestamp(self.created_at, "created_at")?,
                trace_parent: self.trace_parent.map(TraceParent::new),
            },
        })
    }
}
