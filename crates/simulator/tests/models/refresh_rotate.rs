//! Exchanging a refresh token: the owner's two tabs and a thief present the first token at once, replies are lost, and
//! time passes. `Session::refresh` judges; the record compares the whole session that was read.

use std::time::Duration;

use domain::{
    Session, SessionId, SessionKey, Timestamp, UserKey,
    session::{RefreshOutcome, SessionLifetime},
};
use stateright::{Model, Property};

use crate::{assert_found, assert_sound};

const LIFETIME: SessionLifetime =
    SessionLifetime { idle: Duration::from_secs(3_600), total: Duration::from_secs(7_200) };
/// A tick of the clock, in milliseconds: two of them are more than the window in which a spent token is good.
const TICK_MS: i64 = 6_000;
const TICKS_MAX: i64 = 3;
/// Who presents tokens: two tabs of the owner, and a thief who has copied the first token.
const CLIENTS: usize = 3;
const THIEF: usize = 2;
/// Exchanges of one client.
const ROUNDS_MAX: u8 = 2;

/// A fault that the model must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The session that was read is not compared at the commit.
    NotCompared,
    /// A reused token is refused, and the session stays.
    KeepSession,
    /// The pair is sent before the commit.
    AnswerEarly,
}

/// What of the session changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Stored {
    generation: i64,
    spent: Vec<i64>,
    is_revoked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    /// It has a token of this generation, and presents it next.
    Holds(i64),
    /// Judged on this copy: this is to be committed.
    Decided(i64, Stored, Stored),
    /// Signed out.
    Out,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    session: Stored,
    now_ticks: i64,
    clients: [Step; CLIENTS],
    rounds: [u8; CLIENTS],
    /// The generation whose token each committed exchange took.
    exchanged: Vec<i64>,
    /// Whether a token was refused as stolen.
    is_theft_seen: bool,
    /// Whether a pair was issued after that.
    is_pair_after_theft: bool,
    /// The newest generation that any client was given.
    newest_given: i64,
    losses_left: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Present(usize),
    Commit(usize),
    /// The exchange is committed, and the reply is lost.
    LoseReply(usize),
    Crash(usize),
    Tick,
}

struct RefreshRotate(Option<Fault>);

fn load_session(stored: &Stored) -> Session {
    let at = Timestamp::from_millis;
    Session {
        key: SessionKey::new(1),
        id: SessionId::new("s".into()),
        user: UserKey::new(1),
        generation: stored.generation,
        rotated_at: at(stored.spent.last().copied().unwrap_or(0)),
        created_at: at(0),
        expires_at: at(3_600_000),
        revoked_at: stored.is_revoked.then(|| at(0)),
        spent: stored.spent.iter().copied().map(at).collect(),
    }
}

fn store_session(session: &Session) -> Stored {
    Stored {
        generation: session.generation,
        spent: session.spent.iter().map(|it| it.as_millis()).collect(),
        is_revoked: session.revoked_at.is_some(),
    }
}

