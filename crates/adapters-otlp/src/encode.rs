//! Spans as messages of OTLP.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    resource::v1 as resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span, status},
};
use prost::Message;
use tracer::{AttributeValue, EndedSpan, SpanKind};

/// The name of this service, and of what makes its spans.
const SERVICE_NAME: &str = "idem";
/// The flag of a sampled trace (W3C).
const SAMPLED: u32 = 0x1;
/// The flag that says that the next one is known.
const HAS_IS_REMOTE: u32 = 0x100;
/// The flag of a parent in another system.
const IS_REMOTE: u32 = 0x200;

/// What made the spans: the same for all spans of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The version of the program, as in `Cargo.toml`.
    pub version: String,
    /// Tells this process from the others: random, made at the start.
    pub instance: String,
}

/// Encodes a batch as the body of a request.
pub(crate) fn encode_spans(resource: &Resource, spans: Vec<EndedSpan>) -> Vec<u8> {
    let attributes = [
        ("service.name", SERVICE_NAME),
        ("service.version", resource.version.as_str()),
        ("service.instance.id", resource.instance.as_str()),
    ];
    let attributes = attributes.map(|(key, value)| text_attribute(key, value)).into();
    let scope = InstrumentationScope { name: SERVICE_NAME.to_owned(), ..Default::default() };
    let spans = spans.into_iter().map(to_message).collect();
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource::Resource { attributes, ..Default::default() }),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..Default::default() }],
            ..Default::default()
        }],
    };
    request.encode_to_vec()
}

fn to_message(span: EndedSpan) -> Span {
    let kind = match span.kind {
        SpanKind::Server => span::SpanKind::Server,
        SpanKind::Client => span::SpanKind::Client,
        SpanKind::Internal => span::SpanKind::Internal,
    };
    let mut attributes: Vec<_> =
        span.attributes.into_iter().map(|(key, value)| new_attribute(key, to_value(value))).collect();
    attributes.extend(span.error.map(|it| text_attribute("error.type", it)));
    let failed = || Status { code: status::StatusCode::Error.into(), message: String::new() };
    Span {
        trace_id: span.context.trace_id.to_bytes().into(),
        span_id: span.context.span_id.to_bytes().into(),
        trace_state: span.context.state.as_deref().unwrap_or_default().to_owned(),
        parent_span_id: span.parent.map(|it| it.to_bytes().into()).unwrap_or_default(),
        flags: SAMPLED | HAS_IS_REMOTE | if span.is_parent_remote { IS_REMOTE } else { 0 },
        name: span.name.into_owned(),
        kind: kind.into(),
        start_time_unix_nano: span.began_ns,
        end_time_unix_nano: span.ended_ns,
        attributes,
        status: span.error.map(|_| failed()),
        ..Default::default()
    }
}

fn to_value(value: AttributeValue) -> any_value::Value {
    match value {
        AttributeValue::Text(text) => any_value::Value::StringValue(text.into_owned()),
        AttributeValue::Number(number) => any_value::Value::IntValue(number),
        AttributeValue::Flag(flag) => any_value::Value::BoolValue(flag),
    }
}

fn new_attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

fn text_attribute(key: &str, text: &str) -> KeyValue {
    new_attribute(key, any_value::Value::StringValue(text.to_owned()))
}
