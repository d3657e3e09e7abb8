//! Refunding: the request is committed before the gateway is called, pending refunds count as refunded, and a sweep
//! finishes what a dead process began. The gateway keeps books of its own.

use domain::{
    ChangedBy, OrderChange, Refund, RefundId, RefundKey, TransactionKey, UserKey,
    order::{Metadata, OrderStatus},
    payment::{
        Capture, EventKind, RawFacts, RefundFacts, RefundRequest, RefundScope, RefundStatus,
        TransactionChange, apply_events,
    },
};
use stateright::{Model, Property};

use crate::{
    assert_found, assert_sound,
    payment::{AMOUNT, NOW, build_event, build_transaction, place_order, refund_ids, yuan},
};

/// What each of the operators asks for: the first and the last together are all that was captured, and any other two
/// are more.
const ASKED: [u8; 3] = [6, 10, 4];

/// A fault that the model must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The revision is not compared.
    NoRevision,
    /// Pending refunds do not count.
    ForgetPending,
    /// The gateway is called before the request is committed.
    CallFirst,
    /// A repeated call has a new idempotency key.
    NewKey,
    /// No sweep finishes what a dead process began.
    NoSweep,
}

/// Refund and payment as a commit left them. The refund of an operator has the operator's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Case {
    status: OrderStatus,
    revision: i64,
    refunds: [Option<(u8, RefundStatus)>; ASKED.len()],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Begun,
    /// Decided on this revision, not committed.
    Decided(i64, Case),
    /// Committed as pending; the gateway is to be called.
    Calling,
    /// The gateway has answered; its answer is to be committed.
    Answered,
    /// The client has its answer, or was refused.
    Over,
    /// Its process has died: only a sweep goes on.
    Dead,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    case: Case,
    /// What the gateway has paid back: the key and the amount of each.
    books: Vec<(u8, u8)>,
    operators: [Step; ASKED.len()],
    crashes_left: u8,
    /// The next key that is not a refund's, for calls that should have none of their own.
    next_key: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Decide(usize),
    Commit(usize),
    /// The gateway does it, and its answer arrives.
    Call(usize),
    /// The gateway does it, and the answer is lost.
    LoseAnswer(usize),
    /// The answer is committed.
    Settle(usize),
    Crash(usize),
    /// The sweep looks a pending refund up, calls the gateway again if it is not done, and commits the answer.
    Sweep(usize),
}

struct RefundReserve(Option<Fault>);

fn build_refund(id: &str, amount: u8, facts: RefundFacts, by: ChangedBy) -> Refund {
    Refund {
        key: RefundKey::new(1),
        id: RefundId::new(id.into()),
        transaction: TransactionKey::new(1),
        amount: yuan(amount),
        facts,
        requested_by: by,
        reason: None,
        created_at: NOW,
        check_at: None,
        checks: 0,
        items: Vec::new(),
        metadata: Metadata::default(),
    }
}

/// A refund of everything that the service owes since money came too late.
pub(crate) fn owed_refund(id: &str) -> Refund {
    build_refund(id, AMOUNT, RefundFacts::default(), ChangedBy::SYSTEM)
}

fn load_case(case: Case, forgets_pending: bool) -> TransactionChange {
    let mut order = place_order();
    order.status = case.status;
    order.status_before_refund = (case.status == OrderStatus::RefundPending).then_some(OrderStatus::Paid);
    order.revision = domain::Revision::new(case.revision);
    let capture = Some(Capture { amount: yuan(AMOUNT), at: NOW });
    let mut transaction = build_transaction(RawFacts { capture, ..RawFacts::default() });
    for (number, refund) in case.refunds.iter().enumerate() {
        let Some((amount, status)) = *refund else { continue };
        let succeeded_at = (status == RefundStatus::Succeeded).then_some(NOW);
        if forgets_pending && succeeded_at.is_none() {
            continue;
        }
        let facts = RefundFacts { succeeded_at, ..RefundFacts::default() };
        let by = ChangedBy::operator(UserKey::new(1));
        transaction.refunds.push(build_refund(&number.to_string(), amount, facts, by));
    }
    TransactionChange::from_order_change(OrderChange::from_order(order), transaction, false)
}

fn store_case(change: &TransactionChange, before: Case) -> Case {
    let mut refunds = before.refunds;
    for refund in &change.transaction.refunds {
        let number: usize = refund.id.as_str().parse().unwrap();
        let amount = refunds[number].map_or(ASKED[number], |(amount, _)| amount);
        refunds[number] = Some((amount, refund.status()));
    }
    let order = change.order_change.order();
    Case { status: order.status, revision: order.revision.get(), refunds }
}

/// What the code decides when the operator asks; `None` if it refuses.
fn decide_request(case: Case, operator: usize, forgets_pending: bool) -> Option<Case> {
    let mut change = load_case(case, forgets_pending);
    let scope = RefundScope::Amount(yuan(ASKED[operator]));
    let request = RefundRequest { scope, reason: None, metadata: Metadata::default() };
    let by = ChangedBy::operator(UserKey::new(1));
    change.request_refund(request, by, refund_ids(&operator.to_string()), NOW).ok()?;
    Some(store_case(&change, case))
}

/// What the code decides when the gateway says that the refund succeeded.
fn decide_success(case: Case, operator: usize) -> Case {
    let mut change = load_case(case, false);
    let id = operator.to_string();
    let event = build_event(EventKind::RefundSucceeded, ASKED[operator], Some(&id));
    apply_events(&mut change, &[event], || refund_ids("owed"), NOW);
    store_case(&change, case)
}

