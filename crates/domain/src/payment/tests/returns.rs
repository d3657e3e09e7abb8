use super::*;
use crate::{OrderChange, order::StockLine};

/// Earlier than [`NOW`].
const BEFORE: Timestamp = Timestamp::from_millis(1);
const OPERATOR: ChangedBy = ChangedBy::operator(UserKey::new(2));

fn line(product: &str, quantity: u32, price: &str, holds_stock: bool) -> OrderLine {
    OrderLine {
        product: ProductId::parse(product).unwrap(),
        name: Text::new("Tea"),
        quantity,
        price: yuan(price),
        holds_stock,
        restocked: 0,
    }
}

/// An order of 3 cups and 1 card, whose 35 yuan were captured.
fn paid() -> TransactionChange {
    let mut order = order();
    order.items = vec![line("cup", 3, "10", true), line("card", 1, "5", false)];
    order.amount = yuan("35");
    let capture = Some(Capture { amount: yuan("35"), at: NOW });
    let facts = PaymentFacts::from_raw(RawFacts { capture, ..RawFacts::default() }).unwrap();
    let transaction = Transaction { amount: yuan("35"), facts, ..transaction(CaptureMethod::Automatic) };
    order.status = OrderStatus::Paid;
    TransactionChange::from_order(order, transaction, false)
}

/// An order of 3 cups alone, whose 30 yuan were captured.
fn paid_cups() -> TransactionChange {
    let case = paid();
    let mut order = case.order_change.order().clone();
    order.items.truncate(1);
    order.amount = yuan("30");
    let capture = Some(Capture { amount: yuan("30"), at: NOW });
    let facts = PaymentFacts::from_raw(RawFacts { capture, ..RawFacts::default() }).unwrap();
    TransactionChange::from_order(order, Transaction { amount: yuan("30"), facts, ..case.transaction }, false)
}

fn pieces(product: &str, quantity: u32, restock: bool) -> ReturnedPieces {
    ReturnedPieces { product: ProductId::parse(product).unwrap(), quantity, restock }
}

fn ask(case: &mut TransactionChange, id: &str, all: Vec<ReturnedPieces>) -> Result<Refund, NotRefundable> {
    let scope = RefundScope::Pieces { pieces: all, other_refunds: Vec::new() };
    let request = RefundRequest { scope, ..RefundRequest::for_amount(None) };
    let key = RefundKey::new(i64::try_from(case.transaction.refunds.len()).unwrap() + 1);
    case.request_refund(request, OPERATOR, RefundIds { key, id: RefundId::new(id.into()) }, NOW)
}

fn fail(case: &mut TransactionChange, id: &str) {
    let refund = case.transaction.refunds.iter_mut().find(|it| it.id.as_str() == id).unwrap();
    refund.facts.failed_at = Some(NOW);
}

fn restocked(case: &TransactionChange) -> u32 {
    assert!(case.order_change.returned_stock().iter().all(|it| it.product.as_str() == "cup"));
    let pieces = case.order_change.returned_stock().iter().map(|it| it.quantity).sum();
    let counted: u32 = case.order_change.order().items.iter().map(|it| it.restocked).sum();
    assert_eq!(counted, pieces, "the count of the lines is what went into stock");
    pieces
}

#[test]
fn a_refund_of_pieces_is_of_their_price_and_restocks_what_it_is_asked_to() {
    let mut case = paid();
    let wanted = vec![pieces("cup", 1, true), pieces("cup", 1, false), pieces("card", 1, true)];
    let refund = ask(&mut case, "r1", wanted).unwrap();
    assert_eq!(refund.amount, yuan("25"));
    let shown: Vec<_> =
        refund.items.iter().map(|it| (it.line, it.quantity, it.restock, it.restocked)).collect();
    assert_eq!(shown, [(0, 1, true, 1), (0, 1, false, 0), (1, 1, true, 0)], "a card holds no stock");
    assert_eq!(restocked(&case), 1);
    assert_eq!(case.order_change.order().status, OrderStatus::Paid, "a part leaves the order where it is");
}

