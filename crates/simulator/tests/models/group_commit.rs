//! Group commit: units of several callers are committed in one database transaction, and each caller gets the outcome
//! of its own unit. The answer to COMMIT may be lost, and the process may die at any step.

use stateright::{Model, Property};

use crate::{assert_found, assert_sound};

/// The unique key of each unit. The first and the last are of the same key, so that one of them is refused.
const KEYS: [u8; 3] = [0, 1, 0];
const UNITS: usize = KEYS.len();

/// A fault that the model must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Outcomes are sent before COMMIT.
    AnswerEarly,
    /// The outcomes of a batch are handed out in another order.
    Swap,
    /// A batch whose COMMIT has no answer counts as done.
    LostIsDone,
    /// One refused unit rolls the whole batch back, and the others are answered all the same.
    RollBackAll,
}

/// What a caller is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Outcome {
    Done,
    Refused,
    /// Nothing is known: the caller looks before it tries again.
    Unknown,
}

/// Where a batch is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Batch {
    /// These units are in an open transaction, with the outcome of each.
    Open(Vec<(usize, Outcome)>),
    /// COMMIT was answered, or was not: the outcomes for the callers.
    Ended(Vec<(usize, Outcome)>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// The units in the record.
    record: [bool; UNITS],
    /// Units that wait for a batch.
    queue: Vec<usize>,
    batch: Option<Batch>,
    answers: [Option<Outcome>; UNITS],
    was_sent: [bool; UNITS],
    is_dead: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Send(usize),
    /// Begins a transaction with everything that waits.
    Begin,
    Commit,
    /// COMMIT is done, or not, and its answer is lost.
    LoseCommit(bool),
    /// The callers get their outcomes.
    Answer,
    Crash,
}

struct GroupCommit(Option<Fault>);

impl GroupCommit {
    fn has(&self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    /// The units of a batch, with the outcomes that the keys of the record decide.
    fn apply_units(&self, state: &State, units: Vec<usize>) -> Vec<(usize, Outcome)> {
        let mut taken: Vec<u8> = (0..UNITS).filter(|it| state.record[*it]).map(|it| KEYS[it]).collect();
        let mut applied = Vec::new();
        for unit in units {
            let is_free = !taken.contains(&KEYS[unit]);
            taken.push(KEYS[unit]);
            applied.push((unit, if is_free { Outcome::Done } else { Outcome::Refused }));
        }
        applied
    }

    fn make_durable(&self, state: &mut State, units: &[(usize, Outcome)]) {
        if self.has(Fault::RollBackAll) && units.iter().any(|(_, it)| *it == Outcome::Refused) {
            return;
        }
        for (unit, outcome) in units {
            state.record[*unit] |= *outcome == Outcome::Done;
        }
    }

    fn answer_callers(&self, state: &mut State, units: &[(usize, Outcome)]) {
        let mut outcomes: Vec<_> = units.iter().map(|(_, it)| *it).collect();
        if self.has(Fault::Swap) {
            outcomes.reverse();
        }
        for ((unit, _), outcome) in units.iter().zip(outcomes) {
            state.answers[*unit] = Some(outcome);
        }
    }
}

impl Model for GroupCommit {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            record: [false; UNITS],
            queue: Vec::new(),
            batch: None,
            answers: [None; UNITS],
            was_sent: [false; UNITS],
            is_dead: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.is_dead {
            return;
        }
        actions.extend((0..UNITS).filter(|it| !state.was_sent[*it]).map(Action::Send));
        match &state.batch {
            None if !state.queue.is_empty() => actions.push(Action::Begin),
            None => {}
            Some(Batch::Open(_)) => {
                actions.extend([Action::Commit, Action::LoseCommit(true), Action::LoseCommit(false)]);
            }
            Some(Batch::Ended(_)) => actions.push(Action::Answer),
        }
        actions.push(Action::Crash);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Send(unit) => {
                state.was_sent[unit] = true;
                state.queue.push(unit);
            }
            Action::Begin => {
                let units = std::mem::take(&mut state.queue);
                let units = self.apply_units(&state, units);
                if self.has(Fault::AnswerEarly) {
                    self.answer_callers(&mut state, &units);
                }
                state.batch = Some(Batch::Open(units));
            }
            Action::Commit => {
                let Some(Batch::Open(units)) = state.batch.take() else { return None };
                self.make_durable(&mut state, &units);
                state.batch = Some(Batch::Ended(units));
            }
            Action::LoseCommit(is_done) => {
                let Some(Batch::Open(mut units)) = state.batch.take() else { return None };
                if is_done {
                    self.make_durable(&mut state, &units);
                }
                if !self.has(Fault::LostIsDone) {
                    units.iter_mut().for_each(|(_, outcome)| *outcome = Outcome::Unknown);
                }
                state.batch = Some(Batch::Ended(units));
            }
            Action::Answer => {
                let Some(Batch::Ended(units)) = state.batch.take() else { return None };
                self.answer_callers(&mut state, &units);
            }
            Action::Crash => state.is_dead = true,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a unit that is answered as done is in the record", |_, state: &State| {
                (0..UNITS).all(|it| state.answers[it] != Some(Outcome::Done) || state.record[it])
            }),
            Property::always(
                "a unit that is answered as refused is not in the record",
                |_, state: &State| {
                    (0..UNITS).all(|it| state.answers[it] != Some(Outcome::Refused) || !state.record[it])
                },
            ),
            Property::always("one unit of a key is in the record", |_, state: &State| {
                !(state.record[0] && state.record[2])
            }),
            Property::always(
                "every caller of a living process is answered",
                |model: &Self, state: &State| {
                    let mut next = Vec::new();
                    model.actions(state, &mut next);
                    let rests = next.iter().all(|it| *it == Action::Crash);
                    state.is_dead || !rests || state.answers.iter().all(Option::is_some)
                },
            ),
            Property::sometimes("a refused unit shares a batch with one that is done", |_, state: &State| {
                let is_mixed = |it: &Vec<(usize, Outcome)>| it.len() == UNITS;
                matches!(&state.batch, Some(Batch::Ended(it)) if is_mixed(it))
            }),
            Property::sometimes("a unit is done and its caller never learns it", |_, state: &State| {
                state.is_dead && (0..UNITS).any(|it| state.record[it] && state.answers[it].is_none())
            }),
        ]
    }
}

/// The number of states, when every property holds.
pub(crate) fn search_sound() -> usize {
    assert_sound("group-commit", GroupCommit(None))
}

#[test]
fn each_caller_gets_the_outcome_of_its_own_unit() {
    for (fault, property) in [
        (Fault::AnswerEarly, "a unit that is answered as done is in the record"),
        (Fault::Swap, "a unit that is answered as done is in the record"),
        (Fault::LostIsDone, "a unit that is answered as done is in the record"),
        (Fault::RollBackAll, "a unit that is answered as done is in the record"),
    ] {
        assert_found(GroupCommit(Some(fault)), property);
    }
}
