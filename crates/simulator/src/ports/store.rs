//! The way to the record: slow, refused, answered and lost, or done after the caller gave up.

use std::{iter, sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{CommitError, Store, UnitOfWork};
use tokio::sync::oneshot;

use super::unavailable_error;
use crate::{
    faults::Fault,
    mutants::{self, Mutant},
    world::{Label, World},
};

/// The store of one instance.
pub(crate) struct SimStore(pub(crate) Arc<World>);

#[async_trait]
impl Store for SimStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        self.send(vec![work]).await.pop().unwrap_or(Ok(()))
    }

    async fn commit_all(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        self.send(units).await
    }
}

impl SimStore {
    /// Commits units that are sent together: a network fault affects all of them.
    async fn send(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        let world = &self.0;
        let all_failed = iter::repeat_with(|| Err(unavailable_error().into())).take(units.len());
        // On their way. An instance that dies here has sent nothing.
        world.pause(3).await;
        if world.strikes(Fault::RefuseCommit) {
            if world.has_mutant(Mutant::FailureIsSuccess) {
                return all_failed.map(|_| Ok(())).collect();
            }
            return all_failed.collect();
        }
        let gives_up = world.strikes(Fault::CommitAfterGivingUp);
        let is_slow = gives_up || world.strikes(Fault::SlowCommit);
        let time_ms = if is_slow { world.chance.below(2_500) } else { world.chance.below(5) };
        let (answer, answered) = oneshot::channel();
        let (database, label) = (Arc::clone(world), world.label());
        // A task of its own: what was sent is done, whether or not its sender still lives.
        world.spawn(Label { instance: None, ..label }, async move {
            tokio::time::sleep(Duration::from_millis(time_ms.saturating_add(1))).await;
            // The sender may have died or given up.
            let _ = answer.send(commit_units(&database, units).await);
        });
        if gives_up {
            return all_failed.collect();
        }
        let outcomes = answered.await;
        if world.strikes(Fault::LoseCommitAnswer) {
            return all_failed.collect();
        }
        outcomes.unwrap_or_else(|_| all_failed.collect())
    }
}

/// Commits units in one transaction or, as after the failure of one, each in its own with other work between them.
async fn commit_units(world: &Arc<World>, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
    let is_split = units.len() > 1 && world.chance.below(4) == 0;
    let mut outcomes = Vec::with_capacity(units.len());
    for unit in units {
        if is_split {
            world.pause(5).await;
        }
        outcomes.push(mutants::commit_unit(world, unit).await);
    }
    outcomes
}