#[test]
fn no_more_pieces_come_back_than_were_ordered() {
    let mut case = paid();
    ask(&mut case, "r1", vec![pieces("cup", 2, true)]).unwrap();
    let before = case.clone();
    let wanted = vec![pieces("card", 1, false), pieces("cup", 2, true), pieces("pot", 1, true)];
    assert_eq!(ask(&mut case, "r2", wanted), Err(NotRefundable::TooManyPieces(vec![1, 2])));
    let wanted = vec![pieces("cup", 1, true), pieces("cup", 1, false)];
    assert_eq!(ask(&mut case, "r2", wanted), Err(NotRefundable::TooManyPieces(vec![1])), "both count");
    assert_eq!(case, before, "nothing has changed");
    let other_refunds = case.transaction.refunds.clone();
    let scope = RefundScope::Pieces { pieces: vec![pieces("cup", 2, true)], other_refunds };
    let request = RefundRequest { scope, ..RefundRequest::for_amount(None) };
    let refused = paid().request_refund(request, OPERATOR, fresh(), NOW);
    assert_eq!(refused, Err(NotRefundable::TooManyPieces(vec![0])), "those of another payment count");
    ask(&mut case, "r2", vec![pieces("cup", 1, true)]).unwrap();
    assert_eq!(restocked(&case), 3);
}

/// It can still be paid in full, and then all of its pieces are sent.
#[test]
fn no_pieces_come_back_from_an_order_that_is_not_paid() {
    let mut case = paid();
    let order = Order { status: OrderStatus::Pending, ..case.order_change.order().clone() };
    case.order_change = OrderChange::from_order(order);
    let before = case.clone();
    assert_eq!(ask(&mut case, "r1", vec![pieces("cup", 1, true)]), Err(NotRefundable::State));
    assert_eq!(ask(&mut case, "r1", vec![pieces("cup", 1, false)]), Err(NotRefundable::State));
    assert_eq!(case, before, "nothing has changed");
    let amount = RefundRequest::for_amount(Some(yuan("10")));
    case.request_refund(amount, OPERATOR, fresh(), NOW).expect("an amount of the part that was captured");
}

#[test]
fn pieces_that_cost_nothing_are_no_refund() {
    let mut case = paid();
    let mut order = case.order_change.order().clone();
    order.items.push(OrderLine { price: Money::zero(order.amount.currency()), ..line("gift", 1, "1", true) });
    case.order_change = crate::OrderChange::from_order(order);
    assert_eq!(ask(&mut case, "r1", vec![pieces("gift", 1, true)]), Err(NotRefundable::State));
    assert_eq!(restocked(&case), 0);
}

#[test]
fn a_failed_refund_gives_its_pieces_free_and_leaves_them_on_the_shelf() {
    let mut case = paid();
    ask(&mut case, "r1", vec![pieces("cup", 2, true)]).unwrap();
    fail(&mut case, "r1");
    let again = ask(&mut case, "r2", vec![pieces("cup", 2, true)]).unwrap();
    assert_eq!((again.items[0].restock, again.items[0].restocked), (true, 0), "they are there already");
    assert_eq!(restocked(&case), 2);
    let rest = ask(&mut case, "r3", vec![pieces("cup", 1, true)]).unwrap();
    assert_eq!((rest.items[0].restocked, restocked(&case)), (1, 3));
}

#[test]
fn what_went_back_by_a_return_does_not_go_back_again_with_the_order() {
    let mut case = paid();
    ask(&mut case, "r1", vec![pieces("cup", 1, true)]).unwrap();
    let rest = RefundRequest::for_amount(None);
    case.request_refund(
        rest,
        OPERATOR,
        RefundIds { key: RefundKey::new(9), id: RefundId::new("r2".into()) },
        NOW,
    )
    .unwrap();
    assert_eq!(case.order_change.order().status, OrderStatus::RefundPending);
    let change = &mut case.order_change;
    change.transition(OrderStatus::Refunded, ChangedBy::GATEWAY, None, NOW).unwrap();
    let lines: Vec<_> = change.returned_stock().iter().map(|it: &StockLine| it.quantity).collect();
    assert_eq!(lines, [1, 2]);
    assert!(change.holds_no_stock());
    let line = change.restocked_lines().next().unwrap();
    assert_eq!((line.position, line.read, line.restocked), (0, 0, 3));
}

