//! The promises of [`ports::Clock`], for clocks that show the true time.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use domain::Timestamp;
use ports::Clock;
use tokio::time;

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn Clock>`.
#[macro_export]
macro_rules! clock {
    ($($fixture:ident)::+) => {
        $crate::stamp! { clock:
            the_time_is_utc_in_milliseconds
            the_time_goes_on
            lengths_of_time_are_measured
            ; $($fixture)::+
        }
    };
}

/// The clock lies between two reads of the system's own clock.
pub async fn the_time_is_utc_in_milliseconds(clock: &Arc<dyn Clock>) {
    let (before, now, after) = (system(), clock.now(), system());
    assert!((before..=after).contains(&now), "{before:?} {now:?} {after:?}");
}

/// Two reads some time apart differ, without any call in between.
pub async fn the_time_goes_on(clock: &Arc<dyn Clock>) {
    let before = clock.now();
    time::sleep(Duration::from_millis(5)).await;
    assert!(clock.now() > before);
}

/// The monotonic time grows as much as that of the system.
pub async fn lengths_of_time_are_measured(clock: &Arc<dyn Clock>) {
    let (outer, from) = (instant(), clock.monotonic_now());
    let inner = instant();
    time::sleep(Duration::from_millis(5)).await;
    let least = inner.elapsed();
    let measured = clock.monotonic_now() - from;
    assert!((least..=outer.elapsed()).contains(&measured), "{least:?} {measured:?}");
}

#[expect(clippy::disallowed_methods, reason = "this is what a clock is compared with")]
fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is what a clock is compared with")]
fn system() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("milliseconds of an age fit"))
}
