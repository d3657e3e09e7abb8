//! The promises of [`ports::Throttle`]. A fixture gives one without any counts, with the true time.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ports::{Attempts, Throttle};
use tokio::{task::JoinSet, time};

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn Throttle>`.
#[macro_export]
macro_rules! throttle {
    ($($fixture:ident)::+) => {
        $crate::stamp! { throttle:
            every_attempt_counts_under_its_name
            of_attempts_at_once_no_two_get_the_same_count
            the_window_begins_with_the_first_attempt
            the_count_starts_again_when_the_window_is_over
            counting_is_no_attempt
            what_was_never_tried_or_is_over_counts_nothing
            a_cleared_count_starts_again
            ; $($fixture)::+
        }
    };
}

/// A window that does not end within a test.
const LONG: Duration = Duration::from_secs(60);
/// A window that ends within a test.
const SHORT: Duration = Duration::from_millis(30);
/// How often a test checks whether a window is over: some seconds in all, as some adapters count whole
/// seconds.
const LOOKS_MAX: u32 = 6;

async fn hit(throttle: &Arc<dyn Throttle>, name: &str, window: Duration) -> Attempts {
    throttle.count_attempt(name, window).await.expect("counts are available")
}

async fn count(throttle: &Arc<dyn Throttle>, name: &str) -> Attempts {
    throttle.read_attempts(name).await.expect("counts are available")
}

/// An attempt counts under its name and under no other.
pub async fn every_attempt_counts_under_its_name(throttle: &Arc<dyn Throttle>) {
    for count in 1..=3 {
        assert_eq!(hit(throttle, "one", LONG).await.count, count);
    }
    assert_eq!(hit(throttle, "other", LONG).await.count, 1);
}

/// Concurrent attempts get different counts, so that exactly the allowed number succeeds.
pub async fn of_attempts_at_once_no_two_get_the_same_count(throttle: &Arc<dyn Throttle>) {
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let throttle = Arc::clone(throttle);
        tasks.spawn(async move { hit(&throttle, "name", LONG).await.count });
    }
    let mut counts = BTreeSet::new();
    while let Some(count) = tasks.join_next().await {
        counts.insert(count.expect("a task ends well"));
    }
    assert!(counts.into_iter().eq(1..=64));
}

/// Later attempts do not prolong the window, so that repeated attempts cannot lock a client out forever.
pub async fn the_window_begins_with_the_first_attempt(throttle: &Arc<dyn Throttle>) {
    let first = hit(throttle, "name", LONG).await;
    assert!(first.resets_in > Duration::ZERO && first.resets_in <= LONG);
    time::sleep(SHORT).await;
    assert!(hit(throttle, "name", LONG).await.resets_in < LONG);
}

/// The first attempt after the window begins a new one.
pub async fn the_count_starts_again_when_the_window_is_over(throttle: &Arc<dyn Throttle>) {
    hit(throttle, "name", SHORT).await;
    for _ in 0..LOOKS_MAX {
        time::sleep(SHORT * 2).await;
        if hit(throttle, "name", SHORT).await.count == 1 {
            return;
        }
        time::sleep(Duration::from_secs(1)).await;
    }
    panic!("the window is never over");
}

/// Reading the count neither adds an attempt nor prolongs the window.
pub async fn counting_is_no_attempt(throttle: &Arc<dyn Throttle>) {
    hit(throttle, "name", LONG).await;
    let last = hit(throttle, "name", LONG).await;
    for _ in 0..3 {
        let counted = count(throttle, "name").await;
        assert_eq!(counted.count, 2);
        assert!(counted.resets_in > Duration::ZERO && counted.resets_in <= last.resets_in);
    }
    assert_eq!(hit(throttle, "name", LONG).await.count, 3);
}

/// The count is zero, with a window that is over.
pub async fn what_was_never_tried_or_is_over_counts_nothing(throttle: &Arc<dyn Throttle>) {
    let nothing = Attempts { count: 0, resets_in: Duration::ZERO };
    assert_eq!(count(throttle, "never").await, nothing);
    hit(throttle, "name", SHORT).await;
    for _ in 0..LOOKS_MAX {
        time::sleep(SHORT * 2).await;
        if count(throttle, "name").await == nothing {
            return;
        }
        time::sleep(Duration::from_secs(1)).await;
    }
    panic!("the window is never over");
}

/// Only the count of that name is cleared.
pub async fn a_cleared_count_starts_again(throttle: &Arc<dyn Throttle>) {
    for name in ["one", "one", "other"] {
        hit(throttle, name, LONG).await;
    }
    throttle.reset_attempts("one").await.expect("counts are available");
    assert_eq!(count(throttle, "one").await.count, 0);
    assert_eq!(hit(throttle, "one", LONG).await.count, 1);
    assert_eq!(hit(throttle, "other", LONG).await.count, 2);
}
