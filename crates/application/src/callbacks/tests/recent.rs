use std::{panic::AssertUnwindSafe, sync::Arc};

use domain::{
    TransactionId,
    order::Metadata,
    payment::{CaptureMethod, GatewayReference, PaymentToken},
};
use futures_util::FutureExt;
use ports::{MockEventRepository, MockLockManager, MockPaymentRepository};

use super::*;
use crate::{
    IdempotentReply,
    caching::KnownEvents,
    payments::{NewPayment, VisibleTransaction, start_payment},
};

/// A payment that this process has started and whose capture the gateway has answered.
async fn paid_here() -> (TestApp, TransactionId) {
    let it = TestApp::new().with_state(|it| it.orders.push(order()));
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let payment = NewPayment {
        number: order().number,
        gateway: sandbox(),
        token: PaymentToken::new("tok_visa".to_owned()),
        capture_method: CaptureMethod::Automatic,
        metadata: Metadata::default(),
    };
    let show = |shown: &VisibleTransaction| reply(shown.transaction.id.as_str());
    let paid = start_payment(&it.app, &caller(ada()), request(), payment, show).await.unwrap();
    let IdempotentReply::New(paid) = paid else { panic!("it is new") };
    (it, TransactionId::new(paid.body))
}

fn captured_event(id: &TransactionId) -> PaymentEvent {
    PaymentEvent { target: EventTarget::Transaction(id.clone()), ..event(EventKind::Captured, "20.00") }
}

fn last_commit(it: &TestApp) -> String {
    it.journal_lines().last().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_notice_of_what_was_answered_here_is_stored_without_a_lock_and_without_reading_the_payment() {
    let (mut it, id) = paid_here().await;
    it.app.locks = Arc::new(MockLockManager::new());
    it.app.payments = Arc::new(MockPaymentRepository::new());
    assert!(!receive_event(&it, "e1", captured_event(&id)).await.unwrap());
    assert_eq!(last_commit(&it), "commit InsertEvent");
    assert_eq!(kept_as(&it), [EventDisposition::Unchanged]);
    assert!(receive_event(&it, "e1", captured_event(&id)).await.unwrap(), "it is stored once");
}

#[tokio::test]
async fn a_notice_that_says_more_than_was_answered_here_is_decided_on_what_is_read() {
    let more: [fn(&mut PaymentEvent); 3] = [
        |it| it.references.payment = Some(GatewayReference::new("pi_1".to_owned())),
        |it| it.reported.amount = "20.01".to_owned(),
        |it| it.kind = EventKind::Failed,
    ];
    for more in more {
        let (it, id) = paid_here().await;
        let mut told = captured_event(&id);
        more(&mut told);
        assert!(!receive_event(&it, "e1", told).await.unwrap());
        assert!(last_commit(&it).contains("UpdateOrder"), "{:?}", it.journal_lines());
    }
}

#[tokio::test]
async fn what_was_answered_elsewhere_is_read() {
    let mut it = bench(paid(), captured());
    it.app.payments = Arc::new(MockPaymentRepository::new());
    it.gateway.set_parsed_notice("e1", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00"))));
    let reads = AssertUnwindSafe(receive_on(&it, "e1")).catch_unwind();
    assert!(reads.await.is_err(), "no read is expected");
}

#[tokio::test]
async fn a_copy_of_a_notice_that_was_stored_here_asks_nothing() {
    let mut it = bench(order(), pending());
    it.app.known_events = KnownEvents::new(Arc::<FakeCache>::default());
    assert!(!receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    it.app.events = Arc::new(MockEventRepository::new());
    it.app.locks = Arc::new(MockLockManager::new());
    it.app.payments = Arc::new(MockPaymentRepository::new());
    assert!(receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(outcomes(&it)[1], Observation::Callback(CallbackOutcome::Duplicate));
}

#[tokio::test]
async fn a_notice_whose_commit_is_not_known_to_have_happened_is_not_known_to_be_stored() {
    let mut it = bench(order(), pending());
    it.app.known_events = KnownEvents::new(Arc::<FakeCache>::default());
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap_err();
    assert!(!receive_on(&it, "e1").await.unwrap(), "the second one stores it");
    assert_eq!(kept_as(&it), [EventDisposition::Applied]);
}

#[tokio::test]
async fn copies_that_come_at_once_are_decided_once_and_take_no_lock() {
    let mut it = bench(order(), pending());
    it.app.known_events = KnownEvents::new(Arc::<FakeCache>::default());
    it.app.locks = Arc::new(MockLockManager::new());
    it.gateway.set_parsed_notice("e1", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00"))));
    let copies = tokio::join!(receive_on(&it, "e1"), receive_on(&it, "e1"), receive_on(&it, "e1"));
    let mut copies = [copies.0.unwrap(), copies.1.unwrap(), copies.2.unwrap()];
    copies.sort_unstable();
    assert_eq!(copies, [false, true, true], "one is new");
    assert_eq!(it.record.commits().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_notice_whose_turn_does_not_come_is_processed_all_the_same() {
    let it = bench(order(), pending());
    let name = order_lock_name(&order().number);
    let _turn = it.app.notices_in_flight.wait_for_turn(&name, Duration::ZERO).await.unwrap();
    assert!(!receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(kept_as(&it), [EventDisposition::Applied]);
}
