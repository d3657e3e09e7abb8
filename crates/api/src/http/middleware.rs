//! The middleware around every request: an id, a deadline, one log line, counters, headers, and one form for
//! every error.
//!
//! ```text
//! id -> span -> log line begins -> handler, for at most `deadline` -> headers -> log line ends
//!                                     | error, panic or too late
//!                                     +-> problem with the id as its instance
//! ```
//!
//! The promise: each request that was parsed is logged and counted exactly once, also when its client goes
//! away, and no error reaches a client in a form of the HTTP library's.

mod finish;
mod unread_body;

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
};
use futures_util::FutureExt;
use ports::IdGenerator;
use tracing::Instrument;

use super::{
    extract::RequestId,
    problem::{Kind, Problem, RETRY_UNAVAILABLE},
};
use crate::{
    connections::ResponseGuard,
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
    /// Longest time from the request's head to its answer; afterwards it is `deadline-exceeded`.
    pub deadline: Duration,
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
        let span = tracing::info_span!("request", request_id = id.0);
        // Before the handler, which may answer without reading the body, or never see it after a 401.
        UnreadBody::hold_payload(&mut request);
        // Dropped on every way out, also by a panic or a closed connection: a request that is never counted
        // as answered would use up one of the few that its connection may have open.
        let _answering = request.conn_data().cloned().map(ResponseGuard);
        let line = RequestLogLine::new(&request, &self.metrics, span.clone());
        let outcome = self.run_handler(async { next.call(request).await }).instrument(span.clone()).await;
        // Entered only here, where nothing is awaited any more: a guard that is held across an await would
        // put the log lines of this thread's other requests under this request's id.
        let _in_span = span.enter();
        match outcome {
            Ok(response) => {
                let response = finish::complete_response(response, &id);
                line.end_with_status(response.status().as_u16());
                Ok(response)
            }
            Err(problem) => {
                line.end_with_status(problem.kind().status());
                Err(finish::complete_problem(problem, &id).into())
            }
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

/// The log line about one request. It is written when the request ends, or when it is dropped before that.
struct RequestLogLine<'m> {
    metrics: &'m PrometheusMetrics,
    method: &'static str,
    route: String,
    watch: Stopwatch,
    span: tracing::Span,
    ended: bool,
}

impl<'m> RequestLogLine<'m> {
    fn new(request: &ServiceRequest, metrics: &'m PrometheusMetrics, span: tracing::Span) -> Self {
        Self {
            metrics,
            method: method_label(request.method()),
            // The pattern and never the path: a client may write a token or a card number into a path, and
            // each id would become a separate time series in the metrics.
            route: request.match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned()),
            watch: Stopwatch::start(),
            span,
            ended: false,
        }
    }

    fn end_with_status(mut self, status: u16) {
        self.log_and_count(status);
        self.ended = true;
    }

    fn log_and_count(&self, status: u16) {
        let took = self.watch.elapsed();
        let (method, route) = (self.method, self.route.as_str());
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
