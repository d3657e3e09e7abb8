mod disputes;
mod references;
mod refunds;
mod returns;
mod stories;

use proptest::prelude::*;

use super::*;
use crate::order::{HistoryEntry, NewOrder, OrderStatus, is_valid_history};
use crate::{
    ChangedBy, EventId, FindingKind, Order, ProductId, RefundId, RefundKey, Text, UserKey, order::OrderLine,
};

const NOW: Timestamp = Timestamp::from_millis(1_000);

fn yuan(amount: &str) -> Money {
    Money::parse(amount, "CNY").unwrap()
}

fn order() -> Order {
    let item = OrderLine {
        product: ProductId::parse("sku").unwrap(),
        name: Text::new("Tea"),
        quantity: 1,
        price: yuan("10"),
        holds_stock: true,
        restocked: 0,
    };
    let placing = NewOrder {
        key: OrderKey::new(1),
        number: OrderNumber::new("n1".into()),
        owner: UserKey::new(1),
        now: NOW,
        expires_at: NOW,
    };
    Order::place(placing, vec![item]).unwrap()
}

fn transaction(capture_method: CaptureMethod) -> Transaction {
    Transaction {
        key: TransactionKey::new(1),
        id: TransactionId::new("t1".into()),
        order: OrderKey::new(1),
        order_number: OrderNumber::new("n1".into()),
        sequence: 1,
        gateway: GatewayName::new("sandbox".into()),
        token: PaymentToken::new("tok".into()),
        capture_method,
        amount: yuan("10"),
        facts: PaymentFacts::default(),
        pending_operation: None,
        details: PaymentDetails::default(),
        created_at: NOW,
        updated_at: NOW,
        check_at: Some(NOW),
        checks: 0,
        refunds: vec![],
        references: vec![],
        next_action: None,
        metadata: Metadata::default(),
    }
}

fn case() -> TransactionChange {
    TransactionChange::from_order(order(), transaction(CaptureMethod::Automatic), false)
}

fn fresh() -> RefundIds {
    RefundIds { key: RefundKey::new(9), id: RefundId::new("auto".into()) }
}

fn event(kind: EventKind) -> PaymentEvent {
    money_event(kind, "10", None)
}

fn money_event(kind: EventKind, amount: &str, refund: Option<&str>) -> PaymentEvent {
    let text = |it: &str| Some(format!("{it} of {}", kind.as_str()));
    PaymentEvent {
        id: EventId::new(format!("{} {amount} {}", kind.as_str(), refund.unwrap_or_default())),
        kind,
        target: EventTarget::Transaction(TransactionId::new("t1".into())),
        order: Some(OrderNumber::new("n1".into())),
        reported: ReportedAmount::from(yuan(amount)),
        refund: refund.map(|it| RefundId::new(it.into())),
        dispute: None,
        references: EventReferences::default(),
        details: PaymentDetails {
            card_last4: Some("4242".into()),
            card_brand: Some("visa".into()),
            authorization_code: text("code"),
            response_code: text("response"),
            failure_reason: (kind == EventKind::Failed).then(|| "declined".to_owned()),
        },
        at: NOW,
    }
}

/// The same event, that many milliseconds after [`NOW`] by the gateway's clock.
fn later(ms: i64, event: PaymentEvent) -> PaymentEvent {
    let id = EventId::new(format!("{} at {ms}", event.id));
    PaymentEvent { id, at: Timestamp::from_millis(NOW.as_millis() + ms), ..event }
}

fn refund(kind: EventKind, amount: &str, id: &str) -> PaymentEvent {
    money_event(kind, amount, Some(id))
}

/// An event about a dispute, with the gateway's id of the dispute if there is one.
fn dispute(kind: EventKind, amount: &str, id: Option<&str>) -> PaymentEvent {
    PaymentEvent { dispute: id.map(|it| crate::DisputeId::new(it.into())), ..money_event(kind, amount, None) }
}

