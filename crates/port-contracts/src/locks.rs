//! The promises of [`ports::LockManager`]. A fixture gives locks that nobody uses yet.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ports::{LockGuard, LockManager};
use tokio::{task::JoinSet, time};

/// Stamps the suite onto an adapter; the fixture gives an `Arc<dyn LockManager>`.
#[macro_export]
macro_rules! locks {
    ($($fixture:ident)::+) => {
        $crate::stamp! { locks:
            one_at_a_time_holds_a_name
            names_do_not_disturb_each_other
            whoever_waits_gets_it_when_it_is_dropped
            whoever_waits_too_long_goes_without
            nobody_holds_longer_than_the_lease
            a_late_release_leaves_the_new_holder_alone
            a_waiter_that_went_away_does_not_hold_up_the_others
            a_later_holder_has_a_larger_fencing_token
            ; $($fixture)::+
        }
    };
}

/// So long that no test ends it.
const LONG: Duration = Duration::from_secs(60);
/// Too short for anybody to let go.
const MOMENT: Duration = Duration::from_millis(30);

async fn acquire(
    locks: &Arc<dyn LockManager>,
    name: &str,
    lease: Duration,
    wait: Duration,
) -> Option<LockGuard> {
    locks.acquire_lock(name, lease, wait).await.expect("locks can be had")
}

/// However many try at once.
pub async fn one_at_a_time_holds_a_name(locks: &Arc<dyn LockManager>) {
    let (inside, done) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let (locks, inside, done) = (Arc::clone(locks), Arc::clone(&inside), Arc::clone(&done));
        tasks.spawn(async move {
            let _held = acquire(&locks, "name", LONG, LONG).await.expect("everyone gets a turn");
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "somebody else holds it too");
            time::sleep(Duration::from_millis(1)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("a task ends well");
    }
    assert_eq!(done.load(Ordering::SeqCst), 32);
}

/// One lock a name.
pub async fn names_do_not_disturb_each_other(locks: &Arc<dyn LockManager>) {
    let one = acquire(locks, "one", LONG, Duration::ZERO).await;
    let other = acquire(locks, "other", LONG, Duration::ZERO).await;
    assert!(one.is_some() && other.is_some());
}

/// The wait is at most that long, not exactly.
pub async fn whoever_waits_gets_it_when_it_is_dropped(locks: &Arc<dyn LockManager>) {
    let held = acquire(locks, "name", LONG, Duration::ZERO).await;
    let (next, ()) = tokio::join!(acquire(locks, "name", LONG, LONG), async {
        time::sleep(MOMENT).await;
        drop(held);
    });
    assert!(next.is_some());
}

/// It is no error.
pub async fn whoever_waits_too_long_goes_without(locks: &Arc<dyn LockManager>) {
    let _held = acquire(locks, "name", LONG, Duration::ZERO).await.expect("nobody holds it");
    assert!(acquire(locks, "name", LONG, Duration::ZERO).await.is_none());
    assert!(acquire(locks, "name", LONG, MOMENT).await.is_none());
}

/// A holder that hangs is left behind, by all who wait already and by those who come later.
pub async fn nobody_holds_longer_than_the_lease(locks: &Arc<dyn LockManager>) {
    let hang = async |wait| acquire(locks, "name", MOMENT, wait).await.expect("the lease before is over");
    let _first = hang(Duration::ZERO).await;
    let waiting = async { tokio::join!(hang(LONG), hang(LONG), hang(LONG)) };
    // They would get it when nobody comes for so long, too: what is asked for is much less.
    let _three = time::timeout(LONG / 2, waiting).await.expect("each waits for a lease, not for its own end");
    time::sleep(MOMENT * 4).await;
    let _last = hang(LONG).await;
}

/// Whoever overstayed has nothing to give back.
pub async fn a_late_release_leaves_the_new_holder_alone(locks: &Arc<dyn LockManager>) {
    let late = acquire(locks, "name", MOMENT, Duration::ZERO).await.expect("nobody holds it");
    let _new = acquire(locks, "name", LONG, LONG).await.expect("the lease is over");
    drop(late);
    assert!(acquire(locks, "name", LONG, MOMENT * 4).await.is_none());
}

/// Neither by giving up in time nor by being dropped half-way.
pub async fn a_waiter_that_went_away_does_not_hold_up_the_others(locks: &Arc<dyn LockManager>) {
    let held = acquire(locks, "name", LONG, Duration::ZERO).await;
    let dropped = time::timeout(MOMENT, acquire(locks, "name", LONG, LONG)).await;
    assert!(dropped.is_err());
    let (impatient, patient, ()) =
        tokio::join!(acquire(locks, "name", LONG, MOMENT), acquire(locks, "name", LONG, LONG), async {
            time::sleep(MOMENT * 4).await;
            drop(held);
        });
    assert!(impatient.is_none() && patient.is_some());
}

/// Whether the one before let go or its lease was over.
pub async fn a_later_holder_has_a_larger_fencing_token(locks: &Arc<dyn LockManager>) {
    let (mut last, mut late) = (0, Vec::new());
    for round in 0..40 {
        let lease = if round % 10 == 0 { MOMENT } else { LONG };
        let held = acquire(locks, "name", lease, LONG).await.expect("nobody holds it for long");
        assert!(held.fencing_token() > last, "{} after {last}", held.fencing_token());
        last = held.fencing_token();
        if lease == MOMENT {
            late.push(held);
        }
    }
}
