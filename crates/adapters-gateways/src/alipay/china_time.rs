//! Alipay's times: `yyyy-MM-dd HH:mm:ss` in China, which is eight hours ahead of UTC all year.

use domain::Timestamp;
use jiff::{civil::DateTime, tz::Offset};

use crate::notice::{EARLIEST, LATEST};

/// China has had no summer time since 1992.
const CHINA: Offset = Offset::constant(8);

/// Formats a time; parts of a second are cut off.
pub(super) fn format_china_time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    CHINA.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Parses a time, with or without parts of a second. `None` if the text has another form, or if the time cannot
/// be true.
pub(super) fn parse_china_time(text: &str) -> Option<Timestamp> {
    let at = CHINA.to_timestamp(text.parse::<DateTime>().ok()?).ok()?;
    let at = Timestamp::from_millis(at.as_millisecond());
    (EARLIEST..LATEST).contains(&at).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_and_read_in_china() {
        let at = Timestamp::from_millis(1_417_074_357_000);
        assert_eq!(format_china_time(at), "2014-11-27 15:45:57");
        assert_eq!(parse_china_time("2014-11-27 15:45:57"), Some(at));
        assert_eq!(format_china_time(Timestamp::from_millis(1_417_074_357_999)), "2014-11-27 15:45:57");
        let with_millis = parse_china_time("2014-11-27 15:45:57.320");
        assert_eq!(with_millis, Some(Timestamp::from_millis(1_417_074_357_320)));
    }

    #[test]
    fn what_is_no_time_or_cannot_be_true_is_none() {
        for text in ["", "soon", "2014-11-27T15:45:57Z", "1970-01-01 08:00:00", "2038-06-01 00:00:00", "0"] {
            assert_eq!(parse_china_time(text), None, "{text}");
        }
    }
}
