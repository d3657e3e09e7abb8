//! What a recorder gets: spans that have ended.

use std::borrow::Cow;

use crate::{context::TraceContext, ids::SpanId};

/// The part that a span plays in the exchange between systems, in the words of OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Answers a request of another system.
    Server,
    /// Waits for the answer of another system.
    Client,
    /// Stays within this process.
    Internal,
}

/// The value of an attribute. It is a word of this program or a number, and never a text that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// A word, such as the name of a gateway.
    Text(Cow<'static, str>),
    /// A number, such as a status.
    Number(i64),
    /// An answer to a question, such as whether a cache had an entry.
    Flag(bool),
}

/// A span that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSpan {
    /// Its trace and its own id.
    pub context: TraceContext,
    /// The span that it is part of; `None` at the root of a trace.
    pub parent: Option<SpanId>,
    /// Whether the parent is a span of another system.
    pub is_parent_remote: bool,
    /// Its part in the exchange between systems.
    pub kind: SpanKind,
    /// What was done, without ids, so that spans of one kind share their name.
    pub name: Cow<'static, str>,
    /// When it began, in nanoseconds since the Unix epoch.
    pub began_ns: u64,
    /// When it ended, in nanoseconds since the Unix epoch.
    pub ended_ns: u64,
    /// What else is known, by the names of OpenTelemetry's conventions where there are any.
    pub attributes: Vec<(&'static str, AttributeValue)>,
    /// In a word why it failed; `None` after a success.
    pub error: Option<&'static str>,
}

/// Takes spans that have ended.
pub trait SpanRecorder: Send + Sync {
    /// The present time in nanoseconds since the Unix epoch.
    fn now_ns(&self) -> u64;
    /// Takes a span. It never waits and never fails: a span that finds no room is dropped.
    fn record_span(&self, span: EndedSpan);
}
