//! The log: one JSON object per line, on standard error.
//!
//! ```text
//! tracing event ──► QueueWriter ──► LineQueue ──► Worker, one thread ──► standard error
//! panic hook ─────────────────────►     │
//!                                       └─ full: the line is dropped and counted
//! ```
//!
//! The promise: code that logs never waits for the reader of the log and never fails because of it. A slow
//! reader, a full disk or a closed pipe costs lines, but no request and no shutdown. The queue is bounded in
//! lines and in bytes, so a reader that hangs costs a fixed amount of memory. Dropped lines are counted
//! (`idem_log_lines_dropped_total`), and once the worker has caught up the log itself reports how many are
//! missing.
//!
//! Why none of the usual crates does this is in `docs/adr/0016`.

mod queue;
mod security_events;
mod worker;

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    sync::{LazyLock, OnceLock},
    time::Duration,
};

use application::security::SECURITY_TARGET;
use domain::UserId;
use prometheus_client::metrics::{counter::Counter, family::Family};
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::{
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use queue::LineQueue;
use security_events::{EventLabels, SECURITY_EVENTS};

/// The HTTP libraries log bytes that are not HTTP, and frames that answer nothing. Any client could fill the log with such
/// events, so they are off unless the filter names these targets.
const FRAMEWORKS: [&str; 2] = ["actix_http", "h2"];

static QUEUE: OnceLock<LineQueue> = OnceLock::new();
static DROPPED_LINES: LazyLock<Counter> = LazyLock::new(Counter::default);

/// Starts to log the events that pass `filter`. Only the first call in a process has an effect.
///
/// # Errors
/// When standard error cannot be duplicated, or the thread that writes cannot be started.
pub fn init_subscriber(filter: &str) -> io::Result<()> {
    // A duplicate of the descriptor, and not `io::stderr()`: a write that hangs must not hold the lock that
    // every other use of standard error takes.
    let output = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let queue = QUEUE.get_or_init(|| LineQueue::new(DROPPED_LINES.clone()));
    if !queue.start_worker(output)? {
        return Ok(());
    }
    // The configuration has parsed the filter before, so it is valid here.
    let filter = build_filter(filter);
    // Without `log_internal_errors(false)` the subscriber prints its own failures to standard error with a
    // macro that panics when that fails, and the hook below would log the panic: a full disk would end the
    // process.
    let log = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .log_internal_errors(false)
        .with_writer(|| QueueWriter(queue))
        .with_filter(filter);
    let all = tracing_subscriber::registry().with(log).with(security_events::counting_layer());
    // Fails only when a subscriber is set already, as in tests; that one stays.
    let _ = all.try_init();
    std::panic::set_hook(Box::new(|panic| {
        // The place and not the message: the text of a panic may contain anything, a secret included. The
        // line goes straight into the queue, because it may be the subscriber that panics.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        queue.push(format_line("ERROR", "a fault of the service", ("place", place.into())));
    }));
    Ok(())
}

/// Waits until every line is written or dropped, for at most `within`.
pub fn flush_within(within: Duration) {
    if let Some(queue) = QUEUE.get() {
        queue.wait_until_empty(within);
    }
}

/// Counts the lines that were dropped: the queue was full, or they could not be written.
pub(crate) fn dropped_lines() -> Counter {
    DROPPED_LINES.clone()
}

/// Counts the lines of the security log by event.
pub(crate) fn security_events() -> Family<EventLabels, Counter> {
    SECURITY_EVENTS.clone()
}

/// Passes lines to the queue. The subscriber hands over one whole line with each call.
struct QueueWriter(&'static LineQueue);

impl Write for QueueWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line of the security log about what a command did to this user. Commands print it themselves, because
/// only the server starts a log.
pub(crate) fn security_line(event: &str, user: &UserId) -> String {
    let line = serde_json::json!({
        "timestamp": timestamp_text(), "level": "WARN", "message": "security", "event": event, "user": user.as_str(),
        "target": SECURITY_TARGET,
    });
    line.to_string()
}

fn timestamp_text() -> String {
    let mut timestamp = String::new();
    // Writing to a string does not fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
    timestamp
}

/// A line that no tracing event produced, in the same form as the others.
fn format_line(level: &str, message: &str, (name, value): (&str, serde_json::Value)) -> Vec<u8> {
    let line = serde_json::json!({
        "timestamp": timestamp_text(), "level": level, "message": message, name: value, "target": module_path!(),
    });
    format!("{line}\n").into_bytes()
}

/// The filter, with the events of each HTTP library off unless `text` names it.
fn build_filter(text: &str) -> EnvFilter {
    let filter = EnvFilter::try_new(text).unwrap_or_default();
    let unnamed = FRAMEWORKS.iter().filter(|it| !text.contains(*it));
    unnamed.filter_map(|it| format!("{it}=off").parse().ok()).fold(filter, EnvFilter::add_directive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framework_is_heard_only_by_its_name() {
        let off = |text| build_filter(text).to_string().contains("actix_http=off");
        assert!(off("info") && off("info,api=debug") && off(""));
        assert!(!off("info,actix_http=error") && !off("actix_http::h1=trace"));
    }
}
