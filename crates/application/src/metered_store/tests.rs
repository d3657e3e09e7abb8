use domain::{Progress, order::Status};

use super::*;
use crate::testing::*;

fn metered(it: &Bench) -> MeteredStore {
    MeteredStore::new(it.app.store.clone(), it.app.clock.clone(), it.app.meter.clone())
}

fn paying() -> UnitOfWork {
    let mut progress = Progress::of(order());
    progress.step(Status::Paid, domain::ChangedBy::GATEWAY, None, NOW).unwrap();
    UnitOfWork::new().progress(progress)
}

#[tokio::test]
async fn a_commit_is_counted_with_the_moves_that_it_made_true() {
    let it = Bench::new().with(|it| it.orders.push(order()));
    metered(&it).commit(paying()).await.unwrap();
    let paid = Happening::Transition(Status::Pending, Status::Paid);
    assert_eq!(it.meter.all(), [Happening::Commit(CommitOutcome::Committed, seconds(0)), paid]);
}

#[tokio::test]
async fn a_commit_that_fails_moves_nothing() {
    let it = Bench::new();
    metered(&it).commit(paying()).await.unwrap_err();
    it.record.refuses(CommitError::Failed(away()));
    metered(&it).commit(paying()).await.unwrap_err();
    let outcomes = [CommitOutcome::Refused, CommitOutcome::Unavailable];
    assert_eq!(it.meter.all(), outcomes.map(|it| Happening::Commit(it, seconds(0))));
}
