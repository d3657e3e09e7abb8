//! The way to the record: slow, refused, answered and lost, or done after the caller gave up.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{CommitError, Store, UnitOfWork};
use tokio::sync::oneshot;

use super::away_error;
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
        let world = &self.0;
        // On its way. An instance that dies here has sent nothing.
        world.pause(3).await;
        if world.strikes(Fault::RefuseCommit) {
            if world.has_mutant(Mutant::FailureIsSuccess) {
                return Ok(());
            }
            return Err(away_error().into());
        }
        let gives_up = world.strikes(Fault::CommitAfterGivingUp);
        let is_slow = gives_up || world.strikes(Fault::SlowCommit);
        let time_ms = if is_slow { world.chance.below(2_500) } else { world.chance.below(5) };
        let (answer, answered) = oneshot::channel();
        let (database, label) = (Arc::clone(world), world.label());
        // A task of its own: what was sent is done, whether or not its sender still lives.
        world.spawn(Label { instance: None, ..label }, async move {
            tokio::time::sleep(Duration::from_millis(time_ms.saturating_add(1))).await;
            let outcome = mutants::commit_unit(&database, work).await;
            // The sender may have died or given up.
            let _ = answer.send(outcome);
        });
        if gives_up {
            return Err(away_error().into());
        }
        let outcome = answered.await.unwrap_or_else(|_| Err(away_error().into()));
        if world.strikes(Fault::LoseCommitAnswer) {
            return Err(away_error().into());
        }
        outcome
    }
}
