use proptest::prelude::*;

use super::*;
use crate::order::{Entry, Placing, Status, is_unbroken};
use crate::{
    ChangedBy, EventId, FindingKind, Order, ProductId, RefundId, RefundKey, Text, UserKey, order::Item,
};

const NOW: Timestamp = Timestamp::from_millis(1_000);

fn yuan(amount: &str) -> Money {
    Money::parse(amount, "CNY").unwrap()
}

fn order() -> Order {
    let item = Item {
        product: ProductId::parse("sku").unwrap(),
        name: Text::new("Tea"),
        quantity: 1,
        price: yuan("10"),
        holds_stock: true,
    };
    let placing = Placing {
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
        gateway: GatewayName::new("sandbox".into()),
        token: PaymentToken::new("tok".into()),
        capture_method,
        amount: yuan("10"),
        facts: Facts::NONE,
        asked: None,
        details: Details::default(),
        captured_at: None,
        created_at: NOW,
        updated_at: NOW,
        check_at: Some(NOW),
        checks: 0,
        refunds: vec![],
    }
}

fn case() -> Case {
    Case::of(order(), transaction(CaptureMethod::Automatic), false)
}

fn fresh() -> Fresh {
    Fresh { key: RefundKey::new(9), id: RefundId::new("auto".into()) }
}

fn event(kind: EventKind) -> Event {
    money_event(kind, "10", None)
}

fn money_event(kind: EventKind, amount: &str, refund: Option<&str>) -> Event {
    let text = |it: &str| Some(format!("{it} of {}", kind.as_str()));
    Event {
        id: EventId::new(format!("{} {amount} {}", kind.as_str(), refund.unwrap_or_default())),
        kind,
        transaction: TransactionId::new("t1".into()),
        order: OrderNumber::new("n1".into()),
        stated: Stated::from(yuan(amount)),
        refund: refund.map(|it| RefundId::new(it.into())),
        dispute: None,
        details: Details {
            card_last4: Some("4242".into()),
            card_brand: Some("visa".into()),
            authorization_code: text("code"),
            response_code: text("response"),
            failure_reason: (kind == EventKind::Failed).then(|| "declined".to_owned()),
        },
        at: NOW,
    }
}

fn told(events: &[Event]) -> Case {
    let mut case = case();
    fold(&mut case, events, fresh, NOW);
    case
}

/// What a client and an operator can see of the end.
type End = (Status, PaymentStatus, Money, Money, Details, Option<Timestamp>, Vec<(RefundId, RefundStatus)>);

fn end(case: &Case) -> End {
    let it = &case.transaction;
    let mut refunds: Vec<_> = it.refunds.iter().map(|it| (it.id.clone(), it.status)).collect();
    refunds.sort_by(|a, b| a.0.cmp(&b.0));
    let details = Details { failure_reason: it.failure_reason().map(str::to_owned), ..it.details.clone() };
    (
        case.progress.order().status,
        it.status(),
        it.captured(),
        it.refunded(),
        details,
        it.captured_at,
        refunds,
    )
}

fn path_of(case: &Case) -> Vec<Entry> {
    let by = ChangedBy::customer(UserKey::new(1));
    let sequence = crate::Sequence::FIRST;
    let first = Entry { sequence, from: None, to: Status::Pending, by, reason: None, at: NOW };
    std::iter::once(first).chain(case.progress.entries().iter().cloned()).collect()
}

/// What gateways really send, each story in its own order.
fn stories() -> Vec<Vec<Event>> {
    use EventKind::{
        Authorized, Captured, DisputeLost, DisputeWon, Disputed, Failed, RefundFailed, RefundSucceeded,
        Voided,
    };
    let refund = |kind, amount, id| money_event(kind, amount, Some(id));
    vec![
        vec![event(Authorized), event(Captured)],
        vec![event(Authorized), event(Captured), event(Captured), event(Failed)],
        vec![event(Authorized), event(Failed)],
        vec![event(Failed), event(Captured), event(Authorized)],
        vec![event(Authorized), event(Voided)],
        vec![event(Authorized), event(Captured), refund(RefundSucceeded, "10", "r1")],
        vec![event(Captured), refund(RefundSucceeded, "4", "r1"), refund(RefundSucceeded, "6", "r2")],
        vec![event(Captured), refund(RefundFailed, "4", "r1"), refund(RefundSucceeded, "4", "r1")],
        vec![event(Authorized), event(Captured), event(Disputed), event(DisputeWon)],
        vec![event(Captured), refund(RefundSucceeded, "4", "r1"), event(Disputed), event(DisputeLost)],
    ]
}

fn permutations(events: &[Event]) -> Vec<Vec<Event>> {
    let Some((first, rest)) = events.split_first() else { return vec![vec![]] };
    let inserted = |tail: Vec<Event>| {
        (0..=tail.len()).map(move |at| {
            let mut all = tail.clone();
            all.insert(at, first.clone());
            all
        })
    };
    permutations(rest).into_iter().flat_map(inserted).collect()
}