impl RefreshRotate {
    fn has(&self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    fn present(&self, state: &mut State, client: usize) -> Option<()> {
        let Step::Holds(generation) = state.clients[client] else { return None };
        let now = Timestamp::from_millis(state.now_ticks * TICK_MS);
        let read = state.session.clone();
        state.rounds[client] += 1;
        state.clients[client] = match load_session(&read).refresh(generation, now, LIFETIME) {
            RefreshOutcome::Rotated(next) => {
                if self.has(Fault::AnswerEarly) {
                    state.newest_given = state.newest_given.max(next.generation);
                }
                Step::Decided(generation, read, store_session(&next))
            }
            RefreshOutcome::Repeated => {
                state.is_pair_after_theft |= state.is_theft_seen;
                Step::Holds(read.generation)
            }
            RefreshOutcome::Reused if self.has(Fault::KeepSession) => {
                state.is_theft_seen = true;
                Step::Out
            }
            RefreshOutcome::Reused => {
                let revoked = Stored { is_revoked: true, ..read.clone() };
                Step::Decided(generation, read, revoked)
            }
            // Never: a token that exists was committed, and reads are not behind here.
            RefreshOutcome::Outdated => return None,
            RefreshOutcome::Ended => Step::Out,
        };
        Some(())
    }

    fn commit(&self, state: &mut State, client: usize, is_reply_lost: bool) -> Option<()> {
        let Step::Decided(generation, read, next) = state.clients[client].clone() else { return None };
        if state.session != read && !self.has(Fault::NotCompared) {
            // Stale: it is judged again, with the same token.
            state.rounds[client] -= 1;
            state.clients[client] = Step::Holds(generation);
            return Some(());
        }
        state.session = next.clone();
        if next.is_revoked {
            state.is_theft_seen = true;
            state.clients[client] = Step::Out;
            return Some(());
        }
        state.exchanged.push(generation);
        state.is_pair_after_theft |= state.is_theft_seen;
        let held = if is_reply_lost { generation } else { next.generation };
        state.newest_given = state.newest_given.max(held);
        state.clients[client] = Step::Holds(held);
        Some(())
    }
}

impl Model for RefreshRotate {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            session: Stored { generation: 1, spent: Vec::new(), is_revoked: false },
            now_ticks: 0,
            clients: [const { Step::Holds(1) }; CLIENTS],
            rounds: [0; CLIENTS],
            exchanged: Vec::new(),
            is_theft_seen: false,
            is_pair_after_theft: false,
            newest_given: 1,
            losses_left: 1,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for client in 0..CLIENTS {
            match state.clients[client] {
                Step::Holds(_) if state.rounds[client] < ROUNDS_MAX => actions.push(Action::Present(client)),
                Step::Decided(..) => {
                    actions.push(Action::Commit(client));
                    if state.losses_left > 0 {
                        actions.extend([Action::LoseReply(client), Action::Crash(client)]);
                    }
                }
                Step::Holds(_) | Step::Out => {}
            }
        }
        if state.now_ticks < TICKS_MAX {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Present(client) => self.present(&mut state, client)?,
            Action::Commit(client) => self.commit(&mut state, client, false)?,
            Action::LoseReply(client) => {
                state.losses_left -= 1;
                self.commit(&mut state, client, true)?;
            }
            Action::Crash(client) => {
                let Step::Decided(generation, ..) = state.clients[client] else { return None };
                state.losses_left -= 1;
                state.clients[client] = Step::Holds(generation);
            }
            Action::Tick => state.now_ticks += 1,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a token is exchanged once", |_, state: &State| {
                let mut all = state.exchanged.clone();
                all.sort_unstable();
                all.windows(2).all(|it| it[0] != it[1])
            }),
            Property::always("no pair is issued after a token was seen to be stolen", |_, state: &State| {
                !state.is_theft_seen || state.session.is_revoked && !state.is_pair_after_theft
            }),
            Property::always("a pair that a client has is in the record", |_, state: &State| {
                state.newest_given <= state.session.generation
            }),
            Property::sometimes("a thief is found", |_, state: &State| {
                state.is_theft_seen && state.clients[THIEF] == Step::Out
            }),
            Property::sometimes("a lost reply is repeated", |_, state: &State| {
                state.losses_left == 0 && state.clients[..THIEF].contains(&Step::Holds(2))
            }),
        ]
    }
}

/// The number of states, when every property holds.
pub(crate) fn search_sound() -> usize {
    assert_sound("refresh-rotate", RefreshRotate(None))
}

#[test]
fn a_refresh_token_is_exchanged_once() {
    for (fault, property) in [
        (Fault::NotCompared, "a token is exchanged once"),
        (Fault::KeepSession, "no pair is issued after a token was seen to be stolen"),
        (Fault::AnswerEarly, "a pair that a client has is in the record"),
    ] {
        assert_found(RefreshRotate(Some(fault)), property);
    }
}
