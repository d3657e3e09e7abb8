//! What was sent, read back as a collector reads it, for tests of other crates.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use prost::Message;

/// A span in the words of a test: ids as hexadecimal digits, and every attribute as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedSpan {
    /// 32 digits.
    pub trace: String,
    /// 16 digits.
    pub id: String,
    /// 16 digits; empty at the root of a trace.
    pub parent: String,
    /// As it was sent.
    pub name: String,
    /// Keys and values, those of the resource left out.
    pub attributes: Vec<(String, String)>,
    /// From its beginning to its end, in nanoseconds.
    pub took_ns: u64,
}

/// The spans in the body of a request; `None` if it is none.
#[must_use]
pub fn decode_spans(body: &[u8]) -> Option<Vec<ReceivedSpan>> {
    let request = ExportTraceServiceRequest::decode(body).ok()?;
    let scopes = request.resource_spans.into_iter().flat_map(|it| it.scope_spans);
    Some(scopes.flat_map(|it| it.spans).map(to_received).collect())
}

fn to_received(span: Span) -> ReceivedSpan {
    let hex = |bytes: &[u8]| bytes.iter().map(|it| format!("{it:02x}")).collect();
    let attributes = span.attributes.into_iter().map(|it| {
        let text = match it.value.and_then(|it| it.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            Some(Value::BoolValue(flag)) => flag.to_string(),
            other => format!("{other:?}"),
        };
        (it.key, text)
    });
    ReceivedSpan {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name,
        attributes: attributes.collect(),
        took_ns: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano),
    }
}
