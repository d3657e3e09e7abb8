mod recent;
mod repeated;
mod unreadable;

use std::collections::HashMap;

use domain::{
    ChangedBy, EventId, Order, Transaction,
    order::OrderStatus,
    payment::{EventKind, PaymentStatus, PendingOperation},
};

use super::*;
use crate::testing::*;

fn bench(order: Order, transaction: Transaction) -> TestApp {
    TestApp::new().with_state(|it| {
        it.orders.push(order);
        it.transactions.push(transaction);
    })
}

/// Receives a notice whose body is its id; returns whether it was a duplicate.
async fn receive_on(it: &TestApp, id: &str) -> Result<bool, CallbackError> {
    let headers = HashMap::from([("id".to_owned(), id.to_owned())]);
    let acknowledgement = receive_notice(&it.app, &sandbox(), &headers, id.as_bytes(), network()).await?;
    // The acknowledgement is the gateway's own.
    assert_eq!((acknowledgement.status, acknowledgement.content_type), (202, "text/plain"));
    Ok(acknowledgement.body == "again")
}

/// Receives a notice that is parsed as this event; returns whether it was a duplicate.
async fn receive_event(it: &TestApp, id: &str, event: PaymentEvent) -> Result<bool, CallbackError> {
    it.gateway.set_parsed_notice(id, ParsedNotice::Event(Box::new(event)));
    receive_on(it, id).await
}

fn outcomes(it: &TestApp) -> Vec<Observation> {
    it.metrics.all_observations().into_iter().filter(|it| matches!(it, Observation::Callback(_))).collect()
}

fn kept_as(it: &TestApp) -> Vec<EventDisposition> {
    it.record.state().events.iter().map(|it| it.disposition).collect()
}

