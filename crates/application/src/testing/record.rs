//! A record in memory that keeps the promises of the ports, and breaks off when it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use ports::{CommitError, Store, UnitOfWork, Write};

use super::{Journal, State, away};

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
pub(crate) struct Record {
    state: Mutex<State>,
    turns: Mutex<VecDeque<Turn>>,
    commits: Mutex<Vec<UnitOfWork>>,
    journal: Arc<Journal>,
}

impl Record {
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
    pub(crate) fn meanwhile(&self, change: impl FnOnce(&mut State) + Send + 'static) {
        self.turn(Turn::Meanwhile(Box::new(change)));
    }

    /// The next commit that is not spoken for is refused.
    pub(crate) fn refuses(&self, error: CommitError) {
        self.turn(Turn::Refused(error));
    }

    /// The next commit that is not spoken for happens, but its answer is lost.
    pub(crate) fn loses_the_answer(&self) {
        self.turn(Turn::Lost);
    }

    /// The next commit that is not spoken for goes well.
    pub(crate) fn goes_well(&self) {
        self.meanwhile(|_| {});
    }

    fn turn(&self, turn: Turn) {
        self.turns.lock().unwrap().push_back(turn);
    }

    fn apply(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let mut state = self.state();
        let mut next = state.clone();
        for write in work.clone().in_lock_order() {
            next.apply(write)?;
        }
        *state = next;
        let kinds: Vec<_> = work.writes().iter().map(kind).collect();
        self.journal.note(format!("commit {}", kinds.join(" ")));
        self.commits.lock().unwrap().push(work);
        Ok(())
    }
}

/// The name of a write's variant.
fn kind(write: &Write) -> String {
    format!("{write:?}").chars().take_while(|it| it.is_alphanumeric()).collect()
}

#[async_trait]
impl Store for Record {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let turn = self.turns.lock().unwrap().pop_front();
        match turn {
            None => self.apply(work),
            Some(Turn::Meanwhile(change)) => {
                change(&mut self.state());
                self.apply(work)
            }
            Some(Turn::Refused(error)) => Err(error),
            Some(Turn::Lost) => self.apply(work).and(Err(away().into())),
        }
    }
}
