//! The moves of an order: several actors decide on copies that they have read, and the revision guards each commit.

use domain::{
    Actor, ChangedBy, OrderChange, Revision, Sequence, Timestamp, UserKey,
    order::{HistoryEntry, OrderStatus, is_valid_history},
};
use stateright::{Model, Property};

use crate::{assert_found, assert_sound, payment::place_order};

/// The commits of one order that are looked at.
const REVISIONS_MAX: i64 = 5;
/// Who moves it. Each of them may crash after any decision.
const ACTORS: [Actor; 3] = [Actor::Customer, Actor::Operator, Actor::Gateway];

/// A fault that the model must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The revision is not compared.
    NoRevision,
    /// The history is written in a commit of its own.
    HistoryAfterwards,
}

/// An order as one commit left it: what of it decides about its moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Reading {
    status: OrderStatus,
    status_before_refund: Option<OrderStatus>,
    revision: i64,
}

/// A decided move, not committed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Decided {
    /// The revision that it was decided on.
    base: i64,
    from: OrderStatus,
    after: Reading,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    order: Reading,
    history: Vec<(Option<OrderStatus>, OrderStatus, usize)>,
    /// What each actor has decided.
    decided: [Option<Decided>; ACTORS.len()],
    /// Only with `HistoryAfterwards`: the entry of an actor that is to be written.
    half: Option<(Option<OrderStatus>, OrderStatus, usize)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    /// An actor reads the order and decides on a move.
    Decide(usize, OrderStatus),
    Commit(usize),
    /// The second commit, with `HistoryAfterwards`.
    WriteHistory,
    Crash(usize),
    CrashBetween,
}

struct OrderMoves(Option<Fault>);

fn author(actor: usize) -> ChangedBy {
    match ACTORS[actor] {
        Actor::Customer => ChangedBy::customer(UserKey::new(1)),
        Actor::Operator | Actor::Service => ChangedBy::operator(UserKey::new(2)),
        Actor::Gateway => ChangedBy::GATEWAY,
        Actor::System => ChangedBy::SYSTEM,
    }
}

/// The move as the code decides it; `None` if it refuses, or nothing changes.
fn decide_move(seen: Reading, actor: usize, to: OrderStatus) -> Option<Decided> {
    let mut order = place_order();
    order.status = seen.status;
    order.status_before_refund = seen.status_before_refund;
    order.revision = Revision::new(seen.revision);
    let mut change = OrderChange::from_order(order);
    let is_moved = change.transition(to, author(actor), None, Timestamp::from_millis(0)).ok()?;
    let order = change.order();
    let after = Reading {
        status: order.status,
        status_before_refund: order.status_before_refund,
        revision: order.revision.get(),
    };
    is_moved.then(|| Decided { base: change.base_revision().get(), from: seen.status, after })
}

impl Model for OrderMoves {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let order = Reading { status: OrderStatus::Pending, status_before_refund: None, revision: 1 };
        let history = vec![(None, OrderStatus::Pending, 0)];
        vec![State { order, history, decided: [None; ACTORS.len()], half: None }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.half.is_some() {
            actions.extend([Action::WriteHistory, Action::CrashBetween]);
            return;
        }
        for (actor, decided) in state.decided.iter().enumerate() {
            if decided.is_some() {
                actions.extend([Action::Commit(actor), Action::Crash(actor)]);
            } else if state.order.revision < REVISIONS_MAX {
                let possible =
                    OrderStatus::ALL.into_iter().filter(|to| decide_move(state.order, actor, *to).is_some());
                actions.extend(possible.map(|to| Action::Decide(actor, to)));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Decide(actor, to) => state.decided[actor] = Some(decide_move(state.order, actor, to)?),
            Action::Commit(actor) => {
                let decided = state.decided[actor].take()?;
                if decided.base == state.order.revision || self.0 == Some(Fault::NoRevision) {
                    let revision = decided.after.revision.max(state.order.revision);
                    state.order = Reading { revision, ..decided.after };
                    let entry = (Some(decided.from), decided.after.status, actor);
                    if self.0 == Some(Fault::HistoryAfterwards) {
                        state.half = Some(entry);
                    } else {
                        state.history.push(entry);
                    }
                }
            }
            Action::WriteHistory => {
                let entry = state.half.take()?;
                state.history.push(entry);
            }
            Action::Crash(actor) => state.decided[actor] = None,
            Action::CrashBetween => state.half = None,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the history is one allowed path to the status", |_, state: &State| {
                let entry =
                    |(sequence, (from, to, by)): (i64, &(Option<OrderStatus>, OrderStatus, usize))| {
                        HistoryEntry {
                            sequence: Sequence::new(sequence),
                            from: *from,
                            to: *to,
                            by: author(*by),
                            reason: None,
                            at: Timestamp::from_millis(0),
                        }
                    };
                let entries: Vec<_> = (1..).zip(&state.history).map(entry).collect();
                state.half.is_some() || is_valid_history(&entries, state.order.status)
            }),
            Property::sometimes("a decision was too late", |_, state: &State| {
                state.decided.iter().flatten().any(|it| it.base < state.order.revision)
            }),
            Property::sometimes("an order is cancelled while it is being paid", |_, state: &State| {
                let is_paying =
                    |it: &Option<Decided>| it.is_some_and(|it| it.after.status == OrderStatus::Paid);
                state.order.status == OrderStatus::Cancelled && is_paying(&state.decided[2])
            }),
        ]
    }
}

/// The number of states, when every property holds.
pub(crate) fn search_sound() -> usize {
    assert_sound("order-moves", OrderMoves(None))
}

#[test]
fn moves_of_an_order_never_overlap() {
    for fault in [Fault::NoRevision, Fault::HistoryAfterwards] {
        assert_found(OrderMoves(Some(fault)), "the history is one allowed path to the status");
    }
}
