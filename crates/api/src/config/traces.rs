//! The parsers of the settings about traces.

use adapters_otlp::parse_endpoint;
use tracer::SampleRatio;

/// The address of a collector, as it is written.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn parse_otlp_endpoint(text: &str) -> Result<String, String> {
    parse_endpoint(text).map(|_| text.to_owned()).map_err(|rule| rule.to_string())
}

/// The share of traces that are sent.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn parse_sample_ratio(text: &str) -> Result<SampleRatio, String> {
    const RULE: &str = "must be a decimal from 0 to 1 with at most six digits behind the point, such as 0.1";
    text.parse().map_err(|_| RULE.to_owned())
}
