//! Commits with a planted fault.

use std::time::Duration;

use adapters_local::record::Snapshot;
use ports::{CommitError, Prunable, Store, UnitOfWork, Write};

use super::Mutant;
use crate::{lock::lock, world::World};

/// Pieces that are added to every stock while it is sold without a guard.
const PIECES: i64 = 1_000;

/// Commits a unit to the record, as the planted fault does it; without one, as it should be.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other fault is planted elsewhere")]
pub(crate) async fn commit_unit(world: &World, work: UnitOfWork) -> Result<(), CommitError> {
    let Some(mutant) = world.mutant else { return world.record.commit(work).await };
    if let Some(dropped) = dropped_write(mutant) {
        return world.record.commit(without(&work, dropped)).await;
    }
    let sometimes = world.chance.below(20) == 0;
    match mutant {
        Mutant::KeyIsNotUnique => {
            let keys: Vec<_> = work.writes().iter().filter_map(claim_key).cloned().collect();
            change_record(world, |it| it.claims.retain(|claim| !keys.contains(&claim.key)));
            world.record.commit(work).await
        }
        Mutant::RevisionIsNotCompared => {
            forget_revisions(world, &work);
            world.record.commit(work).await
        }
        Mutant::PaymentsLagBehind => {
            *lock(&world.lagging) = world.record.snapshot().transactions;
            world.record.commit(work).await
        }
        Mutant::RepliesArePrunedEarly => {
            let far = world.now().saturating_add(Duration::from_secs(30 * 24 * 60 * 60));
            let prune = Write::Prune(Prunable::Claims, far, 1_000);
            world.record.commit(work).await?;
            world.record.commit(UnitOfWork::new().with_write(prune)).await
        }
        Mutant::ClaimComesLater => commit_in_two(world, work, |it| !is_claim(it)).await,
        Mutant::EventInTwoCommits => {
            commit_in_two(world, work, |it| matches!(it, Write::InsertEvent(_))).await
        }
        Mutant::StockIsReturnedTwice => {
            let again: Vec<_> =
                work.writes().iter().filter(|it| matches!(it, Write::ReturnStock(_))).cloned().collect();
            world.record.commit(work.with_writes(again)).await
        }
        Mutant::StockMayBeNegative => {
            change_stock(world, PIECES);
            let outcome = world.record.commit(work).await;
            change_stock(world, -PIECES);
            outcome
        }
        Mutant::AnsweredBeforeCommit if sometimes => Ok(()),
        Mutant::AnotherOutcome => match world.record.commit(work).await {
            Err(error) if error.is_refusal() && world.chance.below(4) == 0 => Ok(()),
            outcome => outcome,
        },
        Mutant::HalfAUnit if sometimes => {
            let writes = work.in_lock_order();
            let half = writes.len().div_ceil(2);
            world.record.commit(UnitOfWork::new().with_writes(writes.into_iter().take(half))).await
        }
        Mutant::HistoryIsSkipped
        | Mutant::HistoryIsRewritten
        | Mutant::TimesGoBack
        | Mutant::VersionGoesBack
            if sometimes =>
        {
            let outcome = world.record.commit(work).await;
            change_record(world, |it| spoil_history(mutant, it));
            outcome
        }
        _ => world.record.commit(work).await,
    }
}

