//! What every request goes through, whatever it asks: an id, a deadline, a line in the log, counters, headers, and one
//! form for every error.

mod finish;
mod unread;

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
};
use futures_util::FutureExt;
use ports::Ids;
use tracing::Instrument;

use super::{
    extract::RequestId,
    problem::{Kind, Problem, RETRY_UNAVAILABLE},
};
use crate::{
    connections::Answering,
    metrics::{Metrics, Seen},
    stopwatch::Stopwatch,
};

pub use {finish::NotAProblem, unread::Unread};

/// The route of a path that nobody knows, in the log and in the counters.
const NO_ROUTE: &str = "(none)";
/// The status in the log when the client went away before it had one; the number is the one that nginx uses.
const CLIENT_GONE: u16 = 499;

/// The frame around every request.
#[derive(Clone)]
pub struct Frame {
    /// Makes request ids.
    pub ids: Arc<dyn Ids>,
    /// Counts requests.
    pub metrics: Arc<Metrics>,
    /// Every request ends within this time.
    pub deadline: Duration,
}

impl Frame {
    /// Answers one request.
    ///
    /// # Errors
    /// A [`Problem`] that is complete, when there is no request left to answer through: after the deadline or a panic.
    pub async fn around<B: MessageBody + 'static>(
        self,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let id = RequestId::sent(request.headers()).unwrap_or_else(|| RequestId(self.ids.id()));
        request.extensions_mut().insert(id.clone());
        let span = tracing::info_span!("request", request_id = id.0);
        Unread::hold(&mut request);
        let _answering = request.conn_data().cloned().map(Answering);
        let line = Line::of(&request, &self.metrics, span.clone());
        let outcome = self.guarded(async { next.call(request).await }).instrument(span.clone()).await;
        let _in_span = span.enter();
        match outcome {
            Ok(response) => {
                let response = finish::response(response, &id);
                line.end(response.status().as_u16());
                Ok(response)
            }
            Err(problem) => {
                line.end(problem.kind().status());
                Err(finish::problem(problem, &id).into())
            }
        }
    }

    /// Runs the handler, but not for ever, and not into the ground.
    async fn guarded<T>(&self, handler: impl Future<Output = Result<T, Error>>) -> Result<T, Problem> {
        let handler = AssertUnwindSafe(handler).catch_unwind();
        match tokio::time::timeout(self.deadline, handler).await {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(fault))) => Err(finish::of_error(&fault)),
            Ok(Err(_panic)) => {
                // The panic hook has logged where.
                tracing::error!("the request ended by a fault of the service");
                Err(Kind::InternalError.into())
            }
            Err(_late) => Err(Problem::new(Kind::DeadlineExceeded).retry_after(RETRY_UNAVAILABLE)),
        }
    }
}

/// The line in the log about one request. It is written when the request ends, or when it is dropped before.
struct Line<'m> {
    metrics: &'m Metrics,
    method: &'static str,
    route: String,
    watch: Stopwatch,
    span: tracing::Span,
    ended: bool,
}

impl<'m> Line<'m> {
    fn of(request: &ServiceRequest, metrics: &'m Metrics, span: tracing::Span) -> Self {
        Self {
            metrics,
            method: known(request.method()),
            // Never the path: ids and whatever else a client writes there stay out of the log.
            route: request.match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned()),
            watch: Stopwatch::start(),
            span,
            ended: false,
        }
    }

    fn end(mut self, status: u16) {
        self.write(status);
        self.ended = true;
    }

    fn write(&self, status: u16) {
        let took = self.watch.elapsed();
        let (method, route) = (self.method, self.route.as_str());
        self.metrics.request(Seen { method, route, status }, took);
        let duration_ms = took.as_secs_f64() * 1000.0;
        tracing::info!(target: "api::request", method, route, status, duration_ms, "answered");
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let span = self.span.clone();
            span.in_scope(|| self.write(CLIENT_GONE));
        }
    }
}

/// The method, one of a few: a client may make up any word.
fn known(method: &Method) -> &'static str {
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
