//! The log: one JSON object a line, on standard error.

use tracing_subscriber::EnvFilter;

/// What the framework says about bytes that are no HTTP: any stranger could fill the log with it.
const FRAMEWORK: &str = "actix_http";

/// Begins to log what `filter` lets through. Only the first call of a process counts.
pub fn start(filter: &str) {
    // The configuration has checked it.
    let filter = quieted(filter);
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter);
    // It fails when there is a log already.
    let _ = log.try_init();
    std::panic::set_hook(Box::new(|panic| {
        // Where, and not what: the text of a panic may hold anything.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a fault of the service");
    }));
}

/// The filter, without the framework unless it names it.
fn quieted(text: &str) -> EnvFilter {
    let filter = EnvFilter::try_new(text).unwrap_or_default();
    match format!("{FRAMEWORK}=off").parse() {
        Ok(off) if !text.contains(FRAMEWORK) => filter.add_directive(off),
        Ok(_) | Err(_) => filter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framework_is_heard_only_by_its_name() {
        let off = |text| quieted(text).to_string().contains("actix_http=off");
        assert!(off("info") && off("info,api=debug") && off(""));
        assert!(!off("info,actix_http=error") && !off("actix_http::h1=trace"));
    }
}
