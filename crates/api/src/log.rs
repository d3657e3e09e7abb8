//! The log: one JSON object a line, on standard error.

use tracing_subscriber::EnvFilter;

/// Begins to log what `filter` lets through. Only the first call of a process counts.
pub fn start(filter: &str) {
    // The configuration has checked it.
    let filter = EnvFilter::try_new(filter).unwrap_or_default();
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
