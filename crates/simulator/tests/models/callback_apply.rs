//! Applying a gateway's events: each is delivered several times and in any order, while the customer cancels. The event,
//! its facts and the order's move are one commit, guarded by the event's unique id and the order's revision.

use domain::{
    ChangedBy, OrderChange, UserKey,
    order::OrderStatus,
    payment::{Capture, EventKind, RawFacts, TransactionChange, apply_events},
};
use stateright::{Model, Property};

use crate::{
    assert_found, assert_sound,
    payment::{AMOUNT, NOW, build_event, build_transaction, place_order, refund_ids, yuan},
};

/// The deliveries: one event twice at once, as by two instances, and one that the other overtakes.
const DELIVERIES: [EventKind; 3] = [EventKind::Captured, EventKind::Captured, EventKind::Authorized];

/// A fault that the model must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The event is stored in one commit and applied in the next.
    StoreThenApply,
    /// The event is applied in one commit and stored in the next.
    ApplyThenStore,
    /// The same event can be stored twice.
    NoUniqueEvent,
    /// The revision is not compared.
    NoRevision,
    /// 200 is sent before the commit.
    AnswerEarly,
}

/// Order and payment as a commit left them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Case {
    status: OrderStatus,
    revision: i64,
    is_authorized: bool,
    is_captured: bool,
    /// The captured money is not the order's: it has to go back.
    is_surplus: bool,
    /// The refunds that are owed, in the record.
    refunds: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// The gateway has sent it, perhaps again.
    Arrived,
    /// It was decided on this revision, and is not committed.
    Decided(i64, Case),
    /// Only with two commits: the first one is done.
    Half,
    /// 200.
    Answered,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    case: Case,
    history: Vec<OrderStatus>,
    /// The stored events, in the order of their commits.
    stored: Vec<u8>,
    /// How often each delivery's event was applied.
    applied: [u8; 2],
    deliveries: [Step; DELIVERIES.len()],
    cancellation: Option<(i64, Case)>,
    is_cancellation_over: bool,
    crashes_left: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Decide(usize),
    Commit(usize),
    Answer(usize),
    Crash(usize),
    DecideCancellation,
    CommitCancellation,
}

struct CallbackApply(Option<Fault>);

/// The event's number: both deliveries of the capture have the same.
fn event_number(delivery: usize) -> u8 {
    u8::from(DELIVERIES[delivery] != EventKind::Captured)
}

fn load_case(case: Case) -> TransactionChange {
    let mut order = place_order();
    order.status = case.status;
    order.revision = domain::Revision::new(case.revision);
    let capture = case.is_captured.then(|| Capture { amount: yuan(AMOUNT), at: NOW });
    let facts = RawFacts {
        authorized_at: case.is_authorized.then_some(NOW),
        capture,
        surplus: case.is_surplus,
        ..RawFacts::default()
    };
    let mut transaction = build_transaction(facts);
    for number in 0..case.refunds {
        transaction.refunds.push(crate::refund_reserve::owed_refund(&number.to_string()));
    }
    TransactionChange::from_order(order, transaction, false)
}

fn store_case(change: &TransactionChange) -> Case {
    let (order, transaction) = (change.order_change.order(), &change.transaction);
    Case {
        status: order.status,
        revision: order.revision.get(),
        is_authorized: transaction.facts.is_authorized(),
        is_captured: transaction.facts.capture().is_some(),
        is_surplus: transaction.facts.is_surplus(),
        refunds: u8::try_from(transaction.refunds.len()).unwrap(),
    }
}

/// What the code decides when the event arrives.
fn decide_event(case: Case, delivery: usize) -> Case {
    let mut change = load_case(case);
    let event = build_event(DELIVERIES[delivery], AMOUNT, None);
    apply_events(&mut change, &[event], || refund_ids("owed"), NOW);
    store_case(&change)
}

/// What the code decides when the customer cancels; `None` if the order does not allow it.
fn decide_cancellation(case: Case) -> Option<Case> {
    let change = load_case(case);
    let mut moved = OrderChange::from_order(change.order_change.order().clone());
    let by = ChangedBy::customer(UserKey::new(1));
    moved.transition(OrderStatus::Cancelled, by, None, NOW).ok()?;
    let mut both = TransactionChange::from_order_change(moved, change.transaction, false);
    both.follow_order_status(NOW);
    Some(Case { revision: case.revision + 1, ..store_case(&both) })
}

