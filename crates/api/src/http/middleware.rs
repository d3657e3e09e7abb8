//! What every request goes through, whatever it asks: an id, a deadline, a line in the log, counters, headers, and one
//! form for every error.

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
    metrics::{PrometheusMetrics, RequestSample, Stopwatch},
};

pub use {finish::NotAProblem, unread_body::UnreadBody};

/// The route of a path that nobody knows, in the log and in the counters.
const NO_ROUTE: &str = "(none)";
/// The status in the log when the client went away before it had one; the number is the one that nginx uses.
const CLIENT_GONE: u16 = 499;

/// The frame around every request.
#[derive(Clone)]
pub struct RequestMiddleware {
    /// Makes request ids.
    pub ids: Arc<dyn IdGenerator>,
    /// Counts requests.
    pub metrics: Arc<PrometheusMetrics>,
    /// Every request ends within this time.
    pub deadline: Duration,
}

impl RequestMiddleware {
    /// Answers one request.
    ///
    /// # Errors
    /// A [`Problem`] that is complete, when there is no request left to answer through: after the deadline or a panic.
    pub async fn handle_request<B: MessageBody + 'static>(
        self,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let id = RequestId::from_headers(request.headers()).unwrap_or_else(|| RequestId(self.ids.next_id()));
        request.extensions_mut().insert(id.clone());
        let span = tracing::info_span!("request", request_id = id.0);
        UnreadBody::hold_payload(&mut request);
        let _answering = request.conn_data().cloned().map(ResponseGuard);
        let line = RequestLogLine::new(&request, &self.metrics, span.clone());
        let outcome = self.run_handler(async { next.call(request).await }).instrument(span.clone()).await;
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

    /// Runs the handler, but not for ever, and not into the ground.
    async fn run_handler<T>(&self, handler: impl Future<Output = Result<T, Error>>) -> Result<T, Problem> {
        let handler = AssertUnwindSafe(handler).catch_unwind();
        match tokio::time::timeout(self.deadline, handler).await {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(fault))) => Err(finish::problem_from_error(&fault)),
            Ok(Err(_panic)) => {
                // The panic hook has logged where.
                tracing::error!("the request ended by a fault of the service");
                Err(Kind::InternalError.into())
            }
            Err(_late) => Err(Problem::new(Kind::DeadlineExceeded).with_retry_after(RETRY_UNAVAILABLE)),
        }
    }
}

/// The line in the log about one request. It is written when the request ends, or when it is dropped before.
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
            // Never the path: ids and whatever else a client writes there stay out of the log.
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
        if !self.ended {
            let span = self.span.clone();
            span.in_scope(|| self.log_and_count(CLIENT_GONE));
        }
    }
}

/// The method, one of a few: a client may make up any word.
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
