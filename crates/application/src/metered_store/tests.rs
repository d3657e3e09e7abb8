use domain::{OrderChange, order::OrderStatus};

use super::*;
use crate::testing::*;

fn metered(it: &TestApp) -> MeteredStore {
    MeteredStore::new(it.app.store.clone(), it.app.clock.clone(), it.app.metrics.clone())
}

fn paying() -> UnitOfWork {
    let mut progress = OrderChange::from_order(order());
    progress.transition(OrderStatus::Paid, domain::ChangedBy::GATEWAY, None, NOW).unwrap();
    UnitOfWork::new().with_order_change(progress)
}

#[tokio::test]
async fn a_commit_is_counted_with_the_moves_that_it_made_true() {
    let it = TestApp::new().with_state(|it| it.orders.push(order()));
    metered(&it).commit(paying()).await.unwrap();
    let paid = Observation::Transition(OrderStatus::Pending, OrderStatus::Paid);
    assert_eq!(
        it.metrics.all_observations(),
        [Observation::Commit(CommitOutcome::Committed, seconds(0)), paid]
    );
}

#[tokio::test]
async fn a_commit_that_fails_moves_nothing() {
    let it = TestApp::new();
    metered(&it).commit(paying()).await.unwrap_err();
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    metered(&it).commit(paying()).await.unwrap_err();
    let outcomes = [CommitOutcome::Refused, CommitOutcome::Unavailable];
    assert_eq!(it.metrics.all_observations(), outcomes.map(|it| Observation::Commit(it, seconds(0))));
}
