//! Spans of traces, as a recorder gets them.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use tracer::{EndedSpan, Span, SpanKind, SpanRecorder, TraceContext, Tracer, current_context, keep_trace};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[derive(Default)]
struct Kept {
    spans: Mutex<Vec<EndedSpan>>,
    time: AtomicU64,
}

impl SpanRecorder for Kept {
    fn now_ns(&self) -> u64 {
        self.time.fetch_add(1, SeqCst)
    }

    fn record_span(&self, span: EndedSpan) {
        self.spans.lock().unwrap().push(span);
    }
}

fn tracer(ratio: &str) -> (Arc<Kept>, Tracer) {
    let kept = Arc::<Kept>::default();
    (kept.clone(), Tracer::new(kept, ratio.parse().unwrap()))
}

#[expect(clippy::disallowed_methods, reason = "a task ends with the runtime of its test")]
async fn nested() -> Option<TraceContext> {
    let mut outer = Span::begin(SpanKind::Server, "outer");
    outer
        .run(async {
            let spawned = tokio::spawn(keep_trace(async {
                let mut inner = Span::begin(SpanKind::Client, "inner");
                inner.set_error("lost");
                inner.run(async { current_context() }).await
            }));
            spawned.await.unwrap()
        })
        .await
}

#[tokio::test]
async fn spans_are_parts_of_the_callers_trace_and_what_is_sent_on_names_the_innermost() {
    let (kept, tracer) = tracer("0");
    let sent = tracer.continue_or_start(TraceContext::parse(PARENT, "rojo=1")).scope(nested()).await.unwrap();
    let spans = kept.spans.lock().unwrap();
    let (inner, outer) = (&spans[0], &spans[1]);
    assert_eq!((&*inner.name, &*outer.name, spans.len()), ("inner", "outer", 2));
    assert_eq!(outer.parent.unwrap().to_string(), "00f067aa0ba902b7");
    assert!(outer.is_parent_remote && !inner.is_parent_remote);
    assert_eq!(inner.parent, Some(outer.context.span_id));
    assert_eq!((sent.span_id, sent.state.as_deref()), (inner.context.span_id, Some("rojo=1")));
    assert_eq!(sent.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(inner.began_ns < inner.ended_ns && inner.error == Some("lost") && outer.error.is_none());
}

#[tokio::test]
async fn the_caller_decides_about_its_trace_and_the_ratio_about_others() {
    let (kept, all) = tracer("1");
    let unsampled = PARENT.replace("-01", "-00");
    let sent = all.continue_or_start(TraceContext::parse(&unsampled, "")).scope(nested()).await.unwrap();
    assert_eq!(sent.to_traceparent(), unsampled, "passed on as it came");
    assert!(kept.spans.lock().unwrap().is_empty());
    let root = all.continue_or_start(None).scope(nested()).await.unwrap();
    assert!(root.is_sampled && kept.spans.lock().unwrap()[1].parent.is_none());
    let (kept, none) = tracer("0");
    assert!(!none.start().scope(nested()).await.unwrap().is_sampled);
    assert!(kept.spans.lock().unwrap().is_empty());
}

#[tokio::test]
async fn without_a_recorder_nothing_is_made_and_the_trace_goes_on() {
    let sent = Tracer::default().continue_or_start(TraceContext::parse(PARENT, "")).scope(nested()).await;
    assert_eq!(sent.unwrap().to_traceparent(), PARENT);
    let mut span = Span::begin(SpanKind::Internal, "outside of every trace");
    span.add_text("key", || -> String { panic!("it is made for nothing") });
    span.rename(|| panic!("it is made for nothing"));
    assert_eq!(span.run(async { current_context() }).await, None);
}

#[tokio::test]
async fn a_span_that_is_cut_short_is_recorded() {
    let (kept, tracer) = tracer("1");
    let work = tracer.start().scope(async {
        Span::begin(SpanKind::Internal, "cut").run(std::future::pending::<()>()).await;
    });
    assert!(tokio::time::timeout(std::time::Duration::from_millis(5), work).await.is_err());
    assert_eq!(kept.spans.lock().unwrap().len(), 1);
}
