//! Events as lines of JSON, with the members that `tracing_subscriber` gives them.
//!
//! The formatter of that library keeps the fields of a span as text, and parses that text again for each event in the
//! span. Every request makes a line, so this was a quarter of what the service computes for a read.

use std::fmt::{self, Debug};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// Formats the fields of spans, as members of an object, each with a comma behind it.
pub(super) struct JsonMembers;

/// Formats an event as one object with its time, level, fields, target and the innermost span.
pub(super) struct JsonLine;

/// Writes each field as a member with a comma behind it.
struct MemberWriter<'w, 'a> {
    line: &'a mut Writer<'w>,
    outcome: fmt::Result,
}

impl<'w> FormatFields<'w> for JsonMembers {
    fn format_fields<R: RecordFields>(&self, mut line: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = MemberWriter { line: &mut line, outcome: Ok(()) };
        fields.record(&mut members);
        members.outcome
    }
}

impl<S> FormatEvent<S, JsonMembers> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonMembers>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        let about = event.metadata();
        write!(line, "\",\"level\":\"{}\",", about.level())?;
        let mut members = MemberWriter { line: &mut line, outcome: Ok(()) };
        event.record(&mut members);
        members.outcome?;
        line.write_str("\"target\":")?;
        write_text(&mut line, about.target())?;
        let parent = event.parent().and_then(|it| context.span(it));
        if let Some(span) = parent.or_else(|| context.lookup_current()) {
            line.write_str(",\"span\":{")?;
            if let Some(members) = span.extensions().get::<FormattedFields<JsonMembers>>() {
                line.write_str(members)?;
            }
            line.write_str("\"name\":")?;
            write_text(&mut line, span.name())?;
            line.write_char('}')?;
        }
        line.write_str("}\n")
    }
}

impl MemberWriter<'_, '_> {
    fn write_member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        self.outcome = self.outcome.and_then(|()| {
            write_text(self.line, field.name())?;
            self.line.write_char(':')?;
            value(self.line)?;
            self.line.write_char(',')
        });
    }
}

impl Visit for MemberWriter<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // `Debug` writes a number as JSON does, and JSON has no word for those that are not finite.
        self.write_member(field, |line| {
            if value.is_finite() { write!(line, "{value:?}") } else { line.write_str("null") }
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write_member(field, |line| write!(line, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write_member(field, |line| write!(line, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write_member(field, |line| write!(line, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write_member(field, |line| write_text(line, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write_member(field, |line| write_text(line, &format!("{value:?}")));
    }
}

/// Writes a string of JSON.
fn write_text(line: &mut Writer<'_>, text: &str) -> fmt::Result {
    // Nearly every text can be written as it is.
    let is_plain = text.bytes().all(|it| it >= b' ' && it != b'"' && it != b'\\');
    if is_plain {
        return write!(line, "\"{text}\"");
    }
    line.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::Value;
    use tracing::subscriber::with_default;
    use tracing_subscriber::{Layer, layer::SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged by `work`, as this formatter and as that of the library writes it, without the times.
    fn log_twice(work: impl FnOnce()) -> [Vec<Value>; 2] {
        let (own, library) = (Lines::default(), Lines::default());
        let (to_own, to_library) = (own.clone(), library.clone());
        let layer = tracing_subscriber::fmt::layer().with_writer(move || to_own.clone());
        let ours = layer.fmt_fields(JsonMembers).event_format(JsonLine).boxed();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || to_library.clone());
        let theirs = layer.json().flatten_event(true).with_span_list(false).boxed();
        with_default(tracing_subscriber::registry().with(ours).with(theirs), work);
        [own, library].map(|lines| {
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            let without_time = |line: &str| {
                let mut line: Value = serde_json::from_str(line).unwrap();
                assert!(line.as_object_mut().unwrap().remove("timestamp").unwrap().is_string());
                line
            };
            text.lines().map(without_time).collect()
        })
    }

    #[test]
    fn a_line_is_that_of_the_library() {
        let hostile = "a\"b\\c\n\u{1}\u{7f}\u{2028}é\u{1f600}</script>";
        let [own, library] = log_twice(|| {
            tracing::info!("no fields");
            tracing::warn!(text = hostile, %hostile, debug = ?hostile, "{hostile}");
            let fault: Box<dyn std::error::Error> = io::Error::other(hostile).into();
            tracing::error!(error = &*fault, none = None::<i64>);
            let (tiny, large, nan) = (1e-7, 6.043_431_999_999_999, f64::NAN);
            tracing::info!(
                tiny,
                large,
                one = 1.0,
                nan,
                min = i64::MIN,
                max = u64::MAX,
                huge = u128::MAX,
                yes = true
            );
            let span = tracing::info_span!("request", request_id = hostile, later = tracing::field::Empty);
            span.in_scope(|| tracing::info!("within"));
            span.record("later", 3);
            span.in_scope(|| tracing::info_span!("inner").in_scope(|| tracing::info!("in both")));
            tracing::info!(parent: &span, "as a child");
        });
        assert_eq!(own.len(), 7);
        assert_eq!(own, library);
    }
}
