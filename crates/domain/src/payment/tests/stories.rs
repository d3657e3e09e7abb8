use EventKind::{
    Authorized, Captured, DisputeLost, DisputeWon, Disputed, Failed, RefundFailed, RefundSucceeded, Voided,
};

use super::*;

fn named(kind: EventKind, amount: &str, id: &str) -> PaymentEvent {
    dispute(kind, amount, Some(id))
}

fn plain(kind: EventKind, amount: &str) -> PaymentEvent {
    dispute(kind, amount, None)
}

/// The events, each a millisecond after the one before by the gateway's clock.
fn timed(events: Vec<PaymentEvent>) -> Vec<PaymentEvent> {
    events.into_iter().zip(0..).map(|(event, ms)| later(ms, event)).collect()
}

/// Sequences of events as gateways send them, each in the order in which it happened.
fn stories() -> Vec<Vec<PaymentEvent>> {
    [stories_of_payments(), stories_of_disputes()].concat()
}

fn stories_of_disputes() -> Vec<Vec<PaymentEvent>> {
    vec![
        // A second dispute, with and without an id.
        timed(vec![event(Captured), plain(Disputed, "10"), plain(DisputeWon, "10"), plain(Disputed, "10")]),
        timed(vec![
            event(Captured),
            named(Disputed, "10", "d1"),
            named(DisputeWon, "10", "d1"),
            named(Disputed, "10", "d1"),
        ]),
        // Two disputes at once, of which one is won and the other lost.
        timed(vec![
            event(Captured),
            named(Disputed, "4", "d1"),
            named(Disputed, "6", "d2"),
            named(DisputeWon, "4", "d1"),
            named(DisputeLost, "6", "d2"),
        ]),
        timed(vec![event(Captured), plain(Disputed, "4"), plain(Disputed, "6"), plain(DisputeWon, "4")]),
        timed(vec![event(Captured), plain(Disputed, "10"), named(DisputeLost, "10", "d1")]),
        // Named by the event that opened it, which `timed` numbers by its time.
        timed(vec![
            event(Captured),
            plain(Disputed, "4"),
            plain(Disputed, "6"),
            named(DisputeWon, "4", later(1, plain(Disputed, "4")).id.as_str()),
        ]),
        // Money that is returned twice, and a lost dispute that is won in the end.
        timed(vec![
            event(Captured),
            plain(Disputed, "10"),
            plain(DisputeLost, "10"),
            refund(RefundSucceeded, "10", "r1"),
        ]),
        timed(vec![
            event(Captured),
            plain(Disputed, "10"),
            plain(DisputeLost, "10"),
            plain(DisputeWon, "10"),
        ]),
    ]
}

fn stories_of_payments() -> Vec<Vec<PaymentEvent>> {
    vec![
        vec![event(Authorized), event(Captured)],
        vec![event(Authorized), event(Captured), event(Captured), event(Failed)],
        vec![event(Authorized), event(Failed)],
        vec![event(Failed), event(Captured), event(Authorized)],
        vec![event(Authorized), event(Voided)],
        timed(vec![event(Authorized), event(Captured), refund(RefundSucceeded, "10", "r1")]),
        timed(vec![event(Captured), refund(RefundSucceeded, "4", "r1"), refund(RefundSucceeded, "6", "r2")]),
        timed(vec![event(Captured), refund(RefundFailed, "4", "r1"), refund(RefundSucceeded, "4", "r1")]),
        vec![event(Authorized), event(Captured), event(Disputed), event(DisputeWon)],
        vec![
            event(Captured),
            refund(RefundSucceeded, "4", "r1"),
            plain(Disputed, "6"),
            plain(DisputeLost, "6"),
        ],
        // A refund that fails after it succeeded: at the same time, in full, and in part.
        vec![event(Captured), refund(RefundSucceeded, "10", "r1"), refund(RefundFailed, "10", "r1")],
        timed(vec![event(Captured), refund(RefundSucceeded, "4", "r1"), refund(RefundSucceeded, "10", "r1")]),
        timed(vec![event(Captured), refund(RefundSucceeded, "4", "r1"), refund(RefundFailed, "6", "r1")]),
        timed(vec![event(Captured), refund(RefundSucceeded, "10", "r1"), refund(RefundFailed, "10", "r1")]),
        timed(vec![
            event(Captured),
            refund(RefundSucceeded, "4", "r1"),
            refund(RefundSucceeded, "6", "r2"),
            refund(RefundFailed, "4", "r1"),
        ]),
        timed(vec![
            event(Captured),
            refund(RefundSucceeded, "10", "r1"),
            refund(RefundFailed, "10", "r1"),
            refund(RefundSucceeded, "10", "r2"),
        ]),
        // A part is disputed after another part was refunded.
        timed(vec![
            event(Captured),
            refund(RefundSucceeded, "2.5", "r1"),
            plain(Disputed, "7.5"),
            plain(DisputeLost, "7.5"),
        ]),
        // A part is captured without a request, and then everything.
        timed(vec![event(Authorized), money_event(Captured, "4", None)]),
        timed(vec![event(Authorized), money_event(Captured, "4", None), event(Captured)]),
        timed(vec![event(Captured), event(Failed)]),
        timed(vec![event(Captured), event(Voided)]),
        timed(vec![event(Voided), event(Captured)]),
        timed(vec![event(Captured), event(Captured), event(Authorized)]),
    ]
}

