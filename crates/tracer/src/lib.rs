//! W3C trace contexts, the trace of a task, and spans.
//!
//! ```text
//! traceparent ─► TraceContext ─► Tracer::continue_or_start ─► Trace ─► Trace::scope: the trace of this task
//!                                                                          │
//!          adapters: current_context() ─► traceparent of the next service  │
//!          decorators: Span::begin(..).run(work) ─► SpanRecorder ◄─────────┘
//! ```
//!
//! Every request has a trace, so that its log lines and whatever it sends on name one. Spans are made only for a trace
//! that is sampled by a tracer with a recorder; otherwise [`Span::begin`] reads the trace of the task and makes nothing.
//!
//! ```
//! use tracer::{Span, SpanKind, TraceContext, Tracer, current_context};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let parent = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "");
//! let trace = Tracer::default().continue_or_start(parent);
//! let sent_on = trace.scope(async { Span::begin(SpanKind::Internal, "work").run(async { current_context() }).await });
//! assert!(sent_on.await.unwrap().to_traceparent().contains("0af7651916cd43dd8448eb211c80319c"));
//! # }
//! ```

mod context;
mod current;
mod ids;
mod recorder;
mod sampling;
mod span;
mod state;

pub use context::TraceContext;
pub use current::{Trace, current_context, keep_trace};
pub use ids::{SpanId, TraceId};
pub use recorder::{AttributeValue, EndedSpan, SpanKind, SpanRecorder};
pub use sampling::{InvalidRatio, SampleRatio, Tracer};
pub use span::Span;
