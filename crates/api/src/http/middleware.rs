//! The middleware around every request: an id, a deadline, one log line, counters, headers, and one form for
//! every error.
//!
//! ```text
//! id -> span -> log line begins -> handler, for at most `deadline` -> headers -> log line ends
//!                                     | error, panic or too late
//!                                     +-> problem with the id as its instance
//! ```
//!
//! Each request belongs to a trace: the one that its `traceparent` names, or a new one. The trace's id is in every log
//! line beside that of the request.
//!
//! The promise: each request that was parsed is logged and counted exactly once, also when its client goes
//! away, and no error reaches a client in a form of the HTTP library's.

mod finish;
mod network_quota;
mod trace_parent;
mod unread_body;

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix_web::{
    Error, HttpMessage, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, Version,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
};
use futures_util::FutureExt;
use ports::IdGenerator;
use tracer::{Span, SpanKind, Trace, Tracer};
use tracing::Instrument;

use super::{
    compression::compress_response,
    cors::Cors,
    extract::RequestId,
    find_pattern,
    problem::{Kind, Problem, RETRY_UNAVAILABLE},
    request_limits::CountedQuotas,
};
use crate::{
    connections::{Http2Request, Http2Requests, ResponseGuard, TrackedBody},
    metrics::{PrometheusMetrics, RequestSample},
    stopwatch::Stopwatch,
};

pub use {finish::NotAProblem, unread_body::UnreadBody};

/// Stands for the route in the log and in the counters when no route matched the path.
const NO_ROUTE: &str = "(none)";
/// The status in the log when the client closed the connection before the answer; nginx uses the same number.
const CLIENT_GONE: u16 = 499;

/// Wraps every request; cloned for each, so all of its fields are cheap to clone.
#[derive(Clone)]
pub struct RequestMiddleware {
    /// Makes the id of a request whose client sent no usable one.
    pub ids: Arc<dyn IdGenerator>,
    /// Counts requests by method, route and status, with their durations.
    pub metrics: Arc<PrometheusMetrics>,
    /// Says in answers which pages of other origins may read them.
    pub cors: Cors,
    /// Whether answers are compressed for clients that ask for it.
    pub compression: bool,
    /// Longest time from the request's head to its answer; afterwards it is `deadline-exceeded`.
    pub deadline: Duration,
    /// Continues the trace of the client, or begins one.
    pub tracer: Tracer,
}

impl RequestMiddleware {
    /// Answers one request.
    ///
    /// # Errors
    /// A complete [`Problem`] when the request was consumed without a response: after the deadline, a panic
    /// or an error.
    pub async fn handle_request<B: MessageBody + 'static>(
        self,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        // A client's id that may not be logged is replaced and not refused: the id serves diagnosis, and no
        // request should fail for it.
        let id = RequestId::from_headers(request.headers()).unwrap_or_else(|| RequestId(self.ids.next_id()));
        request.extensions_mut().insert(id.clone());
        let trace = trace_parent::begin_trace(&self.tracer, request.request());
        let trace_id = trace.context().trace_id;
        let span = tracing::info_span!("request", request_id = id.0, %trace_id);
        // Before the handler, which may answer without reading the body, or never see it after a 401.
        UnreadBody::hold_payload(&mut request);
        // Dropped on every way out, also by a panic or a closed connection: a request that is never counted
        // as answered would use up one of the few that its connection may have open.
        let _answering = request.conn_data().cloned().map(ResponseGuard);
        let mut line = RequestLogLine::new(&request, &self.metrics, span.clone(), &trace);
        let quotas = CountedQuotas::default();
        request.extensions_mut().insert(quotas.clone());
        let cors = self.cors.answer_to(request.headers());
        let preflight = cors.answer_preflight(request.request());
        let under_way = request.conn_data::<Http2Requests>().map(Http2Requests::begin_request);
        let refused = refuse_http2(&request, under_way.as_ref());
        let handler = async {
            // Answered as a response and not as an error: only the body of a response can be tracked.
            if let Some(problem) = refused {
                return Ok(request.into_response(problem.error_response()));
            }
            network_quota::count_network(request.request(), line.route)?;
            match preflight {
                Some(answer) => Ok(request.into_response(answer)),
                None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
            }
        };
        let work = self.run_handler(handler);
        let outcome = match trace.scope(line.server_span.run(work)).instrument(span.clone()).await {
            Ok(response) => {
                self.count_refusal(finish::find_problem(response.response()).as_ref());
                let response = finish::complete_response(response, &id, &quotas, &cors);
                let response = if self.compression { compress_answer(response).await } else { response };
                Ok(track_body(response, under_way))
            }
            Err(problem) => Err(problem),
        };
        // Entered only here, where nothing is awaited any more: a guard that is held across an await would
        // put the log lines of this thread's other requests under this request's id.
        let _in_span = span.enter();
        match outcome {
            Ok(response) => {
                line.end_with_status(response.status().as_u16());
                Ok(response)
            }
            Err(problem) => {
                line.end_with_status(problem.kind().status());
                self.count_refusal(Some(&problem));
                Err(finish::complete_problem(problem, &id, &quotas, &cors).into())
            }
        }
    }

    /// Counts a refusal because of a limit, whichever it was.
    fn count_refusal(&self, problem: Option<&Problem>) {
        if let Some(limit) = problem.and_then(Problem::reached_limit) {
            self.metrics.observe_refusal(limit);
        }
    }

    /// Runs the handler within the deadline, and turns a panic into `internal-error`.
    async fn run_handler<T>(&self, handler: impl Future<Output = Result<T, Error>>) -> Result<T, Problem> {
        // Caught here, because a panic that goes further ends the connection's task, and the client gets no
        // answer. Nothing of the handler is used after a panic, so it need not be unwind safe.
        let handler = AssertUnwindSafe(handler).catch_unwind();
        // A late handler is dropped. That cuts reads short, but no write: those run as tasks of their own
        // (`Tasks`), and a retry with the same idempotency key finds what they did.
        match tokio::time::timeout(self.deadline, handler).await {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(fault))) => Err(finish::problem_from_error(&fault)),
            Ok(Err(_panic)) => {
                // The panic hook has logged the message and the place; this line adds the request's id.
                tracing::error!("the handler panicked, the request is answered with an internal error");
                Err(Kind::InternalError.into())
            }
            Err(_late) => Err(Problem::new(Kind::DeadlineExceeded).with_retry_after(RETRY_UNAVAILABLE)),
        }
    }
}

