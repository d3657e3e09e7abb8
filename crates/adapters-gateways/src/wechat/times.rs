//! The time within which a trade can be paid, and the times that WeChat Pay states.

use std::time::Duration;

use domain::Timestamp;
use jiff::tz;

/// The time from the request of a payment to the end of paying.
pub(super) const PAY_WITHIN: Duration = Duration::from_secs(30 * 60);
/// The last part of it, in which no trade is begun any more: WeChat Pay refuses ends that are too near.
const TOO_LATE_TO_BEGIN: Duration = Duration::from_secs(60);
/// The time after the end of paying from which an unpaid trade counts as failed. An answer is accepted only if
/// its signed time is within 300 s of our clock, so the end has passed by WeChat Pay's clock too; the rest is for
/// a payment that the buyer confirmed in the last moment.
const SETTLING: Duration = Duration::from_secs(10 * 60);
/// Beijing time, in which WeChat Pay states its times.
const OFFSET_HOURS: i8 = 8;
const MS_PER_SECOND: i64 = 1_000;
/// Times before 2000-01-01 and from 2038-01-01 on are not believed; MySQL cannot store later ones.
const BELIEVED: std::ops::Range<i64> = 946_684_800_000..2_145_916_800_000;

/// Returns when the buyer can no longer pay, in whole seconds.
pub(super) fn pay_until(created_at: Timestamp) -> Timestamp {
    let end = created_at.saturating_add(PAY_WITHIN).as_millis();
    Timestamp::from_millis(end.saturating_sub(end.rem_euclid(MS_PER_SECOND)))
}

/// Whether there is time left to begin the trade.
pub(super) fn can_begin(created_at: Timestamp, now: Timestamp) -> bool {
    now.saturating_add(TOO_LATE_TO_BEGIN) <= pay_until(created_at)
}

/// Whether an unpaid trade can certainly not be paid any more.
pub(super) fn has_ended(created_at: Timestamp, now: Timestamp) -> bool {
    now >= pay_until(created_at).saturating_add(SETTLING)
}

/// Formats a time for a request, such as `2015-05-20T13:29:35+08:00`.
pub(super) fn format_time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    at.display_with_offset(tz::offset(OFFSET_HOURS)).to_string()
}

/// Parses a time of an answer or a notice; `None` if it is not in RFC 3339 or not believable.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    let at = text.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    BELIEVED.contains(&at).then(|| Timestamp::from_millis(at))
}

/// Returns the last millisecond of the second of a time. WeChat Pay states whole seconds; an event that follows
/// another one in the same second must not come before it.
pub(super) fn end_of_second(at: Timestamp) -> Timestamp {
    let ms = at.as_millis();
    Timestamp::from_millis(ms.saturating_sub(ms.rem_euclid(MS_PER_SECOND)).saturating_add(MS_PER_SECOND - 1))
}
