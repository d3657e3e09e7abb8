//! The trace of a client, from the headers of its request.

use actix_web::{HttpRequest, http::header::HeaderMap};
use domain::card::contains_number;
use tracer::{Trace, TraceContext, Tracer};

use crate::{http::extract::single_header, service::SharedService};

/// Longest `tracestate` that is read, in bytes, with all of its lines.
const STATE_BYTES_MAX: usize = 4 * 1024;

/// Begins the trace of a request, or continues that of its client. A client that is not trusted has no say in what is
/// recorded, and sends nothing to gateways and webhooks through this service but an id.
pub(super) fn begin_trace(tracer: &Tracer, request: &HttpRequest) -> Trace {
    match read_parent(request.headers()) {
        Some(parent) if !is_trusted(request) => tracer.continue_untrusted(parent),
        parent => tracer.continue_or_start(parent),
    }
}

/// Whether the peer is this machine or one of the trusted proxies, which stand before systems of the operator.
fn is_trusted(request: &HttpRequest) -> bool {
    let proxies = request.app_data::<SharedService>().map_or(&[][..], |it| &it.trusted_proxies);
    let Some(peer) = request.peer_addr() else { return false };
    let peer = peer.ip().to_canonical();
    peer.is_loopback() || proxies.iter().any(|it| it.contains(&peer))
}

/// The trace that the request belongs to; `None` if it names none, or not in the form of the standard. Such headers are
/// no error: they are for diagnosis, and no request should fail for them.
pub(super) fn read_parent(headers: &HeaderMap) -> Option<TraceContext> {
    let parent = single_header(headers, TraceContext::PARENT_HEADER)?;
    // The id may be logged: 32 digits without a border between them hold no card number.
    TraceContext::parse(parent, &read_state(headers))
}

/// The state, whose members may stand on several lines; empty if there is none, or one that may not be sent on.
fn read_state(headers: &HeaderMap) -> String {
    let mut state = String::new();
    for line in headers.get_all(TraceContext::STATE_HEADER) {
        let Ok(line) = line.to_str() else { return String::new() };
        if state.len().saturating_add(line.len()) > STATE_BYTES_MAX {
            return String::new();
        }
        if !state.is_empty() {
            state.push(',');
        }
        state.push_str(line);
    }
    if contains_number(&state) { String::new() } else { state }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(lines: &[(&str, &str)]) -> Option<(String, Option<String>)> {
        let request = lines.iter().fold(TestRequest::default(), |it, line| it.append_header(*line));
        let context = read_parent(request.to_http_request().headers())?;
        Some((context.to_traceparent(), context.state.as_deref().map(str::to_owned)))
    }

    #[test]
    fn the_headers_of_a_trace_are_read() {
        let parent = ("traceparent", PARENT);
        assert_eq!(read(&[parent]), Some((PARENT.to_owned(), None)));
        let two = [parent, ("tracestate", "a=1"), ("tracestate", "b=2")];
        assert_eq!(read(&two), Some((PARENT.to_owned(), Some("a=1,b=2".to_owned()))));
    }

    #[test]
    fn a_client_that_is_not_trusted_gives_an_id_and_nothing_else() {
        let begun = |peer: &str| {
            let request = TestRequest::default().peer_addr(peer.parse().unwrap());
            let request = request.append_header(("traceparent", PARENT)).append_header(("tracestate", "a=1"));
            begin_trace(&Tracer::default(), &request.to_http_request()).context().clone()
        };
        let (own, stranger) = (begun("127.0.0.1:9"), begun("192.0.2.7:9"));
        assert_eq!((own.to_traceparent().as_str(), own.state.as_deref()), (PARENT, Some("a=1")));
        assert_eq!((stranger.trace_id, stranger.state.as_deref()), (own.trace_id, None));
        assert!(own.is_sampled && !stranger.is_sampled);
    }

    #[test]
    fn what_may_not_be_sent_on_is_left_out() {
        assert_eq!(read(&[("tracestate", "a=1")]), None);
        assert_eq!(read(&[("traceparent", PARENT), ("traceparent", PARENT)]), None, "which one counts?");
        let stateless = Some((PARENT.to_owned(), None));
        assert_eq!(read(&[("traceparent", PARENT), ("tracestate", "a=4111111111111111")]), stateless);
        let long = format!("a={}", "x".repeat(STATE_BYTES_MAX));
        assert_eq!(read(&[("traceparent", PARENT), ("tracestate", &long)]), stateless);
    }
}
