//! What must hold for one order with everything that belongs to it.
//!
//! The Express app had few rules, and what it let happen is no fault of the record. Rows that were adopted are judged by
//! what the adoption gives to each of them; their other columns have the CHECKs of the schema.

use domain::{
    Actor, Order, Refund, Transaction,
    order::{HistoryEntry, OrderStatus, is_valid_history},
    payment::{PaymentRequest, PaymentRequestKind},
};
use ports::{FlawedPayment, PaymentFlaw};

use super::{AuditFault, sum_lines};

/// An order with everything that belongs to it, of one revision.
pub(super) struct AuditedOrder {
    pub(super) order: Order,
    /// All its changes, sorted by sequence number.
    pub(super) history: Vec<HistoryEntry>,
    /// All its payments with their refunds, oldest first.
    pub(super) transactions: Vec<Transaction>,
    /// Who asked for each payment, capture and void of it.
    pub(super) requests: Vec<PaymentRequest>,
    /// What the rows of its payments say otherwise than their facts.
    pub(super) flaws: Vec<FlawedPayment>,
}

/// The faults of the order; none if all holds.
pub(super) fn judge_order(audited: &AuditedOrder) -> Vec<AuditFault> {
    let AuditedOrder { order, history, transactions, .. } = audited;
    let is_adopted = order.key.is_adopted();
    let mut faults = Vec::new();
    let mut expect = |holds: bool, fault: &str| {
        if !holds {
            faults.push(AuditFault::new(&order.number, fault));
        }
    };
    expect(is_adopted || sum_lines(order) == Some(order.amount), "The lines do not add up to the amount.");
    let is_path = if is_adopted { is_numbered_history } else { is_valid_history };
    expect(is_path(history, order.status), "The history is no unbroken path to the status.");
    let last = history.last().map(|it| it.sequence);
    expect(last == Some(order.last_sequence), "The order has another number of changes than its history.");
    expect(holds_right_pieces(order, history), "The pieces that it holds do not fit its history.");
    let live = transactions.iter().filter(|it| it.occupies_order()).count();
    expect(live <= 1, "Two payments are live.");
    let was_paid = !is_adopted && has_been(history, OrderStatus::Paid);
    let is_covered = transactions.iter().any(|it| it.captured_amount() == order.amount);
    expect(!was_paid || is_covered, "It was paid, and no payment captured its amount.");
    faults.extend(transactions.iter().flat_map(|it| judge_transaction(audited, it)));
    faults.extend(audited.flaws.iter().map(|it| describe_flaw(order, it)));
    faults
}

fn describe_flaw(order: &Order, FlawedPayment { payment, flaw }: &FlawedPayment) -> AuditFault {
    let detail = match flaw {
        PaymentFlaw::Column(column) => &format!("The column {column} does not follow from its facts."),
        PaymentFlaw::RefundWithoutCapture => "It has a refund, and nothing was captured.",
    };
    AuditFault::of_payment(&order.number, payment, detail)
}

fn has_been(history: &[HistoryEntry], status: OrderStatus) -> bool {
    history.iter().any(|it| it.to == status)
}

/// Whether an adopted history is numbered without a gap, by times that do not go backwards, and ends at the status. The
/// adoption keeps gaps between the app's moves, and moves that the state machine does not allow.
fn is_numbered_history(history: &[HistoryEntry], status: OrderStatus) -> bool {
    let numbers = history.iter().map(|it| it.sequence.get());
    history.is_sorted_by_key(|it| it.at)
        && numbers.eq((1..).take(history.len()))
        && history.last().is_some_and(|it| it.to == status)
}

/// An order that ended unpaid, or was refunded before it was shipped, holds no pieces; an unpaid one holds all of them.
fn holds_right_pieces(order: &Order, history: &[HistoryEntry]) -> bool {
    let ended_unpaid = |it: &HistoryEntry| {
        it.to == OrderStatus::Cancelled
            || it.from == Some(OrderStatus::Pending) && it.to == OrderStatus::Closed
    };
    let came_back = has_been(history, OrderStatus::Refunded) && !has_been(history, OrderStatus::Shipped);
    if came_back || history.iter().any(ended_unpaid) {
        return order.items.iter().all(|it| it.held_pieces() == 0);
    }
    order.status != OrderStatus::Pending || order.items.iter().all(|it| it.restocked == 0)
}

fn judge_transaction(audited: &AuditedOrder, of: &Transaction) -> Vec<AuditFault> {
    let mut faults = Vec::new();
    let mut expect = |holds: bool, fault: &str| {
        if !holds {
            faults.push(AuditFault::of_payment(&audited.order.number, &of.id, fault));
        }
    };
    let captured = of.captured_amount();
    expect(of.order_number == audited.order.number, "It names another order.");
    let is_adopted = of.key.is_adopted();
    expect(is_adopted || !captured.exceeds(of.amount), "More was captured than was asked for.");
    let has_request =
        |it: &PaymentRequest| it.transaction == of.key && it.kind == PaymentRequestKind::Payment;
    expect(audited.requests.iter().any(has_request), "It is not stored who asked for it.");
    // What began at the gateway may be more than was captured: it is recorded, with a finding. So it is with what was
    // refused or given up: others could be asked for instead, and then the gateway may report it as made after all.
    let counts = |it: &&Refund| {
        it.requested_by.actor != Actor::Gateway && !it.facts.withdrawn && it.facts.failed_at.is_none()
    };
    let asked = of.refunds.iter().filter(counts);
    let sum = asked
        .map(|it| it.amount)
        .try_fold(domain::Money::zero(captured.currency()), |sum, it| sum.try_add(it));
    expect(sum.is_ok_and(|it| !it.exceeds(captured)), "More was asked back than was captured.");
    faults
}