/// Which writes the fault leaves out; `None` if it leaves out none.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other fault is planted elsewhere")]
fn dropped_write(mutant: Mutant) -> Option<fn(&Write) -> bool> {
    let dropped: fn(&Write) -> bool = match mutant {
        Mutant::ClaimIsForgotten => |it| is_claim(it) || matches!(it, Write::StoreReply { .. }),
        Mutant::RepliesAreNotStored => |it| matches!(it, Write::StoreReply { .. }),
        Mutant::EventIsNotStored => |it| matches!(it, Write::InsertEvent(_)),
        Mutant::StockIsNotTaken => |it| matches!(it, Write::Sell { .. }),
        Mutant::StockIsNotReturned => |it| matches!(it, Write::ReturnStock(_)),
        Mutant::UnpaidStayCounted => |it| matches!(it, Write::RemoveOpenOrder { .. }),
        Mutant::PaymentIsNotWritten => |it| matches!(it, Write::UpdateTransaction(_)),
        Mutant::OrderIsNotWritten => |it| matches!(it, Write::UpdateOrder(_)),
        Mutant::AuthorIsNotStored => |it| matches!(it, Write::InsertRequest(_)),
        Mutant::FindingsAreDropped => {
            |it| matches!(it, Write::InsertFinding(_) | Write::InsertFindingOnce(..))
        }
        Mutant::EventsAreDropped => |it| matches!(it, Write::InsertFeedEvents(_)),
        _ => return None,
    };
    Some(dropped)
}

const fn is_claim(write: &Write) -> bool {
    matches!(write, Write::Claim(_))
}

fn claim_key(write: &Write) -> Option<&ports::IdempotencyKey> {
    if let Write::Claim(claim) = write { Some(&claim.key) } else { None }
}

fn without(work: &UnitOfWork, dropped: impl Fn(&Write) -> bool) -> UnitOfWork {
    UnitOfWork::new().with_writes(work.writes().iter().filter(|it| !dropped(it)).cloned())
}

/// Commits the writes that are `first`, and later the others. In between the process may die.
async fn commit_in_two(
    world: &World,
    work: UnitOfWork,
    first: impl Fn(&Write) -> bool,
) -> Result<(), CommitError> {
    let (before, after) = (without(&work, |it| !first(it)), without(&work, &first));
    if before.writes().is_empty() || after.writes().is_empty() {
        return world.record.commit(work).await;
    }
    world.record.commit(before).await?;
    if world.chance.below(5) == 0 {
        return Err(crate::ports::away_error().into());
    }
    world.record.commit(after).await
}

fn change_record(world: &World, change: impl FnOnce(&mut Snapshot)) {
    let mut snapshot = world.record.snapshot();
    change(&mut snapshot);
    // Two rows with one key cannot be restored; the fault then does nothing this time.
    let _ = world.record.restore(snapshot);
}

fn change_stock(world: &World, by: i64) {
    change_record(world, |it| {
        for stock in it.products.iter_mut().filter_map(|it| it.stock.as_mut()) {
            *stock = stock.saturating_add(by);
        }
    });
}

/// Makes the record agree with whatever revision was read.
fn forget_revisions(world: &World, work: &UnitOfWork) {
    let changes: Vec<_> = work
        .writes()
        .iter()
        .filter_map(|it| if let Write::UpdateOrder(it) = it { Some(it) } else { None })
        .collect();
    change_record(world, |it| {
        for change in changes {
            let order = it.orders.iter_mut().find(|order| order.key == change.order().key);
            if let Some(order) = order {
                order.revision = change.base_revision();
            }
        }
    });
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other fault is planted elsewhere")]
fn spoil_history(mutant: Mutant, snapshot: &mut Snapshot) {
    let is_later = |it: &&mut adapters_local::record::HistoryRow| it.entry.from.is_some();
    match mutant {
        Mutant::HistoryIsSkipped => {
            if let Some(at) = snapshot.history.iter().position(|it| it.entry.from.is_some()) {
                snapshot.history.remove(at);
            }
        }
        Mutant::HistoryIsRewritten => {
            if let Some(row) = snapshot.history.first_mut() {
                row.entry.reason = Some(domain::Text::new("rewritten"));
            }
        }
        Mutant::TimesGoBack => {
            if let Some(row) = snapshot.history.iter_mut().find(is_later) {
                row.entry.at = row.entry.at.saturating_sub(Duration::from_secs(60 * 60));
            }
        }
        _ => {
            let changed = snapshot.orders.iter_mut().find(|it| it.version.get() > 1);
            if let Some(order) = changed {
                order.version = domain::Version::new(order.version.get().saturating_sub(1));
            }
        }
    }
}
