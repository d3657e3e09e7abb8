//! The form of a line: JSON for programs, text for people.

use std::{
    env,
    ffi::OsStr,
    io::{self, IsTerminal},
    sync::OnceLock,
};

use serde_json::{Map, Value};
use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime, SystemTime},
};

/// The setting of the form of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text if standard error is a terminal, otherwise JSON.
    #[default]
    Auto,
    /// One JSON object per line.
    Json,
    /// One line of text per event, in colour on a terminal.
    Text,
}

impl LogFormat {
    /// Reads the name of a form; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Auto, Self::Json, Self::Text].into_iter().find(|it| it.as_str() == text)
    }

    /// The name that [`parse`](Self::parse) reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Text => "text",
        }
    }
}

/// The form of lines that a setting leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineStyle {
    Json,
    Text {
        /// Whether the level has a colour, which only a terminal shows.
        in_colour: bool,
    },
}

/// The target of lines about the log itself and about panics.
const LOG_TARGET: &str = "api::log";

static STYLE: OnceLock<LineStyle> = OnceLock::new();

/// Chooses the form once, before the first line.
pub(super) fn set_style(format: LogFormat) {
    let has_colours = |name| env::var_os(name).is_none_or(|it| it != OsStr::new("dumb"));
    // https://no-color.org: any text that is not empty.
    let is_plain = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty()) || !has_colours("TERM");
    // A second call changes nothing: lines of one process have one form.
    let _ = STYLE.set(choose_style(format, io::stderr().is_terminal(), is_plain));
}

/// The form of all lines; JSON before one was chosen.
pub(super) fn style_in_force() -> LineStyle {
    STYLE.get().copied().unwrap_or(LineStyle::Json)
}

const fn choose_style(format: LogFormat, is_terminal: bool, is_plain: bool) -> LineStyle {
    match (format, is_terminal) {
        (LogFormat::Json, _) | (LogFormat::Auto, false) => LineStyle::Json,
        (LogFormat::Text, _) | (LogFormat::Auto, true) => {
            LineStyle::Text { in_colour: is_terminal && !is_plain }
        }
    }
}

/// A line that no tracing event produced, in the form of the others and without a line end.
pub(super) fn format_line(level: &str, message: &str, fields: &[(&str, Value)], target: &str) -> String {
    format_in_style(style_in_force(), level, message, fields, target)
}

/// The same for the queue, with a line end.
pub(super) fn format_bytes(level: &str, message: &str, fields: &[(&str, Value)]) -> Vec<u8> {
    format!("{}\n", format_line(level, message, fields, LOG_TARGET)).into_bytes()
}

fn format_in_style(
    style: LineStyle,
    level: &str,
    message: &str,
    fields: &[(&str, Value)],
    target: &str,
) -> String {
    let timestamp = timestamp_text();
    match style {
        LineStyle::Json => {
            let head =
                [("timestamp", timestamp.into()), ("level", level.into()), ("message", message.into())];
            let owned = fields.iter().map(|(name, value)| (*name, value.clone()));
            let all = head.into_iter().chain(owned).chain([("target", target.into())]);
            Value::Object(all.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
                .to_string()
        }
        // As a tracing event is written, without the colours: these lines are rare.
        LineStyle::Text { .. } => {
            let fields = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect::<String>();
            format!("{timestamp} {level:>5} {target}: {message}{fields}")
        }
    }
}

/// The line with every control character before its end as an escape, so that no value of a field begins a line of its own
/// or is obeyed by a terminal. Colours stay: the subscriber writes them.
pub(super) fn escape_controls(line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
    let mut escaped = String::with_capacity(line.len());
    for (at, character) in text.char_indices() {
        if character.is_control() && !is_colour(text.get(at..).unwrap_or_default()) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped.push('\n');
    escaped.into_bytes()
}

/// Whether the text begins with a sequence that only changes the look of what follows (ECMA-48, 8.3.117).
fn is_colour(text: &str) -> bool {
    let parameters = text.strip_prefix("\x1b[").unwrap_or_default();
    parameters.trim_start_matches(|it: char| it.is_ascii_digit() || it == ';').starts_with('m')
}

fn timestamp_text() -> String {
    let mut timestamp = String::new();
    // Writing to a string does not fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
    timestamp
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_person_reads_text_and_a_program_json_unless_the_setting_says_otherwise() {
        let text = |in_colour| LineStyle::Text { in_colour };
        assert_eq!(choose_style(LogFormat::Auto, true, false), text(true));
        assert_eq!(choose_style(LogFormat::Auto, true, true), text(false), "NO_COLOR");
        assert_eq!(choose_style(LogFormat::Auto, false, false), LineStyle::Json);
        assert_eq!(choose_style(LogFormat::Json, true, false), LineStyle::Json);
        assert_eq!(choose_style(LogFormat::Text, false, false), text(false), "a file has no colours");
    }

    #[test]
    fn a_line_of_a_command_has_the_form_of_the_log() {
        let fields = [("event", "role-set".into()), ("lines", 3.into())];
        let line = |style| format_in_style(style, "WARN", "security", &fields, "idem::security");
        let json: Value = serde_json::from_str(&line(LineStyle::Json)).unwrap();
        assert_eq!((&json["level"], &json["message"]), (&"WARN".into(), &"security".into()));
        assert_eq!((&json["event"], &json["lines"]), (&"role-set".into(), &3.into()));
        let text = line(LineStyle::Text { in_colour: true });
        assert!(text.ends_with("  WARN idem::security: security event=\"role-set\" lines=3"), "{text}");
    }

    /// The writer of a subscriber that keeps what the queue would get.
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(escape_controls(line));
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_value_of_a_field_begins_a_line_of_its_own() {
        let forged = "a\nERROR idem::security: forged\r\x1b[2Jé\u{85}\t";
        for in_colour in [false, true] {
            let kept = Arc::new(Mutex::new(Vec::new()));
            let writer = Arc::clone(&kept);
            let layer = tracing_subscriber::fmt::layer().with_ansi(in_colour);
            let layer = layer.with_writer(move || Kept(Arc::clone(&writer)));
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                tracing::warn!(shown = %forged, "told: {forged}");
            });
            let text = String::from_utf8(kept.lock().unwrap().clone()).unwrap();
            let control = |it: &char| it.is_control() && *it != '\x1b';
            assert_eq!(text.chars().filter(control).collect::<String>(), "\n", "{text:?}");
            assert!(text.ends_with('\n') && text.contains("é"), "{text:?}");
            assert!(!text.contains("\x1b[2J"), "{text:?}");
        }
    }

    #[test]
    fn every_name_of_a_form_is_read_back() {
        for format in [LogFormat::Auto, LogFormat::Json, LogFormat::Text] {
            assert_eq!(LogFormat::parse(format.as_str()), Some(format));
        }
        assert_eq!(LogFormat::parse("JSON"), None);
    }
}
