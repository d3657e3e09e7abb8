//! The promises of [`ports::SharedCounters`]. A fixture gives counters that are all zero, with the true time.

use std::{sync::Arc, time::Duration};

use ports::{Attempts, CountDelta, SharedCounters};
use tokio::{task::JoinSet, time};

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn SharedCounters>`.
#[macro_export]
macro_rules! counters {
    ($($fixture:ident)::+) => {
        $crate::stamp! { counters:
            additions_are_totalled_in_the_order_of_the_call
            additions_at_once_are_all_counted
            a_later_addition_does_not_prolong_the_window
            a_total_is_zero_again_when_its_window_is_over
            an_addition_of_nothing_is_answered_with_nothing
            ; $($fixture)::+
        }
    };
}

/// A window that does not end within a test.
const LONG: Duration = Duration::from_secs(60);
/// A window that ends within a test.
const SHORT: Duration = Duration::from_millis(30);
/// How often a test checks whether a window is over: some seconds in all.
const LOOKS_MAX: u32 = 6;

async fn add(counters: &Arc<dyn SharedCounters>, by: &[(&str, u32)], window: Duration) -> Vec<Attempts> {
    let deltas: Vec<_> =
        by.iter().map(|(name, by)| CountDelta { name: (*name).to_owned(), by: *by }).collect();
    counters.add_counts(&deltas, window).await.expect("counts are available")
}

fn totals(counted: &[Attempts]) -> Vec<u32> {
    counted.iter().map(|it| it.count).collect()
}

/// Each name has its own total, and the answer is in the order of the call.
pub async fn additions_are_totalled_in_the_order_of_the_call(counters: &Arc<dyn SharedCounters>) {
    assert_eq!(totals(&add(counters, &[("one", 2), ("other", 5)], LONG).await), [2, 5]);
    assert_eq!(totals(&add(counters, &[("third", 1), ("other", 1), ("one", 3)], LONG).await), [1, 6, 5]);
}

/// No addition is lost to another one.
pub async fn additions_at_once_are_all_counted(counters: &Arc<dyn SharedCounters>) {
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let counters = Arc::clone(counters);
        tasks.spawn(async move { add(&counters, &[("one", 2), ("other", 1)], LONG).await });
    }
    tasks.join_all().await;
    assert_eq!(totals(&add(counters, &[("one", 1), ("other", 1)], LONG).await), [65, 33]);
}

/// The window ends when it would have ended without the later additions.
pub async fn a_later_addition_does_not_prolong_the_window(counters: &Arc<dyn SharedCounters>) {
    let first = add(counters, &[("one", 1)], LONG).await;
    assert!(first.iter().all(|it| it.resets_in > Duration::ZERO && it.resets_in <= LONG));
    time::sleep(SHORT).await;
    assert!(add(counters, &[("one", 1)], LONG).await.iter().all(|it| it.resets_in < LONG));
}

/// The first addition after the window begins another one.
pub async fn a_total_is_zero_again_when_its_window_is_over(counters: &Arc<dyn SharedCounters>) {
    add(counters, &[("one", 7)], SHORT).await;
    for _ in 0..LOOKS_MAX {
        time::sleep(SHORT * 2).await;
        if totals(&add(counters, &[("one", 1)], SHORT).await) == [1] {
            return;
        }
        time::sleep(Duration::from_secs(1)).await;
    }
    panic!("the window is never over");
}

/// An empty call is no error.
pub async fn an_addition_of_nothing_is_answered_with_nothing(counters: &Arc<dyn SharedCounters>) {
    assert_eq!(add(counters, &[], LONG).await, []);
}