/// Longest head of a request over HTTP/2, unpacked, in bytes: as over HTTP/1.1.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// The refusal of an HTTP/2 request that is one too many, or whose head is longer than HTTP/1.1 would take: heads are
/// packed, so the bytes on the wire do not limit them.
fn refuse_http2(request: &ServiceRequest, under_way: Option<&Http2Request>) -> Option<Problem> {
    let length = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    if request.version() != Version::HTTP_2 {
        return None;
    }
    if request.headers().iter().map(length).sum::<usize>() > HEAD_BYTES_MAX {
        return Some(Problem::new(Kind::RequestHeadTooLarge));
    }
    let is_too_many = under_way.is_some_and(Http2Request::is_refused);
    is_too_many.then(|| Problem::new(Kind::Overloaded).with_retry_after(RETRY_UNAVAILABLE))
}

/// Keeps an HTTP/2 request under way until its answer is read.
fn track_body(answer: ServiceResponse<BoxBody>, under_way: Option<Http2Request>) -> ServiceResponse<BoxBody> {
    match under_way {
        Some(it) => answer.map_body(|_, body| BoxBody::new(TrackedBody::new(body, it))),
        None => answer,
    }
}

/// The answer as its client can read it and no longer than need be.
async fn compress_answer(answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let (request, response) = answer.into_parts();
    let response = compress_response(&request, response).await;
    ServiceResponse::new(request, response)
}

/// The log line about one request. It is written when the request ends, or when it is dropped before that.
struct RequestLogLine<'m> {
    metrics: &'m PrometheusMetrics,
    method: &'static str,
    route: &'static str,
    watch: Stopwatch,
    span: tracing::Span,
    /// The span of the request in its trace. It ends with the line, so it has its status.
    server_span: Span,
    ended: bool,
}

impl<'m> RequestLogLine<'m> {
    fn new(
        request: &ServiceRequest,
        metrics: &'m PrometheusMetrics,
        span: tracing::Span,
        trace: &Trace,
    ) -> Self {
        let method = method_label(request.method());
        // The pattern and never the path: each id would become a separate time series in the metrics.
        let route = find_pattern(request.request()).unwrap_or(NO_ROUTE);
        let mut server_span = Span::begin_in(trace, SpanKind::Server, "request");
        server_span.rename(|| format!("{method} {route}"));
        server_span.add_text("http.request.method", || method);
        server_span.add_text("http.route", || route);
        Self { metrics, method, route, watch: Stopwatch::start(), span, server_span, ended: false }
    }

    fn end_with_status(mut self, status: u16) {
        self.log_and_count(status);
        self.ended = true;
    }

    fn log_and_count(&mut self, status: u16) {
        self.server_span.add_number("http.response.status_code", status.into());
        if status >= 500 {
            self.server_span.set_error("server error");
        }
        let took = self.watch.elapsed();
        let (method, route) = (self.method, self.route);
        self.metrics.observe_request(RequestSample { method, route, status }, took);
        let duration_ms = took.as_secs_f64() * 1000.0;
        tracing::info!(target: "api::request", method, route, status, duration_ms, "answered");
    }
}

impl Drop for RequestLogLine<'_> {
    fn drop(&mut self) {
        // The HTTP library drops the request when its client has closed the connection: no other code of ours
        // runs then.
        if !self.ended {
            let span = self.span.clone();
            span.in_scope(|| self.log_and_count(CLIENT_GONE));
        }
    }
}

/// The method as a label, `OTHER` for an unusual one: a client may send any word as a method, and each would
/// become a time series in the metrics that is never removed.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [(&Method, &str); 7] = [
        (&Method::GET, "GET"),
        (&Method::HEAD, "HEAD"),
        (&Method::POST, "POST"),
        (&Method::PUT, "PUT"),
        (&Method::PATCH, "PATCH"),
        (&Method::DELETE, "DELETE"),
        (&Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.iter().find(|(it, _)| *it == method).map_or("OTHER", |(_, name)| name)
}

#[cfg(test)]
mod tests;
