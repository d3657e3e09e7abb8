//! Commits with a planted fault.

use std::time::Duration;

use adapters_local::record::Snapshot;
use ports::{CommitError, Prunable, Store, UnitOfWork, WebhookWrite, Write};

use super::{
    Mutant,
    sessions::{forget_generations, forget_spent_times},
    webhooks::spoil_webhooks,
};
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
    if let Some(first) = first_writes(mutant) {
        return commit_in_two(world, work, first).await;
    }
    let sometimes = world.chance.below(20) == 0;
    let work = spoil_webhooks(mutant, work, sometimes);
    match mutant {
        Mutant::KeyIsNotUnique => {
            forget_claims(world, &work);
            world.record.commit(work).await
        }
        Mutant::RevisionIsNotCompared => {
            forget_revisions(world, &work);
            world.record.commit(work).await
        }
        Mutant::GenerationIsNotCompared => {
            forget_generations(world, &work);
            world.record.commit(work).await
        }
        Mutant::SpentTimesAreForgotten => {
            world.record.commit(work.clone()).await?;
            forget_spent_times(world, &work);
            Ok(())
        }
        Mutant::PaymentsLagBehind if work.writes().iter().any(changes_payment) => {
            *lock(&world.lagging) = world.record.snapshot().transactions;
            world.record.commit(work).await
        }
        Mutant::RepliesArePrunedEarly => {
            world.record.commit(work).await?;
            world.record.commit(prune_early(world)).await
        }
        Mutant::StockIsReturnedTwice => {
            let again = without(&work, |it| !matches!(it, Write::ReturnStock(_)));
            world.record.commit(work.with_writes(again.writes().to_vec())).await
        }
        Mutant::StockMayBeNegative if work.writes().iter().any(|it| matches!(it, Write::Sell { .. })) => {
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

/// Which writes the fault commits before the others; `None` if it commits all at once.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other fault is planted elsewhere")]
fn first_writes(mutant: Mutant) -> Option<fn(&Write) -> bool> {
    let first: fn(&Write) -> bool = match mutant {
        Mutant::ClaimComesLater => |it| !is_claim(it),
        Mutant::EventInTwoCommits => |it| matches!(it, Write::InsertEvent(_)),
        Mutant::CursorMovesAlone => |it| matches!(it, Write::Webhook(WebhookWrite::MoveCursor { .. })),
        _ => return None,
    };
    Some(first)
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
        Mutant::DeletionIsNotStored => |it| matches!(it, Write::Webhook(WebhookWrite::DeleteEndpoint { .. })),
        Mutant::LogoutIsNotStored => |it| matches!(it, Write::RevokeSession { .. }),
        Mutant::OthersStayLive => |it| matches!(it, Write::RevokeSessions { .. }),
        Mutant::PasswordIsNotRequired => |it| matches!(it, Write::RequirePassword(..)),
        _ => return None,
    };
    Some(dropped)
}

const fn changes_payment(write: &Write) -> bool {
    matches!(write, Write::InsertTransaction(_) | Write::UpdateTransaction(_))
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
        return Err(crate::ports::unavailable_error().into());
    }
    world.record.commit(after).await
}

pub(super) fn change_record(world: &World, change: impl FnOnce(&mut Snapshot)) {
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

/// Deletes stored replies long before their time.
fn prune_early(world: &World) -> UnitOfWork {
    let far = world.now().saturating_add(Duration::from_secs(30 * 24 * 60 * 60));
    UnitOfWork::new().with_write(Write::Prune(Prunable::Claims, far, 1_000))
}

/// Removes the claims of the keys that the unit claims.
fn forget_claims(world: &World, work: &UnitOfWork) {
    let keys: Vec<_> = work.writes().iter().filter_map(claim_key).cloned().collect();
    if !keys.is_empty() {
        change_record(world, |it| it.claims.retain(|claim| !keys.contains(&claim.key)));
    }
}

/// Makes the record agree with whatever revision was read.
fn forget_revisions(world: &World, work: &UnitOfWork) {
    let changes: Vec<_> = work
        .writes()
        .iter()
        .filter_map(|it| if let Write::UpdateOrder(it) = it { Some(it) } else { None })
        .collect();
    if changes.is_empty() {
        return;
    }
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
