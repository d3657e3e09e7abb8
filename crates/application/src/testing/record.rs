//! A store before the record in memory whose next commits can be scripted: refused, overtaken, or without an answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use adapters_local::{MemoryRecord, record::Snapshot};
use async_trait::async_trait;
use ports::{CommitError, Store, UnitOfWork, UnreadableRow, Write};

use super::{Journal, unavailable_error};

/// What happens at one commit.
enum Turn {
    /// Another writer is a moment faster.
    Meanwhile(Box<dyn FnOnce(&mut Snapshot) + Send>),
    /// Another writer changes the record just after it.
    Followed(Box<dyn FnOnce(&mut Snapshot) + Send>),
    /// It is refused.
    Refused(CommitError),
    /// It happens, but its answer is lost.
    Lost,
}

/// Commits to a record, and remembers each commit that became true. What happens at the next ones can be said before.
pub(crate) struct ScriptedStore {
    record: Arc<MemoryRecord>,
    turns: Mutex<VecDeque<Turn>>,
    commits: Mutex<Vec<UnitOfWork>>,
    journal: Arc<Journal>,
}

impl ScriptedStore {
    pub(super) fn new(record: Arc<MemoryRecord>, journal: Arc<Journal>) -> Self {
        Self { record, turns: Mutex::default(), commits: Mutex::default(), journal }
    }

    /// What the record holds.
    pub(crate) fn state(&self) -> Snapshot {
        self.record.snapshot()
    }

    /// Changes what the record holds, past every guard.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut state = self.state();
        change(&mut state);
        self.record.restore(state).unwrap();
    }

    /// Makes a row unreadable, until all rows are readable again.
    pub(crate) fn corrupt_row(&self, row: UnreadableRow) {
        self.record.corrupt_row(row);
    }

    /// Makes all rows readable again.
    pub(crate) fn repair_rows(&self) {
        self.record.repair_rows();
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

    /// The next commit without a scripted outcome is preceded by another writer's change.
    pub(crate) fn before_next_commit(&self, change: impl FnOnce(&mut Snapshot) + Send + 'static) {
        self.push_turn(Turn::Meanwhile(Box::new(change)));
    }

    /// The next commit without a scripted outcome is followed by another writer's change.
    pub(crate) fn after_next_commit(&self, change: impl FnOnce(&mut Snapshot) + Send + 'static) {
        self.push_turn(Turn::Followed(Box::new(change)));
    }

    /// The next commit without a scripted outcome is refused.
    pub(crate) fn refuse_next_commit(&self, error: CommitError) {
        self.push_turn(Turn::Refused(error));
    }

    /// The next commit without a scripted outcome succeeds, but its answer is lost.
    pub(crate) fn lose_next_answer(&self) {
        self.push_turn(Turn::Lost);
    }

    /// The next commit without a scripted outcome succeeds.
    pub(crate) fn accept_next_commit(&self) {
        self.before_next_commit(|_| {});
    }

    fn push_turn(&self, turn: Turn) {
        self.turns.lock().unwrap().push_back(turn);
    }

    async fn apply(&self, work: UnitOfWork) -> Result<(), CommitError> {
        self.record.commit(work.clone()).await?;
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
impl Store for ScriptedStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let turn = self.turns.lock().unwrap().pop_front();
        match turn {
            None => self.apply(work).await,
            Some(Turn::Meanwhile(change)) => {
                self.change(change);
                self.apply(work).await
            }
            Some(Turn::Followed(change)) => {
                self.apply(work).await?;
                self.change(change);
                Ok(())
            }
            Some(Turn::Refused(error)) => Err(error),
            Some(Turn::Lost) => self.apply(work).await.and(Err(unavailable_error().into())),
        }
    }
}
