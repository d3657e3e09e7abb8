use proptest::prelude::*;

use super::*;
use crate::{ChangedBy, ProductKey};

const NOW: Timestamp = Timestamp::from_millis(1_000);

fn product(stock: Option<i64>) -> Product {
    Product {
        key: ProductKey::new(1),
        id: ProductId::parse("sku-1").unwrap(),
        name: Text::new("Tea"),
        price: Money::parse("9.99", "CNY").unwrap(),
        stock,
        active: true,
        version: Version::FIRST,
        stock_moves: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn placed() -> Order {
    let placing = NewOrder {
        key: OrderKey::new(1),
        number: OrderNumber::new("n".into()),
        owner: UserKey::new(7),
        now: NOW,
        expires_at: Timestamp::from_millis(9_000),
    };
    Order::place(placing, vec![OrderLine::from_product(&product(Some(5)), 2)]).unwrap()
}

fn standing_at(status: OrderStatus, status_before_refund: Option<OrderStatus>) -> Order {
    Order { status, status_before_refund, ..placed() }
}

fn by(actor: Actor) -> ChangedBy {
    ChangedBy { actor, author: None }
}

/// The contract's table, written a second time and in another way: what each actor may do from each status.
#[rustfmt::skip]
fn expected(from: OrderStatus, actor: Actor) -> &'static [OrderStatus] {
    use {Actor::*, OrderStatus::*};
    match (from, actor) {
        (Pending, Customer | Operator | Service)  => &[Cancelled],
        (Pending, Gateway)                        => &[Paid],
        (Pending, System)                         => &[Closed],
        (Paid, Customer | Gateway)                => &[RefundPending],
        (Paid, Operator | Service)                => &[Processing, RefundPending],
        (Processing, Customer | Gateway)          => &[RefundPending],
        (Processing, Operator | Service)          => &[Shipped, RefundPending],
        (Shipped, Operator | Service)             => &[Delivered, RefundPending],
        (Shipped, Gateway)                        => &[RefundPending],
        (Delivered, Customer | Operator | Service) => &[Completed, RefundPending],
        (Delivered, Gateway)                      => &[RefundPending],
        (Delivered, System)                       => &[Completed],
        (Completed, Operator | Gateway | Service) => &[RefundPending],
        (Completed, System)                       => &[Closed],
        (RefundPending, Gateway)                  => &[Refunded],
        (RefundPending, Operator | Service)       => &[Shipped],
        (Refunded | Cancelled, System)            => &[Closed],
        (Refunded, Gateway)                       => &[RefundPending],
        (Paid | Processing | Shipped | RefundPending, System)
        | (Shipped | Completed | RefundPending, Customer)
        | (Cancelled, Customer | Operator | Gateway | Service)
        | (Refunded, Customer | Operator | Service)
        | (Closed, _)                             => &[],
    }
}

#[test]
fn all_hundred_pairs_for_every_actor_are_as_the_contract_says() {
    for from in OrderStatus::ALL {
        let order = standing_at(from, (from == OrderStatus::RefundPending).then_some(OrderStatus::Shipped));
        for actor in Actor::ALL {
            assert_eq!(order.allowed_transitions(actor), expected(from, actor), "{from:?} by {actor:?}");
            for to in OrderStatus::ALL {
                let mut progress = OrderChange::from_order(order.clone());
                let outcome = progress.transition(to, by(actor), None, NOW);
                match (from == to, expected(from, actor).contains(&to)) {
                    (true, _) => assert_eq!(outcome, Ok(false)),
                    (_, true) => assert_eq!(outcome, Ok(true), "{from:?} to {to:?} by {actor:?}"),
                    _ => assert_eq!(
                        outcome,
                        Err(TransitionNotAllowed { allowed: expected(from, actor).to_vec() })
                    ),
                }
                assert_eq!(progress.history_entries().len(), usize::from(outcome == Ok(true)));
            }
        }
    }
}

#[test]
fn a_refused_refund_goes_back_only_to_where_the_order_came_from() {
    for origin in [
        OrderStatus::Paid,
        OrderStatus::Processing,
        OrderStatus::Shipped,
        OrderStatus::Delivered,
        OrderStatus::Completed,
    ] {
        let mut progress = OrderChange::from_order(standing_at(origin, None));
        progress.transition(OrderStatus::RefundPending, by(Actor::Operator), None, NOW).unwrap();
        assert_eq!(progress.order().allowed_transitions(Actor::Operator), [origin]);
        progress.transition(origin, by(Actor::Operator), None, NOW).unwrap();
        assert_eq!((progress.order().status, progress.order().status_before_refund), (origin, None));
    }
}

#[test]
fn stock_comes_back_once_and_only_from_orders_that_were_not_sent() {
    let returned = |order: Order, to, actor| {
        let mut progress = OrderChange::from_order(order);
        progress.transition(to, by(actor), None, NOW).unwrap();
        progress.returned_stock().iter().map(|it| it.quantity).sum::<u32>()
    };
    assert_eq!(returned(placed(), OrderStatus::Cancelled, Actor::Customer), 2);
    assert_eq!(returned(placed(), OrderStatus::Closed, Actor::System), 2);
    assert_eq!(returned(standing_at(OrderStatus::Cancelled, None), OrderStatus::Closed, Actor::System), 0);
    let refunded = |origin| {
        returned(standing_at(OrderStatus::RefundPending, Some(origin)), OrderStatus::Refunded, Actor::Gateway)
    };
    assert_eq!(
        [OrderStatus::Paid, OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Delivered]
            .map(refunded),
        [2, 2, 0, 0]
    );
    let untracked = Order { items: vec![OrderLine::from_product(&product(None), 2)], ..placed() };
    assert_eq!(returned(untracked, OrderStatus::Cancelled, Actor::Customer), 0);
}

#[test]
fn an_order_needs_one_item_and_one_currency() {
    let yen = Product { price: Money::parse("5", "JPY").unwrap(), ..product(None) };
    let placing = || NewOrder {
        key: OrderKey::new(1),
        number: placed().number,
        owner: UserKey::new(1),
        now: NOW,
        expires_at: NOW,
    };
    assert!(Order::place(placing(), vec![]).is_err());
    assert!(
        Order::place(
            placing(),
            vec![OrderLine::from_product(&product(None), 1), OrderLine::from_product(&yen, 1)]
        )
        .is_err()
    );
    let dear = Product { price: Money::parse("900000000000000", "CNY").unwrap(), ..product(None) };
    assert!(
        Order::place(placing(), vec![OrderLine::from_product(&dear, 2)]).is_err(),
        "too large, not wrapped"
    );
}

/// The page that shows the machine to people.
const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ARCHITECTURE.md"));

#[test]
fn the_documented_table_and_diagram_are_the_table() {
    let who =
        |actors: &[Actor]| actors.iter().map(|it| it.as_str().to_lowercase()).collect::<Vec<_>>().join(", ");
    let lines = |line: fn(&str, &str, &str) -> String| {
        TRANSITIONS
            .iter()
            .map(|(from, to, by)| line(from.as_str(), to.as_str(), &who(by)))
            .collect::<String>()
    };
    let table = lines(|from, to, who| format!("| `{from}` | `{to}` | {who} |\n"));
    assert!(
        PAGE.contains(&format!("| from | to | who |\n| --- | --- | --- |\n{table}\n")),
        "write it so:\n{table}"
    );
    let diagram = lines(|from, to, who| format!("    {from} --> {to}: {who}\n"));
    let begin = "```mermaid\nstateDiagram-v2\n    [*] --> PENDING: customer, service\n";
    assert!(PAGE.contains(&format!("{begin}{diagram}```\n")), "write it so:\n{diagram}");
}

#[test]
fn a_change_by_a_clock_that_is_behind_is_stamped_like_the_one_before() {
    let mut progress =
        OrderChange::from_order(Order { updated_at: Timestamp::from_millis(3_000), ..placed() });
    for (to, now, stamp) in [
        (OrderStatus::Paid, 2_000, 3_000),
        (OrderStatus::RefundPending, 3_001, 3_001),
        (OrderStatus::Refunded, 0, 3_001),
    ] {
        progress.transition(to, by(Actor::Gateway), None, Timestamp::from_millis(now)).unwrap();
        let stamp = Timestamp::from_millis(stamp);
        assert_eq!(
            (progress.order().updated_at, progress.history_entries().last().unwrap().at),
            (stamp, stamp)
        );
    }
}

#[test]
fn a_path_with_a_number_left_out_or_a_stamp_that_goes_back_is_broken() {
    let mut progress = OrderChange::from_order(placed());
    let first = HistoryEntry::for_new_order(progress.order(), by(Actor::Customer));
    progress.transition(OrderStatus::Paid, by(Actor::Gateway), None, Timestamp::from_millis(2_000)).unwrap();
    let paid = progress.history_entries().first().unwrap().clone();
    assert!(is_valid_history(&[first.clone(), paid.clone()], OrderStatus::Paid));
    let late = HistoryEntry { sequence: paid.sequence.next(), ..paid.clone() };
    assert!(!is_valid_history(&[first.clone(), late], OrderStatus::Paid));
    let early = HistoryEntry { at: Timestamp::from_millis(999), ..paid };
    assert!(!is_valid_history(&[first, early], OrderStatus::Paid));
}

#[test]
fn a_path_that_begins_elsewhere_or_makes_a_forbidden_move_is_broken() {
    let first = HistoryEntry::for_new_order(&placed(), by(Actor::Customer));
    let second = |from, to, actor| HistoryEntry {
        sequence: Sequence::FIRST.next(),
        from: Some(from),
        to,
        by: by(actor),
        ..first.clone()
    };
    let moved = |entry: HistoryEntry| {
        let to = entry.to;
        is_valid_history(&[first.clone(), entry], to)
    };
    assert!(moved(second(OrderStatus::Pending, OrderStatus::Paid, Actor::Gateway)));
    assert!(!moved(second(OrderStatus::Paid, OrderStatus::Paid, Actor::Gateway)), "from another status");
    assert!(!moved(second(OrderStatus::Pending, OrderStatus::Shipped, Actor::Operator)), "a forbidden move");
    let paid = HistoryEntry { to: OrderStatus::Paid, ..first.clone() };
    assert!(!is_valid_history(&[paid], OrderStatus::Paid), "placed as paid");
    let moved = HistoryEntry { from: Some(OrderStatus::Paid), ..first };
    assert!(!is_valid_history(&[moved], OrderStatus::Pending), "placed from somewhere");
}

#[test]
fn a_status_is_read_from_its_own_name_only() {
    for status in OrderStatus::ALL {
        assert_eq!(OrderStatus::parse(status.as_str()), Some(status));
        assert_eq!(OrderStatus::parse(&status.as_str().to_lowercase()), None);
    }
}

#[test]
fn an_order_needs_its_customer_until_it_is_over() {
    use OrderStatus::{Cancelled, Closed, Completed, Refunded};
    let over: Vec<_> = OrderStatus::ALL.into_iter().filter(|it| !it.needs_customer()).collect();
    assert_eq!(over, [Completed, Cancelled, Refunded, Closed]);
}

#[test]
fn an_order_took_the_pieces_of_its_tracked_lines() {
    let lines = [product(Some(5)), product(None)].map(|it| OrderLine::from_product(&it, 2));
    let order = Order { items: lines.to_vec(), ..placed() };
    let taken: Vec<_> = order.lines_in_stock().collect();
    assert_eq!(taken, [StockLine { product: product(None).id, quantity: 2 }]);
}

#[test]
fn a_change_says_whether_it_leaves_pending_and_what_stock_it_leaves() {
    let changed = |order: Order, to, actor| {
        let mut change = OrderChange::from_order(order);
        let before = (change.leaves_pending(), change.holds_no_stock());
        change.transition(to, by(actor), None, NOW).unwrap();
        (before, (change.leaves_pending(), change.holds_no_stock()))
    };
    let cancelled = changed(placed(), OrderStatus::Cancelled, Actor::Customer);
    assert_eq!(cancelled, ((false, false), (true, true)));
    assert_eq!(changed(placed(), OrderStatus::Paid, Actor::Gateway), ((false, false), (true, false)));
    let processed = changed(standing_at(OrderStatus::Paid, None), OrderStatus::Processing, Actor::Operator);
    assert_eq!(processed, ((false, false), (false, false)));
}

proptest! {
    #[test]
    fn a_random_walk_by_any_clocks_leaves_one_unbroken_path(
        steps in prop::collection::vec((0..10_usize, 0..4_usize, 0..2_000_i64), 0..60)
    ) {
        let mut progress = OrderChange::from_order(placed());
        let first = HistoryEntry::for_new_order(progress.order(), by(Actor::Customer));
        for (to, actor, now) in steps {
            let now = Timestamp::from_millis(now);
            let _ = progress.transition(OrderStatus::ALL[to], by(Actor::ALL[actor]), None, now);
        }
        let path: Vec<_> = std::iter::once(first).chain(progress.history_entries().iter().cloned()).collect();
        prop_assert!(is_valid_history(&path, progress.order().status));
        let last = path.last().unwrap();
        prop_assert_eq!((last.sequence, last.at), (progress.order().last_sequence, progress.order().updated_at));
        let given_back: u32 = progress.returned_stock().iter().map(|it| it.quantity).sum();
        prop_assert!(given_back == 0 || given_back == 2, "never twice");
    }
}

fn with_reference(text: &str) -> OrderDetails {
    OrderDetails { reference: Some(OrderReference::parse(text).unwrap()), ..OrderDetails::default() }
}

#[test]
fn an_edit_makes_one_version_and_no_history_entry() {
    let mut change = OrderChange::from_order(placed());
    assert!(change.edit_details(with_reference("PO-1"), Timestamp::from_millis(500)));
    assert_eq!((change.details_write(), change.history_entries()), (DetailsWrite::Insert, &[][..]));
    let order = change.order();
    assert_eq!((order.version, order.updated_at), (Version::FIRST.next(), NOW), "no stamp goes backwards");
    assert_eq!(order.last_sequence, placed().last_sequence);
    assert!(!change.leaves_pending());
}

#[test]
fn an_edit_to_what_is_there_changes_nothing() {
    let order = placed().with_details(with_reference("PO-1"));
    let mut change = OrderChange::from_order(order.clone());
    assert!(!change.edit_details(with_reference("PO-1"), Timestamp::from_millis(2_000)));
    assert_eq!(change.details_write(), DetailsWrite::Keep);
    assert_eq!(change.order(), &Order { revision: order.revision.next(), ..order });
}

#[test]
fn the_row_of_the_details_exists_exactly_if_there_are_any() {
    let write = |before: OrderDetails, after: OrderDetails| {
        let mut change = OrderChange::from_order(placed().with_details(before));
        change.edit_details(after, NOW);
        change.details_write()
    };
    let (some, other, none) = (with_reference("a"), with_reference("b"), OrderDetails::default());
    assert_eq!(write(none.clone(), some.clone()), DetailsWrite::Insert);
    assert_eq!(write(some.clone(), other), DetailsWrite::Replace);
    assert_eq!(write(some.clone(), none.clone()), DetailsWrite::Delete);
    assert_eq!(write(some.clone(), some), DetailsWrite::Keep);
    assert_eq!(write(none.clone(), none), DetailsWrite::Keep);
}

#[test]
fn a_move_with_a_tracking_is_one_version() {
    let mut change = OrderChange::from_order(standing_at(OrderStatus::Processing, None));
    change.transition(OrderStatus::Shipped, by(Actor::Operator), None, NOW).unwrap();
    assert!(change.edit_details(with_reference("PO-1"), NOW));
    assert_eq!(change.order().version, Version::FIRST.next());
}

#[test]
fn goods_were_shipped_by_status_by_the_refund_or_by_their_tracking() {
    use OrderStatus::*;
    for status in [Shipped, Delivered, Completed] {
        assert!(standing_at(status, None).was_shipped(), "{status:?}");
        assert!(standing_at(RefundPending, Some(status)).was_shipped(), "{status:?}");
    }
    for status in [Pending, Paid, Processing, Cancelled, Closed] {
        assert!(!standing_at(status, None).was_shipped(), "{status:?}");
    }
    assert!(!standing_at(RefundPending, Some(Processing)).was_shipped());
}

#[test]
fn an_edit_of_the_details_does_not_restart_the_time_limits_of_the_status() {
    let at = Timestamp::from_millis;
    let mut change = OrderChange::from_order(placed());
    change.transition(OrderStatus::Paid, ChangedBy::GATEWAY, None, at(5_000)).unwrap();
    let reference = Some(OrderReference::new("a".to_owned()));
    change.edit_details(OrderDetails { reference, ..OrderDetails::default() }, at(9_000));
    let order = change.order();
    assert_eq!((order.status_changed_at, order.updated_at), (at(5_000), at(9_000)));
}

/// Every path from `PENDING` to an end, without going in circles, says itself whether the order was paid.
#[test]
fn status_and_number_of_entries_say_whether_an_order_was_paid() {
    let mut paths = vec![vec![OrderStatus::Pending]];
    let mut closed = 0;
    while let Some(path) = paths.pop() {
        let last = *path.last().unwrap();
        let entries = i64::try_from(path.len()).unwrap();
        assert_eq!(last.was_paid(entries), path.contains(&OrderStatus::Paid), "{path:?}");
        closed += usize::from(last == OrderStatus::Closed);
        let next = TRANSITIONS.iter().filter(|(from, to, _)| *from == last && !path.contains(to));
        paths.extend(next.map(|(_, to, _)| [path.as_slice(), &[*to]].concat()));
    }
    assert!(closed > 3, "paid and unpaid orders are closed");
}