#[test]
fn an_operation_that_was_not_done_is_released_and_can_be_asked_for_again() {
    let operator = ChangedBy::operator(UserKey::new(2));
    let mut case = apply_all(&[event(EventKind::Authorized)]);
    case.request_capture(None, operator, NOW).unwrap();
    case.release_operation(PendingOperation::Void, NOW);
    assert_eq!(
        case.transaction.pending_operation,
        Some(PendingOperation::Capture(yuan("10"))),
        "no void was requested"
    );
    case.release_operation(PendingOperation::Capture(yuan("10")), NOW);
    assert_eq!((case.transaction.pending_operation, case.transaction.check_at), (None, None));
    assert_eq!(
        (case.transaction.status(), kinds(&case)),
        (PaymentStatus::Authorized, vec![FindingKind::Reconciliation])
    );
    assert!(case.request_capture(None, operator, NOW).is_ok());
    // The order is cancelled, so nothing else would request the void.
    let _ = case.order_change.transition(OrderStatus::Cancelled, operator, None, NOW);
    case.release_operation(PendingOperation::Capture(yuan("10")), NOW);
    assert_eq!(case.transaction.pending_operation, Some(PendingOperation::Void));
}

#[test]
fn a_refused_operation_can_be_corrected_and_a_refused_void_of_an_ended_order_is_not_repeated_at_once() {
    let operator = ChangedBy::operator(UserKey::new(2));
    let mut case = apply_all(&[event(EventKind::Authorized)]);
    case.request_void(operator, NOW).unwrap();
    case.refuse_operation(PendingOperation::Void, NOW);
    assert_eq!((case.transaction.pending_operation, case.transaction.check_at), (None, None));
    assert_eq!(kinds(&case), [FindingKind::Reconciliation]);
    case.request_capture(None, operator, NOW).unwrap();
    let _ = case.order_change.transition(OrderStatus::Cancelled, operator, None, NOW);
    case.refuse_operation(PendingOperation::Capture(yuan("10")), NOW);
    assert_eq!(case.transaction.pending_operation, Some(PendingOperation::Void), "it is voided instead");
    case.refuse_operation(PendingOperation::Void, NOW);
    assert_eq!(case.transaction.pending_operation, Some(PendingOperation::Void));
    assert_eq!(kinds(&case).len(), 2, "it is found by the number of its checks");
}

fn kinds(case: &TransactionChange) -> Vec<FindingKind> {
    case.flags.iter().map(|it| it.kind).collect()
}

fn apply_all(events: &[PaymentEvent]) -> TransactionChange {
    let mut case = case();
    apply_events(&mut case, events, fresh, NOW);
    case
}

/// The final state, as far as a client and an operator can see it.
type End = (
    OrderStatus,
    PaymentStatus,
    [Money; 4],
    PaymentDetails,
    Option<Timestamp>,
    Vec<(RefundId, RefundStatus)>,
);

fn end(case: &TransactionChange) -> End {
    let it = &case.transaction;
    let mut refunds: Vec<_> = it.refunds.iter().map(|it| (it.id.clone(), it.status())).collect();
    refunds.sort_by(|a, b| a.0.cmp(&b.0));
    let details =
        PaymentDetails { failure_reason: it.failure_reason().map(str::to_owned), ..it.details.clone() };
    (
        case.order_change.order().status,
        it.status(),
        [it.captured_amount(), it.refunded_amount(), it.disputed_amount(), it.refundable_amount()],
        details,
        it.captured_at(),
        refunds,
    )
}

fn path_of(case: &TransactionChange) -> Vec<HistoryEntry> {
    let by = ChangedBy::customer(UserKey::new(1));
    let sequence = crate::Sequence::FIRST;
    let first = HistoryEntry { sequence, from: None, to: OrderStatus::Pending, by, reason: None, at: NOW };
    std::iter::once(first).chain(case.order_change.history_entries().iter().cloned()).collect()
}

#[test]
fn a_refund_that_no_longer_fits_is_withdrawn() {
    let operator = ChangedBy::operator(UserKey::new(2));
    let mut case = apply_all(&[event(EventKind::Captured)]);
    case.request_refund(RefundRequest::for_amount(Some(yuan("6"))), operator, fresh(), NOW).unwrap();
    apply_events(&mut case, &[money_event(EventKind::RefundSucceeded, "5", Some("theirs"))], fresh, NOW);
    let statuses: Vec<_> = case.transaction.refunds.iter().map(|it| it.status()).collect();
    assert_eq!(statuses, [RefundStatus::Failed, RefundStatus::Succeeded]);
    assert_eq!(kinds(&case), [FindingKind::Reconciliation]);
    assert_eq!(case.transaction.refundable_amount(), yuan("5"));
}

