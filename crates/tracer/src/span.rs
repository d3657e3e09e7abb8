//! Spans: what took how long, as a part of what.

use std::{borrow::Cow, future::Future, sync::Arc};

use crate::{
    current::Trace,
    ids::SpanId,
    recorder::{AttributeValue, EndedSpan, SpanKind, SpanRecorder},
};

/// A span that runs. It ends when it is dropped, so also with a request whose client went away. Without a recorder it is
/// empty, and every method returns at once.
#[must_use = "a span ends when it is dropped"]
pub struct Span(Option<Box<OpenSpan>>);

struct OpenSpan {
    recorder: Arc<dyn SpanRecorder>,
    /// The trace within this span.
    trace: Trace,
    ended: EndedSpan,
}

impl Span {
    /// Begins a span of the present trace.
    pub fn begin(kind: SpanKind, name: &'static str) -> Self {
        Trace::current_recorded().map_or(Self(None), |it| Self::begin_in(&it, kind, name))
    }

    /// Begins a span of that trace.
    pub fn begin_in(within: &Trace, kind: SpanKind, name: &'static str) -> Self {
        Self(within.recorder().map(|recorder| {
            let recorder = Arc::clone(recorder);
            let trace = within.with_span(SpanId::random());
            let ended = EndedSpan {
                context: trace.context().clone(),
                parent: within.parent,
                is_parent_remote: within.is_parent_remote,
                kind,
                name: name.into(),
                began_ns: recorder.now_ns(),
                ended_ns: 0,
                attributes: Vec::new(),
                error: None,
            };
            Box::new(OpenSpan { recorder, trace, ended })
        }))
    }

    /// Gives the span a name that has to be made; `name` runs only if the span is recorded.
    pub fn rename(&mut self, name: impl FnOnce() -> String) {
        if let Some(span) = &mut self.0 {
            span.ended.name = name().into();
        }
    }

    /// Adds a text; `value` runs only if the span is recorded.
    pub fn add_text<T: Into<Cow<'static, str>>>(&mut self, key: &'static str, value: impl FnOnce() -> T) {
        if let Some(span) = &mut self.0 {
            span.ended.attributes.push((key, AttributeValue::Text(value().into())));
        }
    }

    /// Adds a number.
    pub fn add_number(&mut self, key: &'static str, value: i64) {
        if let Some(span) = &mut self.0 {
            span.ended.attributes.push((key, AttributeValue::Number(value)));
        }
    }

    /// Adds an answer to a question.
    pub fn add_flag(&mut self, key: &'static str, value: bool) {
        if let Some(span) = &mut self.0 {
            span.ended.attributes.push((key, AttributeValue::Flag(value)));
        }
    }

    /// Marks the span as failed, for a reason in a word.
    pub fn set_error(&mut self, reason: &'static str) {
        if let Some(span) = &mut self.0 {
            span.ended.error = Some(reason);
        }
    }

    /// Runs work within the span: spans that begin meanwhile are parts of it.
    pub async fn run<F: Future>(&mut self, work: F) -> F::Output {
        match &self.0 {
            Some(span) => span.trace.clone().scope(work).await,
            None => work.await,
        }
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        // A clock that was set back must not end a span before it began.
        self.ended.ended_ns = self.recorder.now_ns().max(self.ended.began_ns);
        self.recorder.record_span(self.ended.clone());
    }
}
