//! The promises of [`ports::LockManager`]. A fixture gives locks that no other test uses.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ports::{LockGuard, LockManager};
use tokio::{task::JoinSet, time};

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn LockManager>`.
#[macro_export]
macro_rules! locks {
    ($($fixture:ident)::+) => {
        $crate::stamp! { locks:
            one_at_a_time_holds_a_name
            names_do_not_disturb_each_other
            a_waiting_caller_gets_the_lock_when_it_is_dropped
            a_wait_that_is_too_long_ends_without_the_lock
            no_lock_is_held_longer_than_its_lease
            a_late_release_leaves_the_new_holder_alone
            a_waiter_that_went_away_does_not_hold_up_the_others
            a_later_holder_has_a_larger_fencing_token
            ; $($fixture)::+
        }
    };
}

/// A lease that does not end within a test.
const LONG: Duration = Duration::from_secs(60);
/// A time within which no test releases a lock.
const MOMENT: Duration = Duration::from_millis(30);

async fn acquire(
    locks: &Arc<dyn LockManager>,
    name: &str,
    lease: Duration,
    wait: Duration,
) -> Option<LockGuard> {
    locks.acquire_lock(name, lease, wait).await.expect("locks are available")
}

/// Of many concurrent attempts one holds the lock at a time.
pub async fn one_at_a_time_holds_a_name(locks: &Arc<dyn LockManager>) {
    let (inside, done) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let (locks, inside, done) = (Arc::clone(locks), Arc::clone(&inside), Arc::clone(&done));
        tasks.spawn(async move {
            let _held = acquire(&locks, "name", LONG, LONG).await.expect("everyone gets a turn");
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "another task holds it too");
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

/// Each name has a lock that is independent of the others.
pub async fn names_do_not_disturb_each_other(locks: &Arc<dyn LockManager>) {
    let one = acquire(locks, "one", LONG, Duration::ZERO).await;
    let other = acquire(locks, "other", LONG, Duration::ZERO).await;
    assert!(one.is_some() && other.is_some());
}

/// A waiting task gets the lock as soon as it is released, not only when its wait ends.
pub async fn a_waiting_caller_gets_the_lock_when_it_is_dropped(locks: &Arc<dyn LockManager>) {
    let held = acquire(locks, "name", LONG, Duration::ZERO).await;
    let (next, ()) = tokio::join!(acquire(locks, "name", LONG, LONG), async {
        time::sleep(MOMENT).await;
        drop(held);
    });
    assert!(next.is_some());
}

/// A wait that ends without the lock gives none, which is not an error.
pub async fn a_wait_that_is_too_long_ends_without_the_lock(locks: &Arc<dyn LockManager>) {
    let _held = acquire(locks, "name", LONG, Duration::ZERO).await.expect("it is free");
    assert!(acquire(locks, "name", LONG, Duration::ZERO).await.is_none());
    assert!(acquire(locks, "name", LONG, MOMENT).await.is_none());
}

/// When the lease of a holder that hangs is over, those that wait and those that come later get the lock.
pub async fn no_lock_is_held_longer_than_its_lease(locks: &Arc<dyn LockManager>) {
    let hang = async |wait| acquire(locks, "name", MOMENT, wait).await.expect("the lease before is over");
    let _first = hang(Duration::ZERO).await;
    let waiting = async { tokio::join!(hang(LONG), hang(LONG), hang(LONG)) };
    // Without a release they would get it when the lease is over, so the test asks for much less.
    let _three = time::timeout(LONG / 2, waiting).await.expect("each waits for a lease, not for its own end");
    time::sleep(MOMENT * 4).await;
    let _last = hang(LONG).await;
}

/// A holder whose lease is over must not release the lock of the next one.
pub async fn a_late_release_leaves_the_new_holder_alone(locks: &Arc<dyn LockManager>) {
    let late = acquire(locks, "name", MOMENT, Duration::ZERO).await.expect("it is free");
    let _new = acquire(locks, "name", LONG, LONG).await.expect("the lease is over");
    drop(late);
    assert!(acquire(locks, "name", LONG, MOMENT * 4).await.is_none());
}

/// A waiter that gives up, or whose future is dropped, does not delay the others.
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

/// Both after a release and after a lease that is over.
pub async fn a_later_holder_has_a_larger_fencing_token(locks: &Arc<dyn LockManager>) {
    let (mut last, mut late) = (0, Vec::new());
    for round in 0..40 {
        let lease = if round % 10 == 0 { MOMENT } else { LONG };
        let held = acquire(locks, "name", lease, LONG).await.expect("it is never held for long");
        assert!(held.fencing_token() > last, "{} after {last}", held.fencing_token());
        last = held.fencing_token();
        if lease == MOMENT {
            late.push(held);
        }
    }
}