proptest! {
    #[test]
    fn any_events_in_any_order_and_number_keep_money_and_history_right(
        picks in prop::collection::vec((0..9_usize, 1..14_u8, 0..3_u8), 0..14),
    ) {
        let amount = |it: u8| if it > 10 { "10".to_owned() } else { it.to_string() };
        let events: Vec<_> = picks
            .iter()
            .map(|(kind, money, refund)| money_event(EventKind::ALL[*kind], &amount(*money), Some(&format!("r{refund}"))))
            .collect();
        let case = apply_all(&events);
        let it = &case.transaction;
        prop_assert!(!it.captured_amount().exceeds(it.amount));
        let over = it.returned_amount().exceeds(it.captured_amount());
        prop_assert!(!over || kinds(&case).contains(&FindingKind::OverRefunded), "an excess return is flagged");
        prop_assert!(!over || it.refundable_amount().is_zero());
        let paid = path_of(&case).iter().any(|it| it.to == OrderStatus::Paid);
        prop_assert_eq!(paid, it.captured_amount() == case.order_change.order().amount);
        prop_assert!(is_valid_history(&path_of(&case), case.order_change.order().status));
        let mut again = case.clone();
        apply_events(&mut again, &events, fresh, NOW);
        prop_assert_eq!(end(&again), end(&case), "the same events again have no effect");
    }
}

#[test]
fn what_differs_from_the_agreement_has_no_effect_but_a_flag() {
    let other_order =
        PaymentEvent { order: Some(OrderNumber::new("n2".into())), ..event(EventKind::Captured) };
    let yen = ReportedAmount { amount: "10".into(), currency: "JPY".into() };
    let other_currency = PaymentEvent { reported: yen, ..event(EventKind::Captured) };
    for (event, kind) in [
        (money_event(EventKind::Captured, "10.01", None), FindingKind::AmountMismatch),
        (other_currency, FindingKind::CurrencyMismatch),
        (other_order, FindingKind::OrderMismatch),
    ] {
        let case = apply_all(&[event]);
        assert_eq!(case.transaction, self::case().transaction);
        assert_eq!(case.order_change.order().status, OrderStatus::Pending);
        assert_eq!(kinds(&case), [kind]);
        assert!(case.flags.iter().all(|it| it.detail.contains("had no effect")), "{:?}", case.flags);
    }
}

#[test]
fn an_authorisation_and_its_end_are_of_the_whole_or_of_what_was_captured() {
    for kind in [EventKind::Authorized, EventKind::Failed, EventKind::Voided] {
        let mut captured = transaction(CaptureMethod::Manual);
        let part = money_event(EventKind::Captured, "4", None);
        assert_eq!(captured.apply_event(&part, fresh().key, NOW), EventEffect::Applied);
        for (amount, fits) in [("10", true), ("4", true), ("5", false)] {
            let effect = captured.clone().apply_event(&money_event(kind, amount, None), fresh().key, NOW);
            let is_mismatch = effect == EventEffect::Mismatch(EventMismatch::Amount);
            assert_eq!(!is_mismatch, fits, "{kind:?} of {amount}: {effect:?}");
        }
    }
}

#[test]
fn a_payment_is_described_by_its_authorisation_and_its_capture() {
    for kind in [EventKind::Authorized, EventKind::Captured] {
        let mut described = transaction(CaptureMethod::Automatic);
        described.apply_event(&event(kind), fresh().key, NOW);
        assert_eq!(described.details, event(kind).details, "{kind:?}");
    }
}

#[test]
fn money_that_goes_back_waits_for_the_capture_and_describes_no_card() {
    for (kind, id) in [(EventKind::RefundSucceeded, Some("r")), (EventKind::Disputed, None)] {
        let mut before = transaction(CaptureMethod::Automatic);
        let unknown = before.clone();
        let back = money_event(kind, "10", id);
        assert_eq!(before.apply_event(&back, fresh().key, NOW), EventEffect::Waiting, "{kind:?}");
        assert_eq!(before, unknown);
        let no_details = PaymentEvent { details: PaymentDetails::default(), ..event(EventKind::Captured) };
        assert_eq!(before.apply_event(&no_details, fresh().key, NOW), EventEffect::Applied);
        assert_eq!(before.apply_event(&back, fresh().key, NOW), EventEffect::Applied, "{kind:?}");
        assert_eq!(before.details, PaymentDetails::default(), "{kind:?}");
    }
}