#[test]
fn an_order_that_ships_takes_the_pieces_of_failed_refunds_again() {
    let mut case = paid();
    ask(&mut case, "r1", vec![pieces("cup", 2, true)]).unwrap();
    ask(&mut case, "r2", vec![pieces("cup", 1, true)]).unwrap();
    fail(&mut case, "r1");
    let mut change = crate::OrderChange::from_order(case.order_change.order().clone());
    let payments = std::slice::from_ref(&case.transaction);
    change.retake_goods(payments);
    assert_eq!((pieces_taken_again(&change), change.order().items[0].restocked), (vec![2], 1));
    change.retake_goods(payments);
    assert_eq!(change.retaken_stock().len(), 1, "once");
    // They are not on the shelf any more, so they can go back there.
    case.order_change = crate::OrderChange::from_order(change.order().clone());
    let again = ask(&mut case, "r3", vec![pieces("cup", 2, true)]).unwrap();
    assert_eq!(again.items[0].restocked, 2);
}

#[test]
fn pieces_that_were_paid_back_as_an_amount_are_not_sent() {
    let mut case = paid();
    ask(&mut case, "r1", vec![pieces("cup", 2, true)]).unwrap();
    fail(&mut case, "r1");
    let amount = RefundRequest::for_amount(Some(yuan("15")));
    let ids = RefundIds { key: RefundKey::new(9), id: RefundId::new("r2".into()) };
    case.request_refund(amount, OPERATOR, ids, NOW).unwrap();
    let mut change = crate::OrderChange::from_order(case.order_change.order().clone());
    change.retake_goods(std::slice::from_ref(&case.transaction));
    assert_eq!(pieces_taken_again(&change), [1], "15 yuan are one cup");
    // Those of another payment paid for nothing that is sent.
    let facts = RawFacts { displaced: true, ..case.transaction.facts.as_raw().clone() };
    let displaced = PaymentFacts::from_raw(facts).unwrap();
    let other = Transaction { facts: displaced, ..case.transaction.clone() };
    let mut change = crate::OrderChange::from_order(case.order_change.order().clone());
    change.retake_goods(&[other]);
    assert_eq!(pieces_taken_again(&change), [2]);
}

fn pieces_taken_again(change: &OrderChange) -> Vec<u32> {
    change.retaken_stock().iter().map(|it| it.quantity).collect()
}

/// It holds no stock, so none of its pieces is on the shelf.
#[test]
fn a_line_without_stock_uses_up_no_amount_that_was_paid_back() {
    let mut case = paid();
    let mut order = case.order_change.order().clone();
    order.items.reverse();
    case.order_change = OrderChange::from_order(order);
    ask(&mut case, "r1", vec![pieces("cup", 2, true)]).unwrap();
    fail(&mut case, "r1");
    let amount = RefundRequest::for_amount(Some(yuan("10")));
    let ids = RefundIds { key: RefundKey::new(9), id: RefundId::new("r2".into()) };
    case.request_refund(amount, OPERATOR, ids, NOW).unwrap();
    let mut change = crate::OrderChange::from_order(case.order_change.order().clone());
    change.retake_goods(std::slice::from_ref(&case.transaction));
    assert_eq!(pieces_taken_again(&change), [1]);
}

/// The payment that paid for the pieces can return them, and no other.
#[test]
fn no_pieces_come_back_through_a_payment_that_does_not_pay_the_order() {
    let mut case = paid();
    case = TransactionChange::from_order(case.order_change.order().clone(), case.transaction, true);
    let before = case.clone();
    assert_eq!(ask(&mut case, "r1", vec![pieces("cup", 1, true)]), Err(NotRefundable::State));
    assert_eq!(case, before, "nothing has changed");
    case.request_refund(RefundRequest::for_amount(Some(yuan("10"))), OPERATOR, fresh(), NOW)
        .expect("its money can be given back");
}

/// What holds no stock may still be delivered, so the refund can be refused.
#[test]
fn an_order_with_a_line_that_holds_no_stock_keeps_its_way_back() {
    for waits in [false, true] {
        let mut case = paid();
        let to = OrderStatus::RefundPending;
        if waits {
            case.order_change.transition(to, OPERATOR, None, NOW).unwrap();
        }
        ask(&mut case, "r1", vec![pieces("cup", 3, true)]).unwrap();
        if !waits {
            case.order_change.transition(to, OPERATOR, None, NOW).unwrap();
        }
        assert_eq!(case.order_change.order().status_before_refund, Some(OrderStatus::Paid), "{waits}");
    }
}

