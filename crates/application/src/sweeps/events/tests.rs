use domain::payment::{EventKind, PaymentStatus};
use ports::{Happening, ParsedNotice};

use super::*;
use crate::testing::*;

/// A notice of a capture that waits for its transaction.
fn bench(disposition: Disposition) -> Bench {
    let it = Bench::new().with(|it| it.events.push(kept("e1", disposition)));
    it.gateway.means("e1", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00"))));
    it
}

fn with_payment(it: Bench) -> Bench {
    it.with(|it| {
        it.orders.push(order());
        it.transactions.push(pending());
    })
}

fn became(it: &Bench) -> Disposition {
    it.record.state().events[0].disposition
}

#[tokio::test]
async fn a_notice_is_applied_once_its_transaction_is_known() {
    for waited in [Disposition::Parked, Disposition::Overdue] {
        let it = with_payment(bench(waited));
        assert!(!apply_parked(&it.app).await.unwrap());
        assert_eq!(it.journal(), ["commit UpdateOrder UpdateTransaction MoveEvent"]);
        assert_eq!(became(&it), Disposition::Applied);
        assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
        assert_eq!(it.meter.count(Happening::Swept("apply-parked", 1)), 1);
    }
}

#[tokio::test]
async fn what_another_instance_has_applied_changes_nothing_more() {
    let it = with_payment(bench(Disposition::Parked));
    it.record.meanwhile(|it| {
        it.events[0].disposition = Disposition::Applied;
        it.orders[0] = paid();
        it.transactions[0] = captured();
    });
    apply_parked(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn what_cannot_be_read_any_more_is_not_tried_for_ever() {
    let it = with_payment(bench(Disposition::Parked));
    it.gateway.means("e1", ParsedNotice::Unintelligible { fault: "another reader" });
    apply_parked(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
    assert_eq!(it.meter.all(), [], "a sweep that got nowhere does not go on at once");
}

#[tokio::test]
async fn a_notice_that_waited_and_differs_is_told_once() {
    let it = with_payment(bench(Disposition::Parked));
    it.gateway.means("e1", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.01"))));
    for _ in 0..2 {
        apply_parked(&it.app).await.unwrap();
    }
    let kinds: Vec<_> = it.record.state().findings.iter().map(|it| it.kind).collect();
    assert_eq!((kinds, became(&it)), (vec![FindingKind::AmountMismatch], Disposition::Flagged));
}

#[tokio::test]
async fn a_notice_whose_transaction_does_not_turn_up_is_told_once() {
    let it = bench(Disposition::Parked);
    report_overdue(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
    it.clock.advance(it.app.policy.parked_max);
    for _ in 0..2 {
        report_overdue(&it.app).await.unwrap();
    }
    assert_eq!(it.journal(), ["commit MoveEvent InsertFinding"]);
    let finding = it.record.state().findings[0].clone();
    assert_eq!((finding.kind, finding.transaction), (FindingKind::UnknownTransaction, Some(pending().id)));
    assert_eq!((finding.gateway, finding.event), (Some(sandbox()), Some(kept("e1", Disposition::Parked).id)));
}

#[tokio::test]
async fn another_instance_that_is_faster_is_no_failure() {
    let it = bench(Disposition::Parked);
    it.clock.advance(it.app.policy.parked_max);
    it.record.meanwhile(|it| it.events[0].disposition = Disposition::Overdue);
    assert!(!report_overdue(&it.app).await.unwrap());
    assert_eq!(it.record.state().findings, []);
}