#[test]
fn money_for_a_cancelled_order_goes_back_and_the_order_keeps_its_status() {
    let mut case = case();
    case.order_change
        .transition(OrderStatus::Cancelled, ChangedBy::customer(UserKey::new(1)), None, NOW)
        .unwrap();
    case.follow_order_status(NOW);
    assert_eq!(
        case.transaction.pending_operation, None,
        "there is no authorisation yet, so there is nothing to void"
    );
    assert_eq!(apply_events(&mut case, &[event(EventKind::Captured)], fresh, NOW), [EventEffect::Applied]);
    assert_eq!(case.order_change.order().status, OrderStatus::Cancelled);
    assert_eq!(case.transaction.refunds.iter().map(|it| it.amount).collect::<Vec<_>>(), [yuan("10")]);
    assert_eq!(kinds(&case), [FindingKind::LateCapture]);
    case.apply_event(&money_event(EventKind::RefundSucceeded, "10", Some("auto")), fresh(), NOW);
    assert_eq!(case.transaction.status(), PaymentStatus::Refunded);
    assert_eq!(case.order_change.order().status, OrderStatus::Cancelled);
}

#[test]
fn an_authorisation_for_a_cancelled_order_is_given_up() {
    let mut case = case();
    case.order_change
        .transition(OrderStatus::Cancelled, ChangedBy::customer(UserKey::new(1)), None, NOW)
        .unwrap();
    case.apply_event(&event(EventKind::Authorized), fresh(), NOW);
    assert_eq!(case.transaction.pending_operation, Some(PendingOperation::Void));
    assert!(case.transaction.check_at.is_some());
}

#[test]
fn a_failed_payment_that_comes_back_to_life_beside_another_is_never_live_and_is_given_back() {
    let mut case = TransactionChange { other_occupies: true, ..apply_all(&[event(EventKind::Failed)]) };
    apply_events(&mut case, &[event(EventKind::Captured)], fresh, NOW);
    assert_eq!(case.transaction.status(), PaymentStatus::Failed);
    assert!(!case.transaction.occupies_order());
    assert_eq!(case.order_change.order().status, OrderStatus::Pending, "the other payment pays the order");
    case.apply_event(&money_event(EventKind::RefundSucceeded, "10", Some("auto")), fresh(), NOW);
    assert_eq!(case.transaction.status(), PaymentStatus::Refunded);
    assert_eq!(case.order_change.order().status, OrderStatus::Pending);
}

#[test]
fn a_partial_capture_pays_nothing_and_is_flagged() {
    let mut case = apply_all(&[event(EventKind::Authorized)]);
    assert_eq!(case.request_capture(Some(yuan("11")), ChangedBy::SYSTEM, NOW), Err(NotCapturable::Exceeds));
    case.request_capture(Some(yuan("4")), ChangedBy::SYSTEM, NOW).unwrap();
    assert_eq!(case.request_capture(None, ChangedBy::SYSTEM, NOW), Err(NotCapturable::State), "once");
    assert_eq!(case.request_void(ChangedBy::SYSTEM, NOW), Err(NotVoidable), "not while it is being captured");
    case.apply_event(&money_event(EventKind::Captured, "4", None), fresh(), NOW);
    assert_eq!(
        (case.transaction.status(), case.transaction.pending_operation),
        (PaymentStatus::Captured, None)
    );
    assert_eq!(case.order_change.order().status, OrderStatus::Pending);
    assert_eq!(kinds(&case), [FindingKind::PartialCapture]);
}

#[test]
fn refunds_never_add_up_to_more_than_was_captured() {
    let operator = ChangedBy::operator(UserKey::new(2));
    let named = |id: &str| RefundIds { key: RefundKey::new(1), id: RefundId::new(id.into()) };
    let mut case = apply_all(&[event(EventKind::Captured)]);
    case.request_refund(RefundRequest::for_amount(Some(yuan("6"))), operator, named("a"), NOW).unwrap();
    assert_eq!(
        case.request_refund(RefundRequest::for_amount(Some(yuan("6"))), operator, named("b"), NOW),
        Err(NotRefundable::Exceeds)
    );
    assert_eq!(
        case.order_change.order().status,
        OrderStatus::Paid,
        "a partial refund does not move the order"
    );
    case.request_refund(RefundRequest::for_amount(None), operator, named("c"), NOW).unwrap();
    assert_eq!(case.order_change.order().status, OrderStatus::RefundPending);
    case.apply_event(&money_event(EventKind::RefundSucceeded, "6", Some("a")), fresh(), NOW);
    assert_eq!(case.order_change.order().status, OrderStatus::RefundPending);
    case.apply_event(&money_event(EventKind::RefundSucceeded, "4", Some("c")), fresh(), NOW);
    assert_eq!(case.order_change.order().status, OrderStatus::Refunded);
    assert_eq!(case.order_change.returned_stock().len(), 1, "refunded before shipping");
}
