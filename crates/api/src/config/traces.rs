//! The settings of traces. Without `otlp_endpoint` no span is made.

use adapters_otlp::{CollectorHeaders, keeps_headers_secret, parse_endpoint};
use tracer::SampleRatio;

use super::{ConfigError, keys::Keys, show::NONE};

/// The settings of traces. `Debug` does not show the value of a header.
#[derive(Debug, Clone)]
pub struct TraceSettings {
    /// Where spans are sent over OTLP. `otlp_endpoint`, none: `http://` or `https://`, host and port; without it no span is
    /// made.
    pub endpoint: Option<String>,
    /// What is sent to the collector with every batch. `otlp_headers`, none: `name=value`, with commas between several.
    pub headers: CollectorHeaders,
    /// The share of the traces that begin here and are sent. `trace_sample`, `0.1`; the client decides about a trace that
    /// it began.
    pub sample: SampleRatio,
    /// Every key with the text that stands for its value.
    shown: [(&'static str, String); 3],
}

impl TraceSettings {
    pub(super) fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        let has_endpoint = keys.is_set("otlp_endpoint");
        let endpoint = keys.get_optional("otlp_endpoint", parse_otlp_endpoint);
        let has_headers = keys.is_set("otlp_headers");
        let headers = keys.get_filled("otlp_headers", parse_headers);
        if has_headers && !has_endpoint {
            keys.add_fault(ConfigError::invalid("otlp_headers", "is for the collector of otlp_endpoint"));
        }
        if has_headers && endpoint.as_deref().is_some_and(|it| !keeps_headers_secret(it)) {
            let rule = "must be https:// when otlp_headers is set, unless the collector is on this machine";
            keys.add_fault(ConfigError::invalid("otlp_endpoint", rule));
        }
        let sample = keys.get("trace_sample", "0.1", parse_sample_ratio)?;
        let shown = [
            ("otlp_endpoint", endpoint.clone().unwrap_or_else(|| NONE.to_owned())),
            ("otlp_headers", if headers.is_some() { "(hidden)" } else { NONE }.to_owned()),
            ("trace_sample", sample.to_string()),
        ];
        Ok(Self { endpoint, headers: headers.unwrap_or_default(), sample, shown })
    }

    /// Every key with the text that stands for its value; the headers are hidden.
    pub(super) fn shown(&self) -> &[(&'static str, String)] {
        &self.shown
    }
}

/// The address of a collector, as it is written.
fn parse_otlp_endpoint(text: &str) -> Result<String, String> {
    parse_endpoint(text).map(|_| text.to_owned()).map_err(|rule| rule.to_string())
}

/// What is sent to the collector besides the spans.
fn parse_headers(text: &str) -> Result<CollectorHeaders, String> {
    CollectorHeaders::parse(text).map_err(|rule| rule.to_string())
}

/// The share of traces that are sent.
fn parse_sample_ratio(text: &str) -> Result<SampleRatio, String> {
    const RULE: &str = "must be a decimal from 0 to 1 with at most six digits behind the point, such as 0.1";
    text.parse().map_err(|_| RULE.to_owned())
}