#[test]
fn only_goods_that_leave_are_taken_again() {
    let mut order = paid().order_change.order().clone();
    (order.status, order.status_before_refund) = (OrderStatus::RefundPending, Some(OrderStatus::Shipped));
    let mut change = crate::OrderChange::from_order(order.clone());
    change.transition(OrderStatus::Shipped, OPERATOR, None, NOW).unwrap();
    assert!(!change.ships_goods(), "they left before");
    (order.status, order.status_before_refund) = (OrderStatus::Processing, None);
    let mut change = crate::OrderChange::from_order(order);
    change.transition(OrderStatus::Shipped, OPERATOR, None, NOW).unwrap();
    assert!(change.ships_goods());
}

#[test]
fn goods_that_the_order_has_given_back_are_not_restocked_by_a_return() {
    let mut case = paid();
    let mut order = case.order_change.order().clone();
    order.status = OrderStatus::Pending;
    let mut change = crate::OrderChange::from_order(order);
    change.transition(OrderStatus::Cancelled, OPERATOR, None, NOW).unwrap();
    case.order_change = change;
    let refund = ask(&mut case, "r1", vec![pieces("cup", 2, true)]).unwrap();
    assert_eq!((refund.amount, refund.items[0].restocked), (yuan("20"), 0));
    assert_eq!(restocked(&case), 3);
}

proptest! {
    /// Whatever is asked and whichever refunds fail: no line gives back more pieces than it took, and as many are in
    /// stock as are counted.
    #[test]
    fn stock_adds_up_whatever_is_returned(
        steps in prop::collection::vec((0_u8..4, 1_u32..4, any::<bool>()), 0..20)
    ) {
        let mut case = paid();
        for (at, (kind, quantity, flag)) in steps.into_iter().enumerate() {
            match kind {
                0 | 1 => drop(ask(&mut case, &format!("r{at}"), vec![pieces("cup", quantity, flag)])),
                2 => if let Some(it) = case.transaction.refunds.get_mut(usize::try_from(quantity).unwrap()) {
                    it.facts.failed_at = Some(NOW);
                },
                _ => drop(case.order_change.transition(OrderStatus::RefundPending, OPERATOR, None, NOW)),
            }
        }
        drop(case.order_change.transition(OrderStatus::Refunded, ChangedBy::GATEWAY, None, NOW));
        prop_assert!(restocked(&case) <= 3);
        let live = case.transaction.refunds.iter().filter(|it| it.status() != RefundStatus::Failed);
        let back: u32 = live.flat_map(|it| &it.items).map(|it| it.quantity).sum();
        prop_assert!(back <= 3, "{back}");
    }
}

/// Others may have bought the goods since. Whether the move comes with the refund or was made before it.
#[test]
fn an_order_whose_goods_are_back_in_stock_cannot_be_shipped_when_its_refund_fails() {
    for waits in [false, true] {
        let mut case = paid_cups();
        if waits {
            case.order_change.transition(OrderStatus::RefundPending, OPERATOR, None, NOW).unwrap();
            assert!(case.order_change.order().allows_transition(OrderStatus::Paid, crate::Actor::Operator));
            // The refund is made by a later request.
            let order = Order { updated_at: BEFORE, ..case.order_change.order().clone() };
            case.order_change = OrderChange::from_order(order);
        }
        let version = case.order_change.order().version;
        ask(&mut case, "r1", vec![pieces("cup", 3, true)]).unwrap();
        let order = case.order_change.order();
        assert_eq!((order.version, order.updated_at), (version.next(), NOW), "{waits}");
        assert!(case.order_change.has_new_version());
        fail(&mut case, "r1");
        let order = case.order_change.order();
        assert_eq!((order.status, order.status_before_refund), (OrderStatus::RefundPending, None));
        assert!(!order.allows_transition(OrderStatus::Paid, crate::Actor::Operator), "{waits}");
    }
    // A part of the goods is still held, so the way back stays open.
    let mut case = paid();
    case.order_change.transition(OrderStatus::RefundPending, OPERATOR, None, NOW).unwrap();
    ask(&mut case, "r1", vec![pieces("cup", 2, true)]).unwrap();
    assert_eq!(case.order_change.order().status_before_refund, Some(OrderStatus::Paid));
}
