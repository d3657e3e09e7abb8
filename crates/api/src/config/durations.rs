//! The text form of durations in settings: `500ms`, `30m`, `7d` or `1h 30m`.
//!
//! A day has 24 hours. Months and years are refused, because they have no fixed length.

use std::time::Duration;

use jiff::{
    SignedDuration, Span, SpanRelativeTo, SpanRound, Unit,
    fmt::friendly::{Spacing, SpanParser, SpanPrinter},
};

static PARSER: SpanParser = SpanParser::new();
static PRINTER: SpanPrinter = SpanPrinter::new().spacing(Spacing::BetweenUnits);

/// Reads a duration with or without a sign. `None` when the text is not one.
pub(super) fn parse_signed_duration(text: &str) -> Option<SignedDuration> {
    let span = PARSER.parse_span(text).ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// Writes a duration in days and smaller units. [`parse_signed_duration`] reads the same duration back.
pub(super) fn format_duration(duration: Duration) -> String {
    let days = SpanRound::new().largest(Unit::Day).days_are_24_hours();
    let span = Span::try_from(duration).and_then(|it| it.round(days));
    // `Span` holds at most 19998 years. No setting is that long.
    span.map_or_else(|_| format!("{}s", duration.as_secs()), |it| PRINTER.span_to_string(&it))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_documentation_writes_is_read() {
        for (text, millis) in [
            ("500ms", 500),
            ("30m", 1_800_000),
            ("7d", 604_800_000),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("2w", 1_209_600_000),
            ("-8s", -8_000),
            ("+50ms", 50),
        ] {
            assert_eq!(parse_signed_duration(text), Some(SignedDuration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_refused() {
        for text in ["", "30", "m", "1mo", "1y", "30x", "1h 30", "--1s", "P1D", "99999999999999999999s"] {
            assert_eq!(parse_signed_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_is_written_as_a_day() {
        for (seconds, text) in [(90 * 86_400, "90d"), (3_600, "1h"), (90, "1m 30s"), (90_061, "1d 1h 1m 1s")]
        {
            assert_eq!(format_duration(Duration::from_secs(seconds)), text);
        }
        assert_eq!(format_duration(Duration::from_millis(1_500)), "1s 500ms");
        assert_eq!(format_duration(Duration::ZERO), "0s");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(nanos in 0..=3650 * 86_400 * 1_000_000_000_u64) {
            let duration = Duration::from_nanos(nanos);
            let read = parse_signed_duration(&format_duration(duration)).unwrap();
            prop_assert_eq!(Duration::try_from(read).unwrap(), duration);
        }
    }
}
