//! Payments that wait for their buyer.

use domain::payment::{EventKind, NextAction};

use super::*;

fn qr_code(content: &str) -> NextAction {
    NextAction::QrCode { content: content.to_owned() }
}

/// A payment that waits for its buyer.
fn awaited() -> Transaction {
    Transaction { next_action: Some(qr_code("first")), ..pending() }
}

/// Checks whenever a check is due, until that time has passed; the gateway answers that nothing has happened.
async fn check_until(it: &TestApp, end: Timestamp) -> u32 {
    let mut count = 0;
    while let Some(due) = only(it).check_at.filter(|due| *due < end) {
        it.clock.advance(due.saturating_duration_since(it.app.clock.now()));
        it.gateway.push_answer(answer_nothing);
        check(it).await;
        count += 1;
    }
    count
}

#[tokio::test]
async fn a_buyer_has_a_day_before_an_operator_hears_of_it_once() {
    let it = bench(awaited());
    let day_over = NOW.saturating_add(BUYER_TIME_MAX);
    let count = check_until(&it, day_over).await;
    assert!((200..500).contains(&count), "{count} checks: rarer and rarer, and at least every five minutes");
    assert_eq!(only(&it).checks, CHECKS_BEFORE_FINDING - 1);
    assert_eq!(it.record.state().findings, []);
    let last = only(&it).check_at.unwrap();
    assert!(last.saturating_duration_since(day_over) <= CHECK_DELAY_MAX);
    check_until(&it, day_over.saturating_add(seconds(3_600))).await;
    let kinds: Vec<_> = it.record.state().findings.iter().map(|it| it.finding.kind).collect();
    assert_eq!(kinds, [FindingKind::Reconciliation]);
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_a_finding_at_once_also_while_a_buyer_is_awaited() {
    let it = bench(awaited());
    for _ in 0..CHECKS_BEFORE_FINDING {
        it.clock.advance(CHECK_DELAY_MAX);
        check(&it).await;
    }
    assert_eq!(it.record.state().findings.len(), 1);
}

#[tokio::test]
async fn an_action_whose_answer_was_lost_is_stated_by_the_same_charge() {
    let lines = async |states_action_by_charge: bool, transaction: Transaction| {
        let it = bench(transaction);
        it.gateway.state_action_by_charge(states_action_by_charge);
        it.gateway.push_answer(answer_nothing);
        it.gateway.push_answer(|_| Ok(ScriptedAnswer::Awaited(qr_code("again"))));
        check(&it).await;
        (it.journal_lines().iter().filter(|it| it.starts_with("charge")).count(), only(&it).next_action)
    };
    assert_eq!(lines(true, pending()).await, (1, Some(qr_code("again"))));
    assert_eq!(lines(false, pending()).await, (0, None), "a lookup of this gateway would state it");
    assert_eq!(lines(true, awaited()).await, (0, Some(qr_code("first"))), "it is known");
}

#[tokio::test]
async fn a_payment_without_a_buyer_to_wait_for_is_a_finding_after_eight_checks() {
    let it = bench(pending());
    check_until(&it, NOW.saturating_add(seconds(600))).await;
    assert_eq!(it.record.state().findings.len(), 1);
    // A finding that was made before the buyer was asked is not made again while it is waited for.
    it.record.change(|it| it.transactions[0].next_action = Some(qr_code("late")));
    check_until(&it, NOW.saturating_add(seconds(36_000))).await;
    assert_eq!(it.record.state().findings.len(), 1);
    assert!(only(&it).checks > CHECKS_BEFORE_FINDING);
}

#[tokio::test]
async fn a_refund_waits_for_no_buyer() {
    let it = bench(Transaction { refunds: vec![refund("r1", Some(NOW))], ..captured() });
    it.record.change(|it| it.transactions[0].next_action = Some(qr_code("old")));
    for _ in 0..CHECKS_BEFORE_FINDING {
        it.clock.advance(CHECK_DELAY_MAX);
        check(&it).await;
    }
    assert_eq!(it.record.state().findings.len(), 1);
}

#[tokio::test]
async fn the_last_next_action_holds_and_a_lookup_without_one_changes_nothing() {
    let it = bench(awaited());
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Awaited(qr_code("first"))));
    check(&it).await;
    assert_eq!(it.journal_lines()[1], "commit Postpone", "the same as before is no change");
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Awaited(qr_code("second"))));
    check(&it).await;
    assert_eq!(it.journal_lines()[3], "commit UpdateOrder UpdateTransaction SetNextAction");
    it.gateway.push_answer(answer_nothing);
    check(&it).await;
    assert_eq!(only(&it).next_action, Some(qr_code("second")));
}

#[tokio::test]
async fn another_instance_that_was_faster_does_not_keep_the_last_word_from_the_slower_one() {
    let it = bench(awaited());
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Awaited(qr_code("second"))));
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions[0].next_action = Some(qr_code("meanwhile"));
    });
    check(&it).await;
    assert_eq!(only(&it).next_action, Some(qr_code("second")));
}

#[tokio::test]
async fn a_result_removes_the_next_action() {
    for kind in [EventKind::Captured, EventKind::Failed] {
        let it = bench(awaited());
        it.gateway.push_answer(answer_with(kind));
        check(&it).await;
        assert!(
            it.journal_lines()[1].ends_with("UpdateTransaction SetNextAction"),
            "{:?}",
            it.journal_lines()
        );
        assert_eq!(only(&it).next_action, None);
    }
}
