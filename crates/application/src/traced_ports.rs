//! Spans around commits, cached entries and webhooks, as decorators of their ports.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Invalid, webhook::WebhookUrl};
use ports::{
    Cache, CacheEntry, CommitError, PortError, Store, UnitOfWork, WebhookAnswer, WebhookMessage,
    WebhookSender,
};
use tracer::{Span, SpanKind, TraceContext, Tracer};

/// A store whose commits are spans, with their waits for a shared transaction.
pub struct TracedStore(Arc<dyn Store>);

impl TracedStore {
    /// Makes spans of the commits of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }
}

#[async_trait]
impl Store for TracedStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let mut span = Span::begin(SpanKind::Client, "commit");
        let outcome = span.run(self.0.commit(work)).await;
        let how = match &outcome {
            Ok(()) => "committed",
            // No failure: the use case decides again, or tells its caller.
            Err(error) if error.is_refusal() => "refused",
            Err(_) => "unavailable",
        };
        span.add_text("idem.outcome", || how);
        if how == "unavailable" {
            span.set_error(how);
        }
        outcome
    }
}

/// A cache whose calls are spans. They do not name the entry: its key contains an id.
pub struct TracedCache(Arc<dyn Cache>);

impl TracedCache {
    /// Makes spans of the calls of `cache`.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>) -> Self {
        Self(cache)
    }
}

/// Runs a call to the cache in its span.
async fn trace_call<T>(
    mut span: Span,
    call: impl Future<Output = Result<T, PortError>>,
) -> (Span, Result<T, PortError>) {
    let outcome = span.run(call).await;
    if outcome.is_err() {
        span.set_error("unavailable");
    }
    (span, outcome)
}

#[async_trait]
impl Cache for TracedCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        let span = Span::begin(SpanKind::Client, "cache get");
        let (mut span, outcome) = trace_call(span, self.0.get_entry(key)).await;
        if let Ok(found) = &outcome {
            span.add_flag("idem.cache.hit", found.is_some());
        }
        outcome
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        let span = Span::begin(SpanKind::Client, "cache put");
        trace_call(span, self.0.put_entry(key, entry, ttl)).await.1
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        let span = Span::begin(SpanKind::Client, "cache remove");
        trace_call(span, self.0.remove_entry(key)).await.1
    }
}

/// A sender whose attempts are spans of the trace of the request that caused the event, however long ago it ended. Without
/// one, as for a test or what a sweep did, an attempt begins a trace.
pub struct TracedWebhookSender {
    sender: Arc<dyn WebhookSender>,
    tracer: Tracer,
}

impl TracedWebhookSender {
    /// Makes spans of the attempts of `sender`.
    #[must_use]
    pub fn new(sender: Arc<dyn WebhookSender>, tracer: Tracer) -> Self {
        Self { sender, tracer }
    }
}

#[async_trait]
impl WebhookSender for TracedWebhookSender {
    async fn check_url(&self, url: &WebhookUrl) -> Result<(), Invalid> {
        self.sender.check_url(url).await
    }

    async fn send_message(&self, message: &WebhookMessage) -> WebhookAnswer {
        let attempt = async {
            let mut span = Span::begin(SpanKind::Client, "webhook");
            let answer = span.run(self.sender.send_message(message)).await;
            if !answer.result.is_success() {
                span.set_error("failed");
            }
            answer
        };
        let parent = message.trace_parent.as_ref().and_then(|it| TraceContext::parse(it.as_str(), ""));
        self.tracer.continue_or_start(parent).scope(attempt).await
    }
}
