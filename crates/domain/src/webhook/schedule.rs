//! When a failed delivery is tried again.

use std::time::Duration;

/// How long a delivery is tried, from its first attempt.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// The longest pause that an endpoint can ask for with `Retry-After`.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The pauses after the first attempt, the second, and so on, in seconds. The last one repeats.
const PAUSES_S: [u64; 9] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800];
/// A pause is longer than its number by up to one part of this many.
const JITTER_PART: u64 = 4;

/// The pause after that many attempts, the first being 1. It is longer than its number by up to a quarter, which `seed`
/// decides, so that deliveries that failed together are not sent again together. `asked` is what the endpoint asked
/// for, if it did; the longer of the two counts, up to [`RETRY_AFTER_MAX`].
#[must_use]
pub fn retry_pause(attempts: u32, seed: u64, asked: Option<Duration>) -> Duration {
    let [.., last] = PAUSES_S;
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause_ms = PAUSES_S.get(place).copied().unwrap_or(last).saturating_mul(1_000);
    let extra_ms = seed.checked_rem(pause_ms / JITTER_PART).unwrap_or(0);
    let pause = Duration::from_millis(pause_ms.saturating_add(extra_ms));
    asked.map_or(pause, |asked| asked.min(RETRY_AFTER_MAX).max(pause))
}