impl CallbackApply {
    fn has(&self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    fn write_case(state: &mut State, after: Case) {
        if after.status != state.case.status {
            state.history.push(after.status);
        }
        state.case = Case { revision: state.case.revision + 1, ..after };
    }

    /// The commit of an event with what it changes.
    fn commit(&self, state: &mut State, delivery: usize, base: i64, after: Case) -> Step {
        let number = event_number(delivery);
        let is_stored = state.stored.contains(&number);
        if is_stored && !self.has(Fault::NoUniqueEvent) {
            return Step::Answered;
        }
        if base != state.case.revision && !self.has(Fault::NoRevision) {
            return Step::Arrived;
        }
        if !self.has(Fault::ApplyThenStore) {
            state.stored.push(number);
        }
        if self.has(Fault::StoreThenApply) {
            return Step::Half;
        }
        Self::write_case(state, after);
        state.applied[usize::from(number)] += 1;
        if self.has(Fault::ApplyThenStore) { Step::Half } else { Step::Answered }
    }

    /// The second commit, which there should not be.
    fn finish(&self, state: &mut State, delivery: usize) -> Step {
        let number = event_number(delivery);
        if self.has(Fault::StoreThenApply) {
            let after = decide_event(state.case, delivery);
            Self::write_case(state, after);
            state.applied[usize::from(number)] += 1;
        } else if !state.stored.contains(&number) {
            state.stored.push(number);
        }
        Step::Answered
    }
}

impl Model for CallbackApply {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let case = Case {
            status: OrderStatus::Pending,
            revision: 1,
            is_authorized: false,
            is_captured: false,
            is_surplus: false,
            refunds: 0,
        };
        vec![State {
            case,
            history: vec![OrderStatus::Pending],
            stored: Vec::new(),
            applied: [0; 2],
            deliveries: [Step::Arrived; DELIVERIES.len()],
            cancellation: None,
            is_cancellation_over: false,
            crashes_left: 2,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (delivery, step) in state.deliveries.iter().enumerate() {
            match step {
                Step::Arrived => {
                    actions.push(Action::Decide(delivery));
                    if self.has(Fault::AnswerEarly) {
                        actions.push(Action::Answer(delivery));
                    }
                }
                Step::Decided(..) | Step::Half => actions.push(Action::Commit(delivery)),
                Step::Answered => {}
            }
            if state.crashes_left > 0 && matches!(step, Step::Decided(..) | Step::Half) {
                actions.push(Action::Crash(delivery));
            }
        }
        if !state.is_cancellation_over {
            actions.push(match state.cancellation {
                None => Action::DecideCancellation,
                Some(_) => Action::CommitCancellation,
            });
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Decide(delivery) => {
                let after = decide_event(state.case, delivery);
                state.deliveries[delivery] = Step::Decided(state.case.revision, after);
            }
            Action::Commit(delivery) => {
                state.deliveries[delivery] = match state.deliveries[delivery] {
                    Step::Decided(base, after) => self.commit(&mut state, delivery, base, after),
                    Step::Half => self.finish(&mut state, delivery),
                    Step::Arrived | Step::Answered => return None,
                };
            }
            Action::Answer(delivery) => state.deliveries[delivery] = Step::Answered,
            Action::Crash(delivery) => {
                state.deliveries[delivery] = Step::Arrived;
                state.crashes_left -= 1;
            }
            Action::DecideCancellation => match decide_cancellation(state.case) {
                Some(after) => state.cancellation = Some((state.case.revision, after)),
                None => state.is_cancellation_over = true,
            },
            Action::CommitCancellation => {
                let (base, after) = state.cancellation.take()?;
                if base == state.case.revision || self.has(Fault::NoRevision) {
                    Self::write_case(&mut state, after);
                    state.is_cancellation_over = true;
                }
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("an event is applied once", |_, state: &State| {
                state.applied.iter().all(|it| *it <= 1)
            }),
            Property::always("a stored event is applied", |_, state: &State| {
                state
                    .stored
                    .iter()
                    .all(|it| state.applied[usize::from(*it)] > 0 || state.deliveries.contains(&Step::Half))
            }),
            Property::always("an acknowledged event is stored", |_, state: &State| {
                state.deliveries.iter().enumerate().all(|(delivery, step)| {
                    *step != Step::Answered || state.stored.contains(&event_number(delivery))
                })
            }),
            Property::always("captured money pays the order or goes back", |_, state: &State| {
                let Case { status, is_captured, is_surplus, refunds, .. } = state.case;
                !is_captured || (status == OrderStatus::Paid) != (is_surplus && refunds == 1)
            }),
            Property::always("a paid order was captured", |_, state: &State| {
                state.case.status != OrderStatus::Paid || state.case.is_captured
            }),
            Property::always("the history is one path to the status", |_, state: &State| {
                let is_allowed = |pair: &[OrderStatus]| {
                    domain::Actor::ALL.into_iter().any(|it| pair[0].allows_transition(pair[1], it))
                };
                state.history.last() == Some(&state.case.status) && state.history.windows(2).all(is_allowed)
            }),
            Property::sometimes("money comes after the cancellation", |_, state: &State| {
                state.case.is_surplus
            }),
            Property::sometimes("both deliveries decide at once", |_, state: &State| {
                state.deliveries[..2].iter().all(|it| matches!(it, Step::Decided(..)))
            }),
        ]
    }
}

/// The number of states, when every property holds.
pub(crate) fn search_sound() -> usize {
    assert_sound("callback-apply", CallbackApply(None))
}

#[test]
fn an_event_has_one_effect_however_often_it_comes() {
    for (fault, property) in [
        (Fault::StoreThenApply, "a stored event is applied"),
        (Fault::ApplyThenStore, "an event is applied once"),
        (Fault::NoUniqueEvent, "an event is applied once"),
        (Fault::NoRevision, "the history is one path to the status"),
        (Fault::AnswerEarly, "an acknowledged event is stored"),
    ] {
        assert_found(CallbackApply(Some(fault)), property);
    }
}
