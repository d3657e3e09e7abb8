use domain::{EventId, GatewayName, OrderNumber, TransactionId, UserKey};
use ports::CommitError;

use super::*;
use crate::testing::*;

fn row(key: usize) -> UnreadableRow {
    let owner = Some(Box::new(RowOwner::Order(OrderNumber::new("order-1".into()))));
    UnreadableRow { table: "orders", column: "currency", key: key.to_string(), owner }
}

#[tokio::test]
async fn a_row_that_is_read_again_and_again_is_reported_once() {
    let it = TestApp::new();
    for _ in 0..3 {
        it.app.unreadable_rows.record_unreadable(&row(17));
        report_unreadable_rows(&it.app).await.unwrap();
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
async fn a_row_that_is_still_unreadable_after_a_while_is_reported_again() {
    let it = TestApp::new();
    it.app.unreadable_rows.record_unreadable(&row(17));
    report_unreadable_rows(&it.app).await.unwrap();
    it.clock.advance(REPORT_INTERVAL);
    report_unreadable_rows(&it.app).await.unwrap();
    assert_eq!(it.record.commits().len(), 1, "it was not read again");
    it.app.unreadable_rows.record_unreadable(&row(17));
    report_unreadable_rows(&it.app).await.unwrap();
    assert_eq!(it.record.commits().len(), 2);
    assert_eq!(it.record.state().findings.len(), 1, "the first one is still open");
    it.record.change(|it| (it.findings[0].finding.resolved_at, it.findings[0].subject) = (Some(NOW), None));
    it.clock.advance(REPORT_INTERVAL);
    it.app.unreadable_rows.record_unreadable(&row(17));
    report_unreadable_rows(&it.app).await.unwrap();
    assert_eq!(it.record.state().findings.len(), 2, "the first one was resolved, and nothing has changed");
}

#[tokio::test]
async fn what_could_not_be_published_is_published_the_next_time() {
    let it = TestApp::new();
    it.app.unreadable_rows.record_unreadable(&row(17));
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(report_unreadable_rows(&it.app).await.is_err());
    it.record.refuse_next_commit(CommitError::Stale);
    report_unreadable_rows(&it.app).await.unwrap();
    report_unreadable_rows(&it.app).await.unwrap();
    assert_eq!(it.record.state().findings.len(), 1);
}

#[tokio::test]
async fn only_so_many_rows_are_remembered() {
    let it = TestApp::new();
    for key in 0..ROWS_MAX + 10 {
        it.app.unreadable_rows.record_unreadable(&row(key));
    }
    assert_eq!(it.app.unreadable_rows.list_unreported_rows().len(), ROWS_MAX);
}

#[tokio::test]
async fn a_finding_says_whose_the_row_is_by_what_an_operator_knows() {
    let it = TestApp::new().with_state(|it| it.users.push(account_of(ada(), "green tea")));
    let event = RowOwner::Event(
        GatewayName::new("sandbox".into()),
        EventId::new("evt-1".into()),
        Some(TransactionId::new("t1".into())),
    );
    let owners =
        [event, RowOwner::User(ada().id), RowOwner::UserRow(ada().key), RowOwner::UserRow(UserKey::new(99))];
    for (key, owner) in owners.into_iter().enumerate() {
        let column = ["raw", "role", "spent", "replyStatus"][key];
        it.app.unreadable_rows.record_unreadable(&UnreadableRow {
            column,
            owner: Some(Box::new(owner)),
            ..row(key)
        });
        report_unreadable_rows(&it.app).await.unwrap();
    }
    let findings: Vec<_> = it.record.state().findings.into_iter().map(|it| it.finding).collect();
    let [event, user, users, unknown] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(event.gateway.as_ref().map(GatewayName::as_str), Some("sandbox"));
    assert_eq!(event.event.as_ref().map(EventId::as_str), Some("evt-1"));
    assert_eq!(event.transaction.as_ref().map(TransactionId::as_str), Some("t1"));
    let about = format!("It is about the user {}.", ada().id);
    assert!(user.detail.ends_with(&about) && users.detail.ends_with(&about), "{findings:?}");
    assert!(unknown.detail.ends_with("its key."), "a row's key never leaves the service: {unknown:?}");
}
