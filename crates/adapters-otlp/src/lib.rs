//! The export of spans to a collector of OpenTelemetry (OTLP 1 over HTTP, as protobuf).
//!
//! ```text
//! Span ends ─► OtlpRecorder ─► queue ─► OtlpWorker, one task ─► POST {endpoint}/v1/traces
//!                  └─ full: dropped and counted     └─ no success within 5 s: dropped and counted
//! ```
//!
//! The promise: no request waits for the collector, fails because of it, or costs more memory while it is unavailable.
//! Nothing is sent twice: a batch whose outcome is unknown is dropped, because the next ones are worth more than it.

mod client;
mod encode;
mod headers;
mod recorder;
#[cfg(feature = "testing")]
pub mod testing;
mod worker;

use std::sync::Arc;

use ports::Metrics;
use tokio::sync::mpsc;
use url::Url;

pub use encode::Resource;
pub use headers::{CollectorHeaders, InvalidHeaders, keeps_headers_secret};
pub use recorder::OtlpRecorder;
pub use worker::OtlpWorker;

use client::CollectorClient;

/// Most spans that wait to be sent.
const QUEUE_MAX: usize = 4096;

/// The address of the collector is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be http:// or https:// with a host, without a user, a password, a query or a fragment")]
pub struct InvalidEndpoint;

/// Returns the address to which spans are sent: `/v1/traces` below the endpoint, as exporters of OpenTelemetry do.
///
/// # Errors
/// [`InvalidEndpoint`].
pub fn parse_endpoint(endpoint: &str) -> Result<String, InvalidEndpoint> {
    let url = Url::parse(endpoint).map_err(|_| InvalidEndpoint)?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host() && url.port() != Some(0);
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    let is_plain = url.query().is_none() && url.fragment().is_none();
    if !is_http || !is_anonymous || !is_plain {
        return Err(InvalidEndpoint);
    }
    Ok(format!("{}/v1/traces", url.as_str().trim_end_matches('/')))
}

/// Makes the two ends of an export. Nothing is sent until the worker runs.
///
/// # Errors
/// [`InvalidEndpoint`].
pub fn open_export(
    endpoint: &str,
    headers: CollectorHeaders,
    resource: Resource,
    metrics: Arc<dyn Metrics>,
) -> Result<(OtlpRecorder, OtlpWorker), InvalidEndpoint> {
    let client = CollectorClient::new(parse_endpoint(endpoint)?, headers)?;
    let (sender, queue) = mpsc::channel(QUEUE_MAX);
    let recorder = OtlpRecorder::new(sender, Arc::clone(&metrics));
    Ok((recorder, OtlpWorker::new(queue, client, resource, metrics)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_below_the_endpoint() {
        for (endpoint, traces) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otel.example/", "https://otel.example/v1/traces"),
            ("https://otel.example/tenant", "https://otel.example/tenant/v1/traces"),
        ] {
            assert_eq!(parse_endpoint(endpoint).as_deref(), Ok(traces));
        }
        for bad in ["", "otel", "grpc://h:4317", "http://u:p@h", "http://h?a=b", "http://h#a", "http://h:0"] {
            assert_eq!(parse_endpoint(bad), Err(InvalidEndpoint), "{bad}");
        }
    }
}