/// The events, each in a commit of its own, with those that wait for it.
fn told_one_by_one(mut case: Case, events: &[Event]) -> Case {
    let mut waiting = Vec::new();
    for event in events {
        let all: Vec<_> = std::iter::once(event.clone()).chain(waiting).collect();
        let effects = fold(&mut case, &all, fresh, NOW);
        let still = all.into_iter().zip(effects).filter(|(_, effect)| *effect == Effect::Waiting);
        waiting = still.map(|(event, _)| event).collect();
    }
    case
}

#[test]
fn every_order_of_arrival_of_every_story_ends_the_same() {
    for story in stories() {
        let expected = end(&told(&story));
        for shuffled in permutations(&story) {
            let kinds = || shuffled.iter().map(|it| it.kind).collect::<Vec<_>>();
            for case in [told(&shuffled), told_one_by_one(case(), &shuffled)] {
                assert_eq!(end(&case), expected, "{:?}", kinds());
                assert!(is_unbroken(&path_of(&case), case.progress.order().status));
            }
        }
    }
}

/// An order that was called off while its payment was asked for.
fn cancelled() -> Case {
    let mut case = case();
    case.progress.step(Status::Cancelled, ChangedBy::customer(UserKey::new(1)), None, NOW).unwrap();
    case
}

#[test]
fn no_story_of_a_cancelled_order_gives_back_more_than_was_captured() {
    for story in stories() {
        for shuffled in permutations(&story) {
            let kinds = shuffled.iter().map(|it| it.kind).collect::<Vec<_>>();
            let case = told_one_by_one(cancelled(), &shuffled);
            let it = &case.transaction;
            let lost = if it.facts.dispute == Dispute::Lost { it.captured().minor() } else { 0 };
            let asked = it.refunds.iter().filter(|it| it.status == RefundStatus::Pending);
            let asked: i64 = asked.map(|it| it.amount.minor()).sum();
            let back = it.refunds.iter().filter(|it| it.status == RefundStatus::Succeeded);
            let back: i64 = back.map(|it| it.amount.minor()).sum();
            assert!(asked + back.max(lost) <= it.captured().minor(), "{kinds:?}: {:?}", it.refunds);
            assert_eq!(case.progress.order().status, Status::Cancelled);
        }
    }
}

#[test]
fn a_refund_that_no_longer_fits_is_withdrawn() {
    let operator = ChangedBy::operator(UserKey::new(2));
    let mut case = told(&[event(EventKind::Captured)]);
    case.ask_refund(Some(yuan("6")), None, operator, fresh(), NOW).unwrap();
    fold(&mut case, &[money_event(EventKind::RefundSucceeded, "5", Some("theirs"))], fresh, NOW);
    let statuses: Vec<_> = case.transaction.refunds.iter().map(|it| it.status).collect();
    assert_eq!(statuses, [RefundStatus::Failed, RefundStatus::Succeeded]);
    assert_eq!(case.flags.iter().map(|it| it.kind).collect::<Vec<_>>(), [FindingKind::Reconciliation]);
    assert_eq!(case.transaction.refundable(), yuan("5"));
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
        let case = told(&events);
        let it = &case.transaction;
        prop_assert!(!it.captured().exceeds(it.amount) && !it.refunded().exceeds(it.captured()));
        let back: i64 = it.refunds.iter().filter(|it| it.status == RefundStatus::Succeeded).map(|it| it.amount.minor()).sum();
        prop_assert!(back <= it.captured().minor());
        let paid = path_of(&case).iter().any(|it| it.to == Status::Paid);
        prop_assert_eq!(paid, it.captured() == case.progress.order().amount);
        prop_assert!(is_unbroken(&path_of(&case), case.progress.order().status));
        let mut again = case.clone();
        fold(&mut again, &events, fresh, NOW);
        prop_assert_eq!(end(&again), end(&case), "the same events again have no effect");
    }
}

#[test]
fn what_differs_from_the_agreement_has_no_effect_but_a_flag() {
    let other_order = Event { order: OrderNumber::new("n2".into()), ..event(EventKind::Captured) };
    let yen = Stated { amount: "10".into(), currency: "JPY".into() };
    let other_currency = Event { stated: yen, ..event(EventKind::Captured) };
    for (event, kind) in [
        (money_event(EventKind::Captured, "9.99", None), FindingKind::AmountMismatch),
        (money_event(EventKind::Captured, "10.01", None), FindingKind::AmountMismatch),
        (other_currency, FindingKind::CurrencyMismatch),
        (other_order, FindingKind::OrderMismatch),
    ] {
        let case = told(&[event]);
        assert_eq!(case.transaction, self::case().transaction);
        assert_eq!(case.progress.order().status, Status::Pending);
        assert_eq!(case.flags.iter().map(|it| it.kind).collect::<Vec<_>>(), [kind]);
    }
}

