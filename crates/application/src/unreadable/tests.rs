use domain::OrderNumber;
use ports::CommitError;

use super::*;
use crate::testing::*;

fn row(key: usize) -> Unreadable {
    let owner = Some(Box::new(Owner::Order(OrderNumber::new("order-1".into()))));
    Unreadable { table: "orders", column: "currency", key: key.to_string(), owner }
}

#[tokio::test]
async fn a_row_that_is_read_again_and_again_is_told_of_once() {
    let it = Bench::new();
    for _ in 0..3 {
        it.app.unreadable.note(&row(17));
        report_unreadable(&it.app).await.unwrap();
    }
    let writes = it.record.only_commit();
    let [Write::InsertFindingOnce(finding, subject)] = writes.as_slice() else { panic!("{writes:?}") };
    assert_eq!(subject, "orders:17");
    assert_eq!(finding.kind, FindingKind::Unreadable);
    assert_eq!(finding.order, Some(OrderNumber::new("order-1".into())));
    assert!(finding.detail.contains("orders") && finding.detail.contains("currency"), "{}", finding.detail);
    assert!(!finding.detail.contains("17"), "a key never leaves the service: {}", finding.detail);
}

#[tokio::test]
async fn a_row_that_is_still_unreadable_after_a_while_is_told_of_again() {
    let it = Bench::new();
    it.app.unreadable.note(&row(17));
    report_unreadable(&it.app).await.unwrap();
    it.clock.advance(TOLD_FOR);
    report_unreadable(&it.app).await.unwrap();
    assert_eq!(it.record.commits().len(), 1, "it was not read again");
    it.app.unreadable.note(&row(17));
    report_unreadable(&it.app).await.unwrap();
    assert_eq!(it.record.commits().len(), 2);
    assert_eq!(it.record.state().findings.len(), 1, "the first one is still open");
    it.record.change(|it| (it.findings[0].finding.resolved_at, it.findings[0].subject) = (Some(NOW), None));
    it.clock.advance(TOLD_FOR);
    it.app.unreadable.note(&row(17));
    report_unreadable(&it.app).await.unwrap();
    assert_eq!(it.record.state().findings.len(), 2, "the first one was resolved, and nothing has changed");
}

#[tokio::test]
async fn what_could_not_be_told_is_told_the_next_time() {
    let it = Bench::new();
    it.app.unreadable.note(&row(17));
    it.record.refuses(CommitError::Failed(away()));
    assert!(report_unreadable(&it.app).await.is_err());
    it.record.refuses(CommitError::Stale);
    report_unreadable(&it.app).await.unwrap();
    report_unreadable(&it.app).await.unwrap();
    assert_eq!(it.record.state().findings.len(), 1);
}

#[tokio::test]
async fn only_so_many_rows_are_remembered() {
    let it = Bench::new();
    for key in 0..ROWS_MAX + 10 {
        it.app.unreadable.note(&row(key));
    }
    assert_eq!(it.app.unreadable.news().len(), ROWS_MAX);
}
