use adapters_local::MemoryRecord;
use domain::Timestamp;
use ports::Prunable;

use super::*;
use crate::testing::*;

fn watched(bench: &TestApp) -> RecentCommits {
    RecentCommits::new(bench.record.clone(), Arc::<MemoryRecord>::default(), bench.clock.clone())
}

fn work() -> UnitOfWork {
    UnitOfWork::new().with_write(Write::Probe(NOW))
}

async fn fails(it: &RecentCommits, bench: &TestApp, times: u32) {
    for _ in 0..times {
        bench.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
        assert!(it.commit(work()).await.is_err());
    }
}

#[tokio::test]
async fn a_record_that_answers_and_takes_no_writes_is_unavailable_until_it_takes_one() {
    let bench = TestApp::new();
    let it = watched(&bench);
    fails(&it, &bench, FAILURES_MAX - 1).await;
    assert!(it.check_health().await.is_ok(), "a few may be chance");
    fails(&it, &bench, 1).await;
    bench.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(it.check_health().await.is_err(), "what it tries itself fails too");
    assert!(it.check_health().await.is_ok(), "it recovers without traffic");
    assert!(matches!(bench.record.only_commit().as_slice(), [Write::Probe(_)]));
    assert!(it.check_health().await.is_ok());
    assert_eq!(bench.record.commits().len(), 1, "nothing is tried while all is well");
}

#[tokio::test]
async fn small_commits_that_go_through_do_not_hide_that_half_of_all_fail() {
    let bench = TestApp::new();
    let it = watched(&bench);
    bench.record.change(|it| it.users.push(account_of(ada(), "x")));
    let small = || UnitOfWork::new().with_write(Write::UpdateUser { user: ada(), read: None });
    for _ in 0..OUTCOME_WINDOW / 2 {
        assert!(!it.is_failing());
        it.commit(small()).await.unwrap();
        fails(&it, &bench, 1).await;
    }
    assert!(it.is_failing());
    it.commit(small()).await.unwrap();
    assert!(it.is_failing(), "one is not enough");
    assert!(it.check_health().await.is_ok(), "the commit that is tried is as large as any");
    assert!(!it.is_failing());
}

#[tokio::test]
async fn only_a_commit_that_wrote_something_speaks_for_writing() {
    let bench = TestApp::new();
    let it = watched(&bench);
    fails(&it, &bench, FAILURES_MAX).await;
    let nothing =
        || UnitOfWork::new().with_write(Write::Prune(Prunable::Claims, Timestamp::from_millis(0), 1));
    it.commit(nothing()).await.unwrap();
    bench.record.refuse_next_commit(CommitError::Stale);
    assert!(it.commit(work()).await.is_err());
    assert!(it.is_failing(), "neither an empty commit nor a refused one wrote anything");
    it.commit(work()).await.unwrap();
    assert!(!it.is_failing());
}

#[tokio::test]
async fn a_fault_of_one_row_or_of_the_program_says_nothing_of_the_record() {
    let bench = TestApp::new();
    let it = watched(&bench);
    for _ in 0..FAILURES_MAX {
        bench.record.refuse_next_commit(CommitError::Failed(PortError::bug("a fault")));
        assert!(it.commit(work()).await.is_err());
    }
    assert!(!it.is_failing());
}

#[tokio::test]
async fn one_commit_is_tried_at_a_time() {
    let bench = TestApp::new();
    let it = watched(&bench);
    fails(&it, &bench, FAILURES_MAX).await;
    assert!(it.try_begin_probe());
    assert!(it.check_health().await.is_err());
    assert!(bench.record.commits().is_empty(), "the other one is still being tried");
    bench.clock.advance(PROBE_TIMEOUT);
    assert!(it.check_health().await.is_ok(), "a check that went away keeps no other from trying");
}

#[tokio::test]
async fn a_batch_is_one_outcome_and_fails_only_if_nothing_of_it_is_committed() {
    let bench = TestApp::new();
    let it = watched(&bench);
    bench.record.change(|it| it.users.push(account_of(ada(), "x")));
    let small = || UnitOfWork::new().with_write(Write::UpdateUser { user: ada(), read: None });
    let three = || vec![small(), small(), small()];
    for _ in 0..FAILURES_MAX {
        // The first unit of the batch.
        bench.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
        assert!(it.commit_all(three()).await[0].is_err());
        assert!(!it.is_failing(), "the other two were committed");
    }
    for number in 1..=FAILURES_MAX {
        bench.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
        assert!(it.commit_all(vec![small()]).await[0].is_err());
        assert_eq!(it.is_failing(), number == FAILURES_MAX, "each batch counts once");
    }
}

#[tokio::test]
async fn numbers_of_the_feed_that_cannot_be_given_make_nothing_unavailable() {
    let bench = TestApp::new();
    let it = watched(&bench);
    for _ in 0..FAILURES_MAX {
        bench.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
        let numbering = UnitOfWork::new().with_write(Write::NumberFeedEvents(1));
        assert!(it.commit(numbering).await.is_err());
    }
    assert!(!it.is_failing());
}
