use domain::{
    EventId, EventKey, TransactionId,
    payment::{EventKind, PaymentStatus},
};
use ports::{Observation, ParsedNotice};

use super::*;
use crate::testing::*;

/// A stored notice of a capture, whose transaction does not exist.
fn bench(disposition: EventDisposition) -> TestApp {
    let it = TestApp::new().with_state(|it| it.events.push(stored_event("e1", disposition)));
    it.gateway.set_parsed_notice("e1", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00"))));
    it
}

fn with_payment(it: TestApp) -> TestApp {
    it.with_state(|it| {
        it.orders.push(order());
        it.transactions.push(pending());
    })
}

fn became(it: &TestApp) -> EventDisposition {
    it.record.state().events[0].disposition
}

#[tokio::test]
async fn a_notice_is_applied_once_its_transaction_is_known() {
    for disposition in [EventDisposition::Parked, EventDisposition::Overdue] {
        let it = with_payment(bench(disposition));
        assert!(!apply_parked_events(&it.app).await.unwrap());
        assert!(!apply_overdue_events(&it.app).await.unwrap());
        assert_eq!(it.journal_lines(), ["commit RemoveOpenOrder UpdateOrder UpdateTransaction MoveEvent"]);
        assert_eq!(became(&it), EventDisposition::Applied);
        assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
        let sweep = if disposition == EventDisposition::Parked { "apply-parked" } else { "apply-overdue" };
        assert_eq!(it.metrics.count(Observation::BatchProcessed(sweep, 1)), 1);
    }
}

#[tokio::test]
async fn overdue_notices_are_looked_at_a_part_at_a_time_and_then_again_from_the_first() {
    let it = bench(EventDisposition::Overdue).with_state(|it| {
        let first = it.events.remove(0);
        for number in 0..i64::from(OVERDUE_STRETCH) {
            let target = Some(EventTarget::Transaction(TransactionId::new("unheard-of".to_owned())));
            let (key, id) = (EventKey::new(1_000_000 + number), EventId::new(format!("other-{number}")));
            let received_at = Timestamp::from_millis(number);
            it.events.push(StoredEvent { key, id, target, received_at, ..first.clone() });
        }
        it.events.push(first);
    });
    let it = with_payment(it);
    let became = |it: &TestApp| {
        let state = it.record.state();
        state.events.iter().find(|it| it.id.as_str() == "e1").unwrap().disposition
    };
    apply_overdue_events(&it.app).await.unwrap();
    assert_eq!(became(&it), EventDisposition::Overdue, "it is behind the first part");
    apply_overdue_events(&it.app).await.unwrap();
    assert_eq!(became(&it), EventDisposition::Applied);
    assert_eq!(*it.app.overdue_walk.lock_position(), None, "the next pass begins at the oldest one");
}

#[tokio::test]
async fn a_notice_that_is_unknown_for_long_is_given_up_with_a_finding_and_not_looked_at_again() {
    let it = bench(EventDisposition::Overdue);
    give_up_events(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
    it.clock.advance(it.app.policy.overdue_max);
    for _ in 0..2 {
        give_up_events(&it.app).await.unwrap();
    }
    assert_eq!(it.journal_lines(), ["commit MoveEvent InsertFinding"]);
    assert_eq!(became(&it), EventDisposition::Flagged);
    let finding = it.record.state().findings[0].finding.clone();
    assert_eq!((finding.kind, finding.transaction), (FindingKind::UnknownTransaction, Some(pending().id)));
    let it = with_payment(it);
    apply_overdue_events(&it.app).await.unwrap();
    assert_eq!(became(&it), EventDisposition::Flagged);
}

#[tokio::test]
async fn what_another_instance_has_applied_changes_nothing_more() {
    let it = with_payment(bench(EventDisposition::Parked));
    it.record.before_next_commit(|it| {
        it.events[0].disposition = EventDisposition::Applied;
        it.orders[0] = paid();
        it.transactions[0] = captured();
    });
    apply_parked_events(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn what_cannot_be_read_any_more_is_not_tried_for_ever() {
    let it = with_payment(bench(EventDisposition::Parked));
    it.gateway.set_parsed_notice("e1", ParsedNotice::Unintelligible { fault: "another reader" });
    apply_parked_events(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
    assert_eq!(it.metrics.all_observations(), [], "nothing was processed");
}

#[tokio::test]
async fn a_notice_that_waited_and_differs_is_reported_once() {
    let it = with_payment(bench(EventDisposition::Parked));
    it.gateway.set_parsed_notice("e1", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.01"))));
    for _ in 0..2 {
        apply_parked_events(&it.app).await.unwrap();
    }
    let kinds: Vec<_> = it.record.state().findings.iter().map(|it| it.finding.kind).collect();
    assert_eq!((kinds, became(&it)), (vec![FindingKind::AmountMismatch], EventDisposition::Flagged));
}

#[tokio::test]
async fn a_notice_whose_transaction_does_not_turn_up_is_reported_once() {
    let it = bench(EventDisposition::Parked);
    report_overdue_events(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
    it.clock.advance(it.app.policy.parked_max);
    for _ in 0..2 {
        report_overdue_events(&it.app).await.unwrap();
    }
    assert_eq!(it.journal_lines(), ["commit MoveEvent InsertFinding"]);
    let finding = it.record.state().findings[0].finding.clone();
    assert_eq!((finding.kind, finding.transaction), (FindingKind::UnknownTransaction, Some(pending().id)));
    assert_eq!(
        (finding.gateway, finding.event),
        (Some(sandbox()), Some(stored_event("e1", EventDisposition::Parked).id))
    );
}

#[tokio::test]
async fn another_instance_that_is_faster_is_no_failure() {
    let it = bench(EventDisposition::Parked);
    it.clock.advance(it.app.policy.parked_max);
    it.record.before_next_commit(|it| it.events[0].disposition = EventDisposition::Overdue);
    assert!(!report_overdue_events(&it.app).await.unwrap());
    assert_eq!(it.record.state().findings, []);
}

#[tokio::test]
async fn a_notice_that_cannot_be_applied_for_a_fault_of_the_program_is_reported() {
    let mut it = with_payment(bench(EventDisposition::Parked));
    let mut payments = ports::MockPaymentRepository::new();
    payments.expect_find_cases().returning(|_| Err(PortError::bug("a fault")));
    it.app.payments = std::sync::Arc::new(payments);
    it.clock.advance(it.app.policy.parked_max);
    report_overdue_events(&it.app).await.unwrap();
    assert_eq!((became(&it), it.record.state().findings.len()), (EventDisposition::Overdue, 1));
}

/// Overdue notices of that number about one payment.
fn with_overdue(count: i64) -> TestApp {
    let it = with_payment(bench(EventDisposition::Overdue)).with_state(|it| {
        let first = it.events.remove(0);
        it.events.extend((1..=count).map(|number| {
            let (key, id) = (EventKey::new(1_000 + number), EventId::new(format!("e{number}")));
            StoredEvent { key, id, ..first.clone() }
        }));
    });
    for number in 1..=count {
        let parsed = ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00")));
        it.gateway.set_parsed_notice(&format!("e{number}"), parsed);
    }
    it
}

#[tokio::test]
async fn an_overdue_notice_whose_commit_stays_unavailable_is_in_no_others_way() {
    let it = with_overdue(3);
    for _ in 0..2 {
        it.record.refuse_next_commit(unavailable_error().into());
    }
    let outcome = apply_overdue_events(&it.app).await;
    assert_eq!(it.record.commits().len(), 1, "the third one is applied");
    assert!(
        matches!(outcome, Err(PortError::Unavailable(_))),
        "{outcome:?}: the log says that something is away"
    );
}

#[tokio::test]
async fn when_the_database_is_away_three_overdue_notices_are_tried_and_the_walk_stays() {
    let it = with_overdue(4);
    it.app
        .overdue_walk
        .lock_position()
        .replace(EventPosition { at: Timestamp::from_millis(0), key: EventKey::new(1) });
    for _ in 0..3 {
        it.record.refuse_next_commit(unavailable_error().into());
    }
    assert!(apply_overdue_events(&it.app).await.is_err());
    assert_eq!(it.record.commits(), []);
    assert!(it.app.overdue_walk.lock_position().is_some(), "the next pass looks at them again");
}
