//! Reading an order through a cache: a copy is shown only when the record, asked after the request began, says that it
//! is the newest. Copies are put late, dropped and evicted, and readers share one question to the record.

use stateright::{Model, Property};

use crate::{assert_found, assert_sound};

/// The newest revision that the writer makes.
const NEWEST: u8 = 3;
/// The readers; the last one is a client that has been answered by the writer.
const READERS: usize = 2;

/// A fault that the model must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// A copy is shown without a question to the record.
    NotConfirmed,
    /// A reader joins a question to the record that was asked before its request began.
    JoinRunning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Idle,
    /// It has a copy from the cache, or none.
    Looked(Option<u8>),
    /// It waits for the record's word about the copy.
    Waiting(u8),
    /// It has loaded this revision from the record, and shows it.
    Loaded(u8),
}

/// A question for the newest revision that is on its way to the record and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Question {
    /// The revision that the record has answered; `None` before that.
    answer: Option<u8>,
    waiting: [bool; READERS],
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// The revision in the record.
    record: u8,
    /// The newest revision that any client has been answered.
    answered: u8,
    cache: Option<u8>,
    /// A copy that is on its way to the cache, and may be late.
    put: Option<u8>,
    readers: [Step; READERS],
    /// What was answered to any client when each request began: it must not be shown less.
    floors: [u8; READERS],
    question: Option<Question>,
    is_old_copy_shown: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Write,
    Put,
    LosePut,
    Evict,
    Look(usize),
    Ask(usize),
    /// The record answers the question.
    Answer,
    /// The answer reaches those who wait.
    Deliver,
    Load(usize),
    Show(usize),
}

struct CacheValidate(Option<Fault>);

impl CacheValidate {
    fn has(&self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    fn show(state: &mut State, reader: usize, revision: u8) {
        state.is_old_copy_shown |= revision < state.floors[reader];
        state.answered = state.answered.max(revision);
        state.readers[reader] = Step::Idle;
    }

    fn ask(&self, state: &mut State, reader: usize) -> Option<()> {
        let Step::Looked(Some(copy)) = state.readers[reader] else { return None };
        if self.has(Fault::NotConfirmed) {
            Self::show(state, reader, copy);
            return Some(());
        }
        match &mut state.question {
            // A question that is not answered yet is answered by the record as it is after this request began.
            Some(running) if running.answer.is_none() || self.has(Fault::JoinRunning) => {
                running.waiting[reader] = true;
            }
            // It has to ask for itself, once this one is over.
            Some(_) => return None,
            None => {
                let mut waiting = [false; READERS];
                waiting[reader] = true;
                state.question = Some(Question { answer: None, waiting });
            }
        }
        state.readers[reader] = Step::Waiting(copy);
        Some(())
    }

    fn deliver(state: &mut State) -> Option<()> {
        let Question { answer, waiting } = state.question.take()?;
        let newest = answer?;
        for reader in (0..READERS).filter(|it| waiting[*it]) {
            let Step::Waiting(copy) = state.readers[reader] else { continue };
            if copy == newest {
                Self::show(state, reader, copy);
            } else {
                state.readers[reader] = Step::Looked(None);
            }
        }
        Some(())
    }
}

impl Model for CacheValidate {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            record: 1,
            answered: 1,
            cache: None,
            put: None,
            readers: [Step::Idle; READERS],
            floors: [1; READERS],
            question: None,
            is_old_copy_shown: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.record < NEWEST {
            actions.push(Action::Write);
        }
        if state.put.is_some() {
            actions.extend([Action::Put, Action::LosePut]);
        }
        if state.cache.is_some() {
            actions.push(Action::Evict);
        }
        if let Some(question) = state.question {
            actions.push(if question.answer.is_some() { Action::Deliver } else { Action::Answer });
        }
        for (reader, step) in state.readers.iter().enumerate() {
            match step {
                Step::Idle => actions.push(Action::Look(reader)),
                Step::Looked(Some(_)) => actions.push(Action::Ask(reader)),
                Step::Looked(None) => actions.push(Action::Load(reader)),
                Step::Loaded(_) => actions.push(Action::Show(reader)),
                Step::Waiting(_) => {}
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Write => {
                state.record += 1;
                // The writer is answered after its commit.
                state.answered = state.record;
            }
            Action::Put => state.cache = state.put.take(),
            Action::LosePut => state.put = None,
            Action::Evict => state.cache = None,
            Action::Look(reader) => {
                state.floors[reader] = state.answered;
                state.readers[reader] = Step::Looked(state.cache);
            }
            Action::Ask(reader) => self.ask(&mut state, reader)?,
            Action::Answer => {
                let record = state.record;
                state.question.as_mut()?.answer = Some(record);
            }
            Action::Deliver => Self::deliver(&mut state)?,
            Action::Load(reader) => {
                state.put = Some(state.record);
                state.readers[reader] = Step::Loaded(state.record);
            }
            Action::Show(reader) => {
                let Step::Loaded(revision) = state.readers[reader] else { return None };
                Self::show(&mut state, reader, revision);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "no request is shown less than was answered before it began",
                |_, state: &State| !state.is_old_copy_shown,
            ),
            Property::sometimes("the cache has an old copy", |_, state: &State| {
                state.cache.is_some_and(|it| it < state.record)
            }),
            Property::sometimes("two readers share a question", |_, state: &State| {
                state.question.is_some_and(|it| it.waiting == [true; READERS])
            }),
        ]
    }
}

/// The number of states, when every property holds.
pub(crate) fn search_sound() -> usize {
    assert_sound("cache-validate", CacheValidate(None))
}

#[test]
fn an_old_copy_is_never_shown() {
    for fault in [Fault::NotConfirmed, Fault::JoinRunning] {
        assert_found(
            CacheValidate(Some(fault)),
            "no request is shown less than was answered before it began",
        );
    }
}
