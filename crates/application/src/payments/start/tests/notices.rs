//! Answers and notices that arrive at the same time.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;

use super::*;
use crate::keys_in_flight::{NOTICE_WAIT, order_lock_name};

#[tokio::test]
async fn an_answer_that_waited_for_a_notice_is_applied_to_what_is_read_then_and_is_never_stale() {
    let mut it = with_order();
    read_cases(&mut it, 2);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let name = order_lock_name(&order().number);
    let turn = it.app.notices_in_flight.wait_for_turn(&name, NOTICE_WAIT).await.unwrap();
    let notice = async {
        // Once the payment is committed and charged.
        while it.journal_lines().len() < 2 {
            tokio::task::yield_now().await;
        }
        it.record.change(|it| it.orders[0].revision = it.orders[0].revision.next());
        drop(turn);
    };
    let (paid, ()) = tokio::join!(pay(&it), notice);
    assert_eq!(told(&paid.unwrap()), (true, "CAPTURED"));
    assert_eq!(it.metrics.count(ports::Observation::Retry), 0);
}

#[tokio::test]
async fn a_notice_waits_until_the_answer_is_committed() {
    let it = with_order();
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let (in_flight, name) = (it.app.notices_in_flight.clone(), order_lock_name(&order().number));
    let has_turn = Arc::new(AtomicBool::new(false));
    let sees_turn = Arc::clone(&has_turn);
    it.record.accept_next_commit();
    it.record.before_next_commit(move |_| {
        let other = in_flight.wait_for_turn(&name, NOTICE_WAIT).now_or_never();
        sees_turn.store(other.is_none(), Ordering::SeqCst);
    });
    pay(&it).await.unwrap();
    assert!(has_turn.load(Ordering::SeqCst), "the answer has the turn of its order while it is committed");
    let after = it.app.notices_in_flight.wait_for_turn(&order_lock_name(&order().number), NOTICE_WAIT).await;
    assert!(!after.unwrap().has_waited(), "and then it is free");
}

#[tokio::test]
async fn an_answer_to_what_a_notice_has_changed_meanwhile_is_applied_to_what_is_read_then() {
    let mut it = with_order();
    read_cases(&mut it, 2);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    it.record.accept_next_commit();
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions[0].details.card_last4 = Some("1881".to_owned());
    });
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    let state = it.record.state();
    assert_eq!(state.transactions[0].status(), PaymentStatus::Captured);
    assert_eq!(state.transactions[0].details.card_last4.as_deref(), Some("1881"), "and is not lost");
}