impl RefundReserve {
    fn has(&self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    /// The gateway does what it is asked, once for each key.
    fn call_gateway(&self, state: &mut State, operator: usize) {
        let mut key = u8::try_from(operator).unwrap();
        if self.has(Fault::NewKey) {
            key = state.next_key;
            state.next_key += 1;
        }
        if !state.books.iter().any(|(known, _)| *known == key) {
            state.books.push((key, ASKED[operator]));
        }
    }

    fn is_done(state: &State, operator: usize) -> bool {
        state.books.iter().any(|(key, _)| usize::from(*key) == operator)
    }
}

impl Model for RefundReserve {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let case = Case { status: OrderStatus::Paid, revision: 1, refunds: [None; ASKED.len()] };
        let operators = [Step::Begun; ASKED.len()];
        vec![State { case, books: Vec::new(), operators, crashes_left: 2, next_key: 100 }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (operator, step) in state.operators.iter().enumerate() {
            match step {
                Step::Begun => actions.push(Action::Decide(operator)),
                Step::Decided(..) => actions.push(Action::Commit(operator)),
                Step::Calling => actions.extend([Action::Call(operator), Action::LoseAnswer(operator)]),
                Step::Answered => actions.push(Action::Settle(operator)),
                Step::Over | Step::Dead => {}
            }
            if state.crashes_left > 0 && matches!(step, Step::Decided(..) | Step::Calling | Step::Answered) {
                actions.push(Action::Crash(operator));
            }
            let is_pending = matches!(state.case.refunds[operator], Some((_, RefundStatus::Pending)));
            if is_pending && !self.has(Fault::NoSweep) {
                actions.push(Action::Sweep(operator));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Decide(operator) => {
                let decided = decide_request(state.case, operator, self.has(Fault::ForgetPending));
                if decided.is_some() && self.has(Fault::CallFirst) {
                    self.call_gateway(&mut state, operator);
                }
                state.operators[operator] =
                    decided.map_or(Step::Over, |it| Step::Decided(state.case.revision, it));
            }
            Action::Commit(operator) => {
                let Step::Decided(base, after) = state.operators[operator] else { return None };
                state.operators[operator] = Step::Begun;
                if base == state.case.revision {
                    state.case = after;
                    state.operators[operator] = Step::Calling;
                } else if self.has(Fault::NoRevision) {
                    state.case.refunds[operator] = after.refunds[operator];
                    state.case.revision += 1;
                    state.operators[operator] = Step::Calling;
                }
            }
            Action::Call(operator) => {
                self.call_gateway(&mut state, operator);
                state.operators[operator] = Step::Answered;
            }
            Action::LoseAnswer(operator) => {
                self.call_gateway(&mut state, operator);
                state.operators[operator] = Step::Over;
            }
            Action::Settle(operator) => {
                state.case = decide_success(state.case, operator);
                state.operators[operator] = Step::Over;
            }
            Action::Crash(operator) => {
                state.operators[operator] = Step::Dead;
                state.crashes_left -= 1;
            }
            Action::Sweep(operator) => {
                if !Self::is_done(&state, operator) {
                    self.call_gateway(&mut state, operator);
                }
                state.case = decide_success(state.case, operator);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("refunds are not above what was captured", |_, state: &State| {
                state.case.refunds.iter().flatten().map(|(amount, _)| amount).sum::<u8>() <= AMOUNT
            }),
            Property::always("the gateway pays back no more than was captured", |_, state: &State| {
                state.books.iter().map(|(_, amount)| amount).sum::<u8>() <= AMOUNT
            }),
            Property::always(
                "the gateway was asked for nothing that is not in the record",
                |_, state: &State| {
                    let is_known = |(key, _): &(u8, u8)| {
                        state.case.refunds.get(usize::from(*key)).is_none_or(Option::is_some)
                    };
                    state.books.iter().all(is_known)
                },
            ),
            Property::always(
                "in the end nothing is pending, and record and gateway agree",
                |model: &Self, state: &State| {
                    let mut next = Vec::new();
                    model.actions(state, &mut next);
                    let repaid: u8 = state.books.iter().map(|(_, amount)| amount).sum();
                    let (settled, open): (Vec<_>, Vec<_>) = state
                        .case
                        .refunds
                        .iter()
                        .flatten()
                        .partition(|(_, it)| *it == RefundStatus::Succeeded);
                    let succeeded: u8 = settled.iter().map(|(amount, _)| amount).sum();
                    let is_refunded = state.case.status == OrderStatus::Refunded;
                    let is_settled =
                        open.is_empty() && repaid == succeeded && is_refunded == (succeeded == AMOUNT);
                    !next.is_empty() || is_settled
                },
            ),
            Property::sometimes("a process dies between commit and call", |_, state: &State| {
                state.operators.contains(&Step::Dead)
                    && state.books.is_empty()
                    && state.case.refunds.iter().any(Option::is_some)
            }),
            Property::sometimes("all decide at once", |_, state: &State| {
                state.operators.iter().all(|it| matches!(it, Step::Decided(1, _)))
            }),
        ]
    }
}

/// The number of states, when every property holds.
pub(crate) fn search_sound() -> usize {
    assert_sound("refund-reserve", RefundReserve(None))
}

#[test]
fn refunds_are_reserved_before_the_gateway_is_called() {
    for (fault, property) in [
        (Fault::NoRevision, "refunds are not above what was captured"),
        (Fault::ForgetPending, "the gateway pays back no more than was captured"),
        (Fault::CallFirst, "the gateway was asked for nothing that is not in the record"),
        (Fault::NewKey, "the gateway pays back no more than was captured"),
        (Fault::NoSweep, "in the end nothing is pending, and record and gateway agree"),
    ] {
        assert_found(RefundReserve(Some(fault)), property);
    }
}
