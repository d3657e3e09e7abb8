//! The log on standard error: one JSON object per line, or on a terminal one line of text.
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

mod json;
mod queue;
mod security_events;
mod style;
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
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt};

use json::{JsonLine, JsonMembers};
use queue::LineQueue;
use security_events::{EventLabels, SECURITY_EVENTS};
pub use style::LogFormat;
use style::{LineStyle, escape_controls, format_bytes, format_line, style_in_force};

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
    let log = build_layer(queue, style_in_force()).with_filter(filter);
    let all = tracing_subscriber::registry().with(log).with(security_events::counting_layer());
    // Fails only when a subscriber is set already, as in tests; that one stays.
    let _ = all.try_init();
    std::panic::set_hook(Box::new(|panic| {
        // The place and not the message: the text of a panic may contain anything, a secret included. The
        // line goes straight into the queue, because it may be the subscriber that panics.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        queue.push(format_bytes("ERROR", "a fault of the service", &[("place", place.into())]));
    }));
    Ok(())
}

/// Sets the form of all further lines, of the log and of commands. Only the first call in a process has an effect.
pub fn set_format(format: LogFormat) {
    style::set_style(format);
}

/// The layer that writes events into the queue, each as one line.
fn build_layer(queue: &'static LineQueue, style: LineStyle) -> Box<dyn Layer<Registry> + Send + Sync> {
    // Without `log_internal_errors(false)` the subscriber prints its own failures to standard error with a
    // macro that panics when that fails, and the panic hook would log the panic: a full disk would end the
    // process.
    let layer =
        tracing_subscriber::fmt::layer().log_internal_errors(false).with_writer(move || QueueWriter(queue));
    match style {
        LineStyle::Json => layer.fmt_fields(JsonMembers).event_format(JsonLine).boxed(),
        LineStyle::Text { in_colour } => layer.with_ansi(in_colour).boxed(),
    }
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

/// Passes lines to the queue. The subscriber hands over one whole line with each call; a line end within it comes from a
/// value.
struct QueueWriter(&'static LineQueue);

impl Write for QueueWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(escape_controls(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line of the security log about what a command did to this user. Commands print it themselves, because
/// only the server starts a log.
pub(crate) fn security_line(event: &str, user: &UserId) -> String {
    let fields = [("event", event.into()), ("user", user.as_str().into())];
    format_line("WARN", "security", &fields, SECURITY_TARGET)
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
