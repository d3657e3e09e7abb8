//! The log: one JSON object a line, on standard error.
//!
//! Nothing that logs waits for the reader of the log, or fails with it: lines go through a bounded queue.

mod queue;
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
use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        format::Writer,
        time::{FormatTime, SystemTime},
    },
};

use queue::LineQueue;

/// What the framework says about bytes that are no HTTP: any stranger could fill the log with it.
const FRAMEWORK: &str = "actix_http";

static QUEUE: OnceLock<LineQueue> = OnceLock::new();
static DROPPED_LINES: LazyLock<Counter> = LazyLock::new(Counter::default);

/// Begins to log what `filter` lets through. Only the first call of a process counts.
///
/// # Errors
/// When there is no descriptor or no thread for it.
pub fn init_subscriber(filter: &str) -> io::Result<()> {
    // A descriptor of its own: a write that hangs holds no lock that anything else waits for.
    let output = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let queue = QUEUE.get_or_init(|| LineQueue::new(DROPPED_LINES.clone()));
    if !queue.start_worker(output)? {
        return Ok(());
    }
    // The configuration has checked it.
    let filter = build_filter(filter);
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .log_internal_errors(false)
        .with_writer(|| QueueWriter(queue))
        .with_env_filter(filter);
    // It fails when there is a log already.
    let _ = log.try_init();
    std::panic::set_hook(Box::new(|panic| {
        // Where, and not what: the text of a panic may hold anything. Not through the log's own machinery, which may be
        // what panics.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        queue.push(format_line("ERROR", "a fault of the service", ("place", place.into())));
    }));
    Ok(())
}

/// Waits until all that was logged is written, but no longer than that.
pub fn flush_within(within: Duration) {
    if let Some(queue) = QUEUE.get() {
        queue.wait_until_empty(within);
    }
}

/// How many lines are lost: there was no room for them, or they could not be written.
pub(crate) fn dropped_lines() -> Counter {
    DROPPED_LINES.clone()
}

/// Writes lines into the queue. It is given a whole one at a time.
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

/// A line of the security log about what a command did to that user. A command has no log of its own.
pub(crate) fn security_line(event: &str, user: &UserId) -> String {
    let line = serde_json::json!({
        "timestamp": timestamp_text(), "level": "WARN", "message": "security", "event": event, "user": user.as_str(),
        "target": SECURITY_TARGET,
    });
    line.to_string()
}

fn timestamp_text() -> String {
    let mut timestamp = String::new();
    // To write to a string does not fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
    timestamp
}

/// A line that does not come from the program's events, in the same form as those that do.
fn format_line(level: &str, message: &str, (name, value): (&str, serde_json::Value)) -> Vec<u8> {
    let line = serde_json::json!({
        "timestamp": timestamp_text(), "level": level, "message": message, name: value, "target": module_path!(),
    });
    format!("{line}\n").into_bytes()
}

/// The filter, without the framework unless it names it.
fn build_filter(text: &str) -> EnvFilter {
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
        let off = |text| build_filter(text).to_string().contains("actix_http=off");
        assert!(off("info") && off("info,api=debug") && off(""));
        assert!(!off("info,actix_http=error") && !off("actix_http::h1=trace"));
    }
}
