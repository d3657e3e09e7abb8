//! The promises of [`ports::Broadcast`]. A fixture gives one that no other test publishes to.

use std::{sync::Arc, time::Duration};

use ports::{Broadcast, Subscription};
use tokio::time;

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn Broadcast>`.
#[macro_export]
macro_rules! broadcast {
    ($($fixture:ident)::+) => {
        $crate::stamp! { broadcast:
            a_subscription_says_when_it_begins_to_hear
            every_subscription_hears_what_is_published
            without_publication_nothing_is_heard
            what_is_published_without_a_waiting_reader_is_read_by_the_next_one
            many_publications_do_not_wait_for_their_readers
            a_wait_that_was_dropped_loses_nothing
            a_subscription_that_ended_disturbs_no_other
            ; $($fixture)::+
        }
    };
}

/// Longer than any step of these tests takes; a test that waits for it has failed.
const LONG: Duration = Duration::from_secs(20);
/// How long a test waits before it takes silence for an answer.
const MOMENT: Duration = Duration::from_millis(50);
/// More publications than any small buffer holds.
const MANY: u32 = 500;

async fn publish(broadcast: &Arc<dyn Broadcast>) {
    broadcast.publish().await.expect("it can be published");
}

async fn hear(subscription: &mut dyn Subscription) {
    time::timeout(LONG, subscription.next()).await.expect("it is heard");
}

/// A subscription that has begun to receive.
async fn subscribed(broadcast: &Arc<dyn Broadcast>) -> Box<dyn Subscription> {
    let mut subscription = broadcast.subscribe();
    hear(&mut *subscription).await;
    subscription
}

/// Once, even if nothing was published: the caller may have missed what came before.
pub async fn a_subscription_says_when_it_begins_to_hear(broadcast: &Arc<dyn Broadcast>) {
    let mut one = subscribed(broadcast).await;
    assert!(time::timeout(MOMENT, one.next()).await.is_err());
    let _other = subscribed(broadcast).await;
    assert!(time::timeout(MOMENT, one.next()).await.is_err(), "other topics hear nothing");
}

/// Each wait of each subscription returns for a publication after it.
pub async fn every_subscription_hears_what_is_published(broadcast: &Arc<dyn Broadcast>) {
    let (mut one, mut other) = (subscribed(broadcast).await, subscribed(broadcast).await);
    for _ in 0..3 {
        publish(broadcast).await;
        tokio::join!(hear(&mut *one), hear(&mut *other));
    }
    let ((), ()) = tokio::join!(hear(&mut *one), async {
        time::sleep(MOMENT).await;
        publish(broadcast).await;
    });
}

/// A wait returns only after a publication, so that no caller polls without a reason.
pub async fn without_publication_nothing_is_heard(broadcast: &Arc<dyn Broadcast>) {
    let mut subscription = subscribed(broadcast).await;
    publish(broadcast).await;
    hear(&mut *subscription).await;
    assert!(time::timeout(MOMENT, subscription.next()).await.is_err());
}

/// A publication between two waits is not lost, for example while the caller reads the database.
pub async fn what_is_published_without_a_waiting_reader_is_read_by_the_next_one(
    broadcast: &Arc<dyn Broadcast>,
) {
    let mut subscription = subscribed(broadcast).await;
    publish(broadcast).await;
    time::sleep(MOMENT).await;
    hear(&mut *subscription).await;
}

/// Publishing never blocks. Publications that come between two waits may be reported as one.
pub async fn many_publications_do_not_wait_for_their_readers(broadcast: &Arc<dyn Broadcast>) {
    let mut subscription = subscribed(broadcast).await;
    for _ in 0..MANY {
        publish(broadcast).await;
    }
    let mut heard = 0;
    while time::timeout(MOMENT * 4, subscription.next()).await.is_ok() {
        heard += 1;
    }
    assert!((1..MANY / 2).contains(&heard), "{heard} times");
}

/// A wait can be cancelled, after the first signal and later, without losing a publication.
pub async fn a_wait_that_was_dropped_loses_nothing(broadcast: &Arc<dyn Broadcast>) {
    let mut subscription = broadcast.subscribe();
    let mut began = false;
    for _ in 0..3 {
        began |= time::timeout(Duration::from_millis(1), subscription.next()).await.is_ok();
    }
    if !began {
        hear(&mut *subscription).await;
    }
    assert!(time::timeout(MOMENT, subscription.next()).await.is_err());
    publish(broadcast).await;
    hear(&mut *subscription).await;
}

/// Dropping one subscription does not disturb the others.
pub async fn a_subscription_that_ended_disturbs_no_other(broadcast: &Arc<dyn Broadcast>) {
    let (one, mut other) = (subscribed(broadcast).await, subscribed(broadcast).await);
    drop(one);
    publish(broadcast).await;
    hear(&mut *other).await;
    drop(other);
    publish(broadcast).await;
}
