//! A record in memory that keeps the promises of the ports, and breaks off when it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use ports::{CommitError, Store, UnitOfWork, Write};

use super::{Journal, State, away_error};

/// What happens at one commit.
enum Turn {
    /// Somebody else is a moment faster.
    Meanwhile(Box<dyn FnOnce(&mut State) + Send>),
    /// It is refused.
    Refused(CommitError),
    /// It happens, but its answer is lost.
    Lost,
}

/// The record, the commits it took, and what happens at the next ones.
pub(crate) struct MemoryRecord {
    state: Mutex<State>,
    turns: Mutex<VecDeque<Turn>>,
    commits: Mutex<Vec<UnitOfWork>>,
    journal: Arc<Journal>,
}

impl MemoryRecord {
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self { state: Mutex::default(), turns: Mutex::default(), commits: Mutex::default(), journal }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The units of work that became true, oldest first.
    pub(crate) fn commits(&self) -> Vec<UnitOfWork> {
        self.commits.lock().unwrap().clone()
    }

    /// The writes of the only commit.
    pub(crate) fn only_commit(&self) -> Vec<Write> {
        let commits = self.commits();
        assert_eq!(commits.len(), 1, "{commits:#?}");
        commits[0].writes().to_vec()
    }

    /// At the next commit that is not spoken for, somebody else is a moment faster.
    pub(crate) fn before_next_commit(&self, change: impl FnOnce(&mut State) + Send + 'static) {
        self.push_turn(Turn::Meanwhile(Box::new(change)));
    }

    /// The next commit that is not spoken for is refused.
    pub(crate) fn refuse_next_commit(&self, error: CommitError) {
        self.push_turn(Turn::Refused(error));
    }

    /// The next commit that is not spoken for happens, but its answer is lost.
    pub(crate) fn lose_next_answer(&self) {
        self.push_turn(Turn::Lost);
    }

    /// The next commit that is not spoken for goes well.
    pub(crate) fn accept_next_commit(&self) {
        self.before_next_commit(|_| {});
    }

    fn push_turn(&self, turn: Turn) {
        self.turns.lock().unwrap().push_back(turn);
    }

    fn apply(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let mut state = self.state();
        let mut next = state.clone();
        for write in work.clone().in_lock_order() {
            next.apply(write)?;
        }
        *state = next;
        let kinds: Vec<_> = work.writes().iter().map(write_kind).collect();
        self.journal.push_line(format!("commit {}", kinds.join(" ")));
        self.commits.lock().unwrap().push(work);
        Ok(())
    }
}

/// The name of a write's variant.
fn write_kind(write: &Write) -> String {
    format!("{write:?}").chars().take_while(|it| it.is_alphanumeric()).collect()
}

#[async_trait]
impl Store for MemoryRecord {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let turn = self.turns.lock().unwrap().pop_front();
        match turn {
            None => self.apply(work),
            Some(Turn::Meanwhile(change)) => {
                change(&mut self.state());
                self.apply(work)
            }
            Some(Turn::Refused(error)) => Err(error),
            Some(Turn::Lost) => self.apply(work).and(Err(away_error().into())),
        }
    }
}