#[tokio::test]
async fn event_transaction_order_and_history_change_in_one_commit() {
    let it = bench(order(), pending());
    assert!(!receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    let writes = it.record.only_commit();
    let [
        Write::RemoveOpenOrder { owner, lines },
        Write::UpdateOrder(order_change),
        Write::UpdateTransaction(transaction),
        Write::InsertEvent(event),
    ] = &writes[..]
    else {
        panic!("four writes")
    };
    assert_eq!(
        (*owner, lines),
        (order().owner, &order().lines_in_stock().collect()),
        "it is not counted as unpaid any more"
    );
    assert_eq!((order_change.order().status, order_change.history_entries().len()), (OrderStatus::Paid, 1));
    assert_eq!(order_change.history_entries()[0].by, ChangedBy::GATEWAY);
    assert_eq!(transaction.status(), PaymentStatus::Captured);
    let key = event.key;
    let kind = Some("payment.captured".to_owned());
    assert_eq!(*event, StoredEvent { key, kind, ..stored_event("e1", EventDisposition::Applied) });
    assert_eq!(outcomes(&it), [Observation::Callback(CallbackOutcome::Applied)]);
}

#[tokio::test]
async fn a_notice_that_was_kept_has_no_effect_again() {
    let it = bench(order(), pending())
        .with_state(|it| it.events.push(stored_event("e1", EventDisposition::Applied)));
    assert!(receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(it.record.commits(), []);
    assert_eq!(outcomes(&it), [Observation::Callback(CallbackOutcome::Duplicate)]);
}

#[tokio::test]
async fn a_notice_that_is_kept_by_another_at_the_same_moment_has_no_effect_again() {
    let it = bench(order(), pending()).without_locks();
    it.record.before_next_commit(|it| it.events.push(stored_event("e1", EventDisposition::Applied)));
    assert!(receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Pending);
}

#[tokio::test]
async fn another_notice_of_what_is_true_is_kept_without_effect() {
    let it = bench(paid(), captured());
    assert!(!receive_event(&it, "e2", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(
        (kept_as(&it), it.record.state().orders[0].status),
        (vec![EventDisposition::Unchanged], OrderStatus::Paid)
    );
    assert_eq!(outcomes(&it), [Observation::Callback(CallbackOutcome::Unchanged)]);
}

#[tokio::test]
async fn a_notice_of_an_unknown_transaction_is_parked() {
    let it = TestApp::new();
    assert!(!receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(
        (it.journal_lines(), kept_as(&it)),
        (vec!["commit InsertEvent".to_owned()], vec![EventDisposition::Parked])
    );
    assert_eq!(outcomes(&it), [Observation::Callback(CallbackOutcome::Waiting)]);
}

#[tokio::test]
async fn a_refund_that_came_first_is_applied_with_its_capture() {
    let it = bench(order(), pending());
    let mut refund = event(EventKind::RefundSucceeded, "5.00");
    refund.refund = Some(domain::RefundId::new("r1".to_owned()));
    receive_event(&it, "e1", refund).await.unwrap();
    assert_eq!(kept_as(&it), [EventDisposition::Waiting]);
    receive_event(&it, "e2", event(EventKind::Captured, "20.00")).await.unwrap();
    assert_eq!(
        it.journal_lines()[1],
        "commit RemoveOpenOrder UpdateOrder UpdateTransaction MoveEvent InsertEvent"
    );
    assert_eq!(kept_as(&it), [EventDisposition::Applied, EventDisposition::Applied]);
    assert_eq!(it.record.state().transactions[0].refunded_amount(), yuan("5"));
}

#[tokio::test]
async fn a_notice_that_differs_from_what_was_agreed_is_kept_with_a_finding() {
    let it = bench(order(), pending());
    receive_event(&it, "e1", event(EventKind::Captured, "20.01")).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit UpdateOrder UpdateTransaction InsertFinding InsertEvent"]);
    let state = it.record.state();
    let finding = &state.findings[0].finding;
    assert_eq!(
        (finding.kind, &finding.event),
        (FindingKind::AmountMismatch, &Some(EventId::new("e1".to_owned())))
    );
    assert_eq!((&finding.transaction, &finding.order), (&Some(pending().id), &Some(order().number)));
    assert_eq!(
        (state.orders[0].status, state.transactions[0].status()),
        (OrderStatus::Pending, PaymentStatus::Pending)
    );
}

#[tokio::test]
async fn money_that_comes_too_late_goes_back_with_a_finding_in_the_same_commit() {
    let cancelled = transition_order_to(order(), OrderStatus::Cancelled, ChangedBy::customer(ada().key));
    let it = bench(cancelled.clone(), pending());
    receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit UpdateOrder UpdateTransaction InsertFinding InsertEvent"]);
    let state = it.record.state();
    assert_eq!(
        (state.orders[0].status, state.findings[0].finding.kind),
        (OrderStatus::Cancelled, FindingKind::LateCapture)
    );
    let refund = &state.transactions[0].refunds[0];
    assert_eq!((refund.amount, refund.check_at), (yuan("20"), Some(NOW)));
}

#[tokio::test]
async fn an_order_that_is_cancelled_under_the_commit_is_decided_again() {
    let it = bench(order(), pending());
    it.record.before_next_commit(|it| {
        it.orders[0] = transition_order_to(order(), OrderStatus::Cancelled, ChangedBy::customer(ada().key))
    });
    receive_event(&it, "e1", event(EventKind::Authorized, "20.00")).await.unwrap();
    let state = it.record.state();
    assert_eq!(
        (state.orders[0].status, state.transactions[0].pending_operation),
        (OrderStatus::Cancelled, Some(PendingOperation::Void))
    );
}

#[tokio::test]
async fn another_gateways_transaction_is_not_touched() {
    let other = Transaction { gateway: GatewayName::new("other".to_owned()), ..pending() };
    let it = bench(order(), other);
    receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap();
    assert_eq!(
        (it.journal_lines(), kept_as(&it)),
        (vec!["commit InsertEvent".to_owned()], vec![EventDisposition::Parked])
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_with_a_finding() {
    let it = TestApp::new();
    it.gateway.set_parsed_notice("e1", ParsedNotice::UnknownType { kind: "moon.rose".to_owned() });
    receive_on(&it, "e1").await.unwrap();
    receive_on(&it, "e2").await.unwrap();
    assert_eq!(it.journal_lines(), ["commit InsertFinding InsertEvent"; 2]);
    let kinds: Vec<_> = it.record.state().findings.iter().map(|it| it.finding.kind).collect();
    assert_eq!(kinds, [FindingKind::UnknownType, FindingKind::Unintelligible]);
    assert_eq!(kept_as(&it), [EventDisposition::Flagged; 2]);
    assert_eq!(it.record.state().events[0].kind.as_deref(), Some("moon.rose"));
}

#[tokio::test]
async fn what_is_irrelevant_is_kept_once_without_a_finding() {
    let it = bench(order(), pending());
    it.gateway.set_parsed_notice("e1", ParsedNotice::Irrelevant { kind: "moon.rose".to_owned() });
    for duplicate in [false, true] {
        assert_eq!(receive_on(&it, "e1").await.unwrap(), duplicate);
    }
    assert_eq!(it.journal_lines(), ["commit InsertEvent"]);
    assert_eq!(kept_as(&it), [EventDisposition::Unchanged]);
    assert_eq!(it.record.state().events[0].kind.as_deref(), Some("moon.rose"));
}

#[tokio::test]
async fn what_is_not_genuine_is_only_counted() {
    let it = bench(order(), pending());
    let refused = receive_notice(&it.app, &sandbox(), &HashMap::new(), b"e1", network()).await;
    assert!(matches!(refused, Err(CallbackError::InvalidSignature(_))));
    assert_eq!(it.record.commits(), []);
    assert_eq!(it.metrics.all_observations(), [Observation::Callback(CallbackOutcome::Refused)]);
    let other = GatewayName::new("other".to_owned());
    let unknown = receive_notice(&it.app, &other, &HashMap::new(), b"e1", network()).await;
    assert!(matches!(unknown, Err(CallbackError::UnknownGateway)));
}

#[tokio::test]
async fn nothing_is_confirmed_that_was_not_committed() {
    let it = bench(order(), pending());
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    let lost = receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await;
    assert!(matches!(lost, Err(CallbackError::Failed(_))));
    it.record.lose_next_answer();
    let lost = receive_on(&it, "e1").await;
    assert!(matches!(lost, Err(CallbackError::Failed(_))));
    assert!(receive_on(&it, "e1").await.unwrap(), "the gateway sends it again: it was stored the first time");
    assert_eq!(outcomes(&it), [Observation::Callback(CallbackOutcome::Duplicate)]);
}

#[tokio::test]
async fn what_waits_for_a_capture_is_found_when_the_payment_ends_without_one() {
    for arrival in [["dispute", "failure"], ["failure", "dispute"]] {
        let it = bench(order(), pending());
        for id in arrival {
            let kind = if id == "dispute" { EventKind::Disputed } else { EventKind::Failed };
            receive_event(&it, id, event(kind, "20.00")).await.unwrap();
        }
        let state = it.record.state();
        let findings: Vec<_> =
            state.findings.iter().map(|it| (it.finding.kind, it.finding.event.clone())).collect();
        let dispute = Some(EventId::new("dispute".to_owned()));
        assert_eq!(findings, [(FindingKind::Contradiction, dispute)], "{arrival:?}");
    }
}

#[tokio::test]
async fn a_finding_names_the_notice_that_raised_it_though_another_let_it_count() {
    let it = bench(order(), pending());
    receive_event(&it, "dispute", event(EventKind::Disputed, "20.00")).await.unwrap();
    receive_event(&it, "capture", event(EventKind::Captured, "20.00")).await.unwrap();
    let state = it.record.state();
    let found: Vec<_> = state.findings.iter().map(|it| (it.finding.kind, it.finding.event.clone())).collect();
    assert_eq!(found, [(FindingKind::Dispute, Some(EventId::new("dispute".to_owned())))]);
}

fn kinds(it: &TestApp) -> Vec<FindingKind> {
    it.record.state().findings.iter().map(|it| it.finding.kind).collect()
}

#[tokio::test]
async fn a_reference_is_learnt_in_the_commit_of_the_notice_that_states_it() {
    let it = bench(order(), pending());
    let stated = PaymentEvent {
        target: EventTarget::Transaction(pending().id),
        ..event_of("pi_1", EventKind::Captured, "20.00")
    };
    receive_event(&it, "e1", stated).await.unwrap();
    assert_eq!(
        it.journal_lines(),
        ["commit RemoveOpenOrder UpdateOrder UpdateTransaction LearnReference InsertEvent"]
    );
    assert_eq!(it.record.state().transactions[0].reference(), Some(&reference("pi_1")));
    let refund = PaymentEvent {
        references: domain::payment::EventReferences {
            refund: Some(reference("re_1")),
            ..Default::default()
        },
        ..event_of("pi_1", EventKind::RefundSucceeded, "5.00")
    };
    receive_event(&it, "e2", refund).await.unwrap();
    let state = it.record.state();
    assert_eq!(state.transactions[0].refunds[0].id.as_str(), "re_1", "it began in the dashboard");
    assert_eq!(
        (state.transactions[0].refunded_amount(), state.transactions[0].references.len()),
        (yuan("5"), 2)
    );
}

#[tokio::test]
async fn a_notice_that_names_an_unknown_reference_is_parked_and_applied_when_it_is_learnt() {
    let it = bench(order(), pending());
    receive_event(&it, "e1", event_of("pi_1", EventKind::Captured, "20.00")).await.unwrap();
    assert_eq!(kept_as(&it), [EventDisposition::Parked]);
    assert_eq!(it.record.state().events[0].target, Some(EventTarget::Reference(named("pi_1"))));
    let stated = PaymentEvent {
        target: EventTarget::Transaction(pending().id),
        ..event_of("pi_1", EventKind::Authorized, "20.00")
    };
    receive_event(&it, "e2", stated).await.unwrap();
    assert!(!crate::sweeps::apply_parked_events(&it.app).await.unwrap());
    assert_eq!(kept_as(&it), [EventDisposition::Applied, EventDisposition::Applied]);
    assert_eq!(it.record.state().orders[0].status, OrderStatus::Paid);
}

#[tokio::test]
async fn a_reference_of_another_payment_is_a_finding_and_changes_nothing() {
    let other = Transaction {
        key: domain::TransactionKey::new(generated_key(21)),
        id: domain::TransactionId::new("t2".to_owned()),
        sequence: 2,
        ..failed()
    };
    let known = domain::payment::KnownReference {
        owner: domain::payment::ReferenceOwner::Payment,
        reference: reference("pi_1"),
    };
    let it = bench(order(), pending()).with_state(|it| it.transactions.push(other));
    // Another instance stores the reference first.
    it.record.before_next_commit(move |it| it.transactions[1].references.push(known));
    let stated = PaymentEvent {
        target: EventTarget::Transaction(pending().id),
        ..event_of("pi_1", EventKind::Captured, "20.00")
    };
    receive_event(&it, "e1", stated).await.unwrap();
    assert_eq!(
        (kept_as(&it), kinds(&it)),
        (vec![EventDisposition::Flagged], vec![FindingKind::Contradiction])
    );
    let state = it.record.state();
    assert_eq!(
        (state.transactions[0].status(), state.transactions[0].references.len()),
        (PaymentStatus::Pending, 0)
    );
}

#[tokio::test]
async fn a_notice_about_a_nameless_refund_waits_and_is_found_by_its_reference() {
    let it = bench(order(), pending());
    let stated = PaymentEvent {
        target: EventTarget::Transaction(pending().id),
        ..event_of("pi_1", EventKind::Captured, "20.00")
    };
    receive_event(&it, "e1", stated).await.unwrap();
    it.record.change(|state| {
        let mut case = domain::payment::TransactionChange::from_order(
            state.orders[0].clone(),
            state.transactions[0].clone(),
            false,
        );
        let ids = domain::payment::RefundIds {
            key: domain::RefundKey::new(1),
            id: domain::RefundId::new("r1".to_owned()),
        };
        case.request_refund(
            domain::payment::RefundRequest::for_amount(Some(yuan("5"))),
            ChangedBy::SYSTEM,
            ids,
            NOW,
        )
        .unwrap();
        state.transactions[0] = case.transaction;
    });
    let references =
        domain::payment::EventReferences { refund: Some(reference("re_1")), ..Default::default() };
    let notice = PaymentEvent {
        references: references.clone(),
        ..event_of("pi_1", EventKind::RefundSucceeded, "5.00")
    };
    receive_event(&it, "e2", notice).await.unwrap();
    assert_eq!(kept_as(&it), [EventDisposition::Applied, EventDisposition::Waiting]);
    let ours = PaymentEvent {
        refund: Some(domain::RefundId::new("r1".to_owned())),
        references,
        ..event_of("pi_1", EventKind::RefundSucceeded, "5.00")
    };
    receive_event(&it, "e3", ours).await.unwrap();
    let state = it.record.state();
    assert_eq!(
        (state.transactions[0].refunds.len(), state.transactions[0].refunded_amount()),
        (1, yuan("5"))
    );
    assert_eq!(
        kept_as(&it),
        [EventDisposition::Applied, EventDisposition::Unchanged, EventDisposition::Applied]
    );
}