fn permutations(events: &[PaymentEvent]) -> Vec<Vec<PaymentEvent>> {
    let Some((first, rest)) = events.split_first() else { return vec![vec![]] };
    let inserted = |tail: Vec<PaymentEvent>| {
        (0..=tail.len()).map(move |at| {
            let mut all = tail.clone();
            all.insert(at, first.clone());
            all
        })
    };
    permutations(rest).into_iter().flat_map(inserted).collect()
}

/// Applies each event as in a commit of its own, together with the events that still wait.
fn apply_one_by_one(mut case: TransactionChange, events: &[PaymentEvent]) -> TransactionChange {
    let mut waiting = Vec::new();
    for event in events {
        let all: Vec<_> = std::iter::once(event.clone()).chain(waiting).collect();
        let effects = apply_events(&mut case, &all, fresh, NOW);
        let still = all.into_iter().zip(effects).filter(|(_, effect)| *effect == EventEffect::Waiting);
        waiting = still.map(|(event, _)| event).collect();
    }
    case
}

/// The findings that depend only on the facts, not on the order of arrival.
fn findings_of_facts(case: &TransactionChange) -> Vec<FindingKind> {
    let of_facts = [FindingKind::RefundFailed, FindingKind::Contradiction];
    let mut found: Vec<_> = of_facts.into_iter().filter(|it| kinds(case).contains(it)).collect();
    // An excess return may be flagged until the report arrives that a refund failed, so the final amounts
    // decide.
    let it = &case.transaction;
    if it.returned_amount().exceeds(it.captured_amount()) {
        assert!(kinds(case).contains(&FindingKind::OverRefunded));
        found.push(FindingKind::OverRefunded);
    }
    found
}

#[test]
fn every_order_of_arrival_of_every_story_ends_the_same() {
    for story in stories() {
        let expected = apply_all(&story);
        for shuffled in permutations(&story) {
            let names = || shuffled.iter().map(|it| it.id.to_string()).collect::<Vec<_>>();
            for case in [apply_all(&shuffled), apply_one_by_one(case(), &shuffled)] {
                assert_eq!(end(&case), end(&expected), "{:?}", names());
                assert_eq!(findings_of_facts(&case), findings_of_facts(&expected), "{:?}", names());
                let order = case.order_change.order();
                assert_eq!(
                    order.status_before_refund,
                    expected.order_change.order().status_before_refund,
                    "{:?}",
                    names()
                );
                assert!(is_valid_history(&path_of(&case), order.status));
            }
        }
    }
}

/// An order that was cancelled while its payment was pending.
fn cancelled() -> TransactionChange {
    let mut case = case();
    case.order_change
        .transition(OrderStatus::Cancelled, ChangedBy::customer(UserKey::new(1)), None, NOW)
        .unwrap();
    case
}

#[test]
fn no_story_of_a_cancelled_order_gives_back_more_than_was_captured() {
    for story in stories() {
        for shuffled in permutations(&story) {
            let names = shuffled.iter().map(|it| it.id.to_string()).collect::<Vec<_>>();
            let case = apply_one_by_one(cancelled(), &shuffled);
            let it = &case.transaction;
            let pending = it.refunds.iter().filter(|it| it.status() == RefundStatus::Pending);
            let pending: i64 = pending.map(|it| it.amount.minor_units()).sum();
            let rest = (it.captured_amount().minor_units() - it.returned_amount().minor_units()).max(0);
            assert!(pending <= rest, "{names:?}: {:?}", it.refunds);
            assert_eq!(case.order_change.order().status, OrderStatus::Cancelled);
        }
    }
}
