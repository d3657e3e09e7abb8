//! Copies of a request that come at the same time.

use std::time::Duration;

use ports::{LockGuard, MockLockManager};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_copy_waits_for_the_first_one_of_its_process_without_the_lock_service() {
    let mut it = shop();
    it.app.known_replies = KnownReplies::new(Arc::<FakeCache>::default());
    let mut locks = MockLockManager::new();
    locks.expect_acquire_lock().times(1).returning(|_, _, _| Ok(Some(LockGuard::new(1, || {}))));
    it.app.locks = Arc::new(locks);
    let (first, second) = tokio::join!(place_on(&it, vec![tea(2)]), place_on(&it, vec![tea(2)]));
    let mut replies = [body(first.unwrap()), body(second.unwrap())];
    replies.sort();
    assert_eq!(replies[0], replies[1].replace("first", "again"));
    assert_eq!(it.record.state().products[0].stock, Some(3), "taken once");
}

#[tokio::test(start_paused = true)]
async fn a_copy_waits_no_longer_in_its_process_than_for_the_lock_service() {
    let mut it = shop();
    it.app.locks = Arc::new(MockLockManager::new());
    let _first = it.app.keys_in_flight.wait_for_turn(&request().key, Duration::ZERO).await.unwrap();
    let bound = it.app.policy.in_progress_wait + Duration::from_millis(1);
    let outcome = tokio::time::timeout(bound, place_on(&it, vec![tea(1)])).await.expect("it gives up");
    assert!(matches!(outcome, Err(PlaceError::Key(KeyError::InProgress))));
    it.record.change(|it| it.claims.push(claim_for("n1", Some(reply("kept")))));
    assert_eq!(body(place_on(&it, vec![tea(1)]).await.unwrap()), "again kept");
}
