//! The headers that tell the receiver of a request to which trace it belongs.

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use tracer::TraceContext;

/// Adds the headers of a trace; none outside of every trace.
pub(crate) fn insert_headers(headers: &mut HeaderMap, context: Option<&TraceContext>) {
    for (name, value) in context.into_iter().flat_map(TraceContext::headers) {
        // Both were checked when they were read, so they are always valid here.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