#[test]
fn money_for_a_cancelled_order_goes_back_and_the_order_keeps_its_status() {
    let mut case = case();
    case.progress.step(Status::Cancelled, ChangedBy::customer(UserKey::new(1)), None, NOW).unwrap();
    case.follow_order(NOW);
    assert_eq!(case.transaction.asked, None, "nothing is known yet, so there is nothing to give up");
    assert_eq!(fold(&mut case, &[event(EventKind::Captured)], fresh, NOW), [Effect::Applied]);
    assert_eq!(case.progress.order().status, Status::Cancelled);
    assert_eq!(case.transaction.refunds.iter().map(|it| it.amount).collect::<Vec<_>>(), [yuan("10")]);
    assert_eq!(case.flags.iter().map(|it| it.kind).collect::<Vec<_>>(), [FindingKind::LateCapture]);
    case.apply(&money_event(EventKind::RefundSucceeded, "10", Some("auto")), fresh(), NOW);
    assert_eq!(case.transaction.status(), PaymentStatus::Refunded);
    assert_eq!(case.progress.order().status, Status::Cancelled);
}

#[test]
fn an_authorisation_for_a_cancelled_order_is_given_up() {
    let mut case = case();
    case.progress.step(Status::Cancelled, ChangedBy::customer(UserKey::new(1)), None, NOW).unwrap();
    case.apply(&event(EventKind::Authorized), fresh(), NOW);
    assert_eq!(case.transaction.asked, Some(Asked::Void));
    assert!(case.transaction.check_at.is_some());
}

#[test]
fn a_failed_payment_that_comes_back_to_life_beside_another_is_never_live_and_is_given_back() {
    let mut case = Case { other_occupies: true, ..told(&[event(EventKind::Failed)]) };
    fold(&mut case, &[event(EventKind::Captured)], fresh, NOW);
    assert_eq!(case.transaction.status(), PaymentStatus::Failed);
    assert!(!case.transaction.occupies_order());
    assert_eq!(case.progress.order().status, Status::Pending, "the other payment pays the order");
    case.apply(&money_event(EventKind::RefundSucceeded, "10", Some("auto")), fresh(), NOW);
    assert_eq!(case.transaction.status(), PaymentStatus::Refunded);
    assert_eq!(case.progress.order().status, Status::Pending);
}

#[test]
fn a_partial_capture_pays_nothing_and_is_flagged() {
    let mut case = told(&[event(EventKind::Authorized)]);
    assert_eq!(case.ask_capture(Some(yuan("11")), NOW), Err(NotCapturable::Exceeds));
    case.ask_capture(Some(yuan("4")), NOW).unwrap();
    assert_eq!(case.ask_capture(None, NOW), Err(NotCapturable::State), "once");
    assert_eq!(case.ask_void(NOW), Err(NotVoidable), "not while it is being captured");
    case.apply(&money_event(EventKind::Captured, "4", None), fresh(), NOW);
    assert_eq!((case.transaction.status(), case.transaction.asked), (PaymentStatus::Captured, None));
    assert_eq!(case.progress.order().status, Status::Pending);
    assert_eq!(case.flags.iter().map(|it| it.kind).collect::<Vec<_>>(), [FindingKind::PartialCapture]);
}

#[test]
fn refunds_never_add_up_to_more_than_was_captured() {
    let operator = ChangedBy::operator(UserKey::new(2));
    let named = |id: &str| Fresh { key: RefundKey::new(1), id: RefundId::new(id.into()) };
    let mut case = told(&[event(EventKind::Captured)]);
    case.ask_refund(Some(yuan("6")), None, operator, named("a"), NOW).unwrap();
    assert_eq!(
        case.ask_refund(Some(yuan("6")), None, operator, named("b"), NOW),
        Err(NotRefundable::Exceeds)
    );
    assert_eq!(case.progress.order().status, Status::Paid, "a part leaves the order where it is");
    case.ask_refund(None, None, operator, named("c"), NOW).unwrap();
    assert_eq!(case.progress.order().status, Status::RefundPending);
    case.apply(&money_event(EventKind::RefundSucceeded, "6", Some("a")), fresh(), NOW);
    assert_eq!(case.progress.order().status, Status::RefundPending);
    case.apply(&money_event(EventKind::RefundSucceeded, "4", Some("c")), fresh(), NOW);
    assert_eq!(case.progress.order().status, Status::Refunded);
    assert_eq!(case.progress.returned().len(), 1, "refunded before shipping");
}

#[test]
fn nothing_is_refunded_while_a_dispute_decides() {
    let operator = ChangedBy::operator(UserKey::new(2));
    let mut case = told(&[event(EventKind::Captured), event(EventKind::Disputed)]);
    assert_eq!(case.transaction.status(), PaymentStatus::Disputed);
    assert!(case.transaction.occupies_order(), "it may be won");
    assert_eq!(case.ask_refund(None, None, operator, fresh(), NOW), Err(NotRefundable::State));
}
