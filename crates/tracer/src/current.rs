//! The trace of the task that runs.

use std::{future::Future, sync::Arc};

use crate::{context::TraceContext, ids::SpanId, recorder::SpanRecorder};

tokio::task_local! {
    static CURRENT: Trace;
}

/// A trace as far as one task is concerned: what it sends on, and where its spans go.
#[derive(Clone)]
pub struct Trace {
    /// What the task sends on.
    context: TraceContext,
    /// The span that new spans are part of; `None` at the root of a trace.
    pub(crate) parent: Option<SpanId>,
    /// Whether that span is one of another process, or was ended before.
    pub(crate) is_parent_remote: bool,
    /// Takes the spans; `None` when none are made.
    recorder: Option<Arc<dyn SpanRecorder>>,
}

impl Trace {
    /// A trace that began elsewhere: in another system, or in a request whose context was stored.
    pub(crate) fn from_remote(context: TraceContext, recorder: Option<Arc<dyn SpanRecorder>>) -> Self {
        Self { parent: Some(context.span_id), is_parent_remote: true, context, recorder }
    }

    /// A trace that begins here.
    pub(crate) const fn from_root(context: TraceContext, recorder: Option<Arc<dyn SpanRecorder>>) -> Self {
        Self { context, parent: None, is_parent_remote: false, recorder }
    }

    /// The same trace within a span of this process.
    pub(crate) fn with_span(&self, span: SpanId) -> Self {
        let context = TraceContext { span_id: span, ..self.context.clone() };
        Self { context, parent: Some(span), is_parent_remote: false, recorder: self.recorder.clone() }
    }

    /// What is sent on to other systems.
    #[must_use]
    pub const fn context(&self) -> &TraceContext {
        &self.context
    }

    /// Runs work as a part of this trace. What the work spawns is not part of it, except by [`keep_trace`].
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// What takes the spans; `None` when none are made.
    pub(crate) const fn recorder(&self) -> Option<&Arc<dyn SpanRecorder>> {
        self.recorder.as_ref()
    }

    /// The trace of the task, if its spans are recorded.
    pub(crate) fn current_recorded() -> Option<Self> {
        // Not cloned without a recorder, so that a span costs nothing then.
        CURRENT.try_with(|it| it.recorder.is_some().then(|| it.clone())).ok().flatten()
    }
}

/// What the task that runs sends on; `None` outside of every trace.
#[must_use]
pub fn current_context() -> Option<TraceContext> {
    CURRENT.try_with(|it| it.context.clone()).ok()
}

/// The same work as a part of the present trace, to spawn it as a task of its own.
pub fn keep_trace<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let trace = CURRENT.try_with(Clone::clone).ok();
    async move {
        match trace {
            Some(trace) => trace.scope(work).await,
            None => work.await,
        }
    }
}
