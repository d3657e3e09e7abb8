//! Planted faults of webhooks.

use domain::{Timestamp, webhook::DeliveryStatus};
use ports::{DueDelivery, UnitOfWork, WebhookWrite, Write};

use super::Mutant;
use crate::world::World;

/// Deliveries that are due, with what they wait for.
pub(crate) fn plant_due_deliveries(world: &World, due: Vec<DueDelivery>) -> Vec<DueDelivery> {
    if !world.has_mutant(Mutant::FollowersDoNotWait) {
        return due;
    }
    due.into_iter().map(|it| DueDelivery { blocked_until: None, ..it }).collect()
}

/// The unit as a fault of webhooks changes it, now or sometimes; as it is for every other fault.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other fault is planted elsewhere")]
pub(super) fn spoil_webhooks(mutant: Mutant, work: UnitOfWork, sometimes: bool) -> UnitOfWork {
    let spoil: fn(&mut WebhookWrite) = match mutant {
        Mutant::NotedBeforeSent => note_before_sending,
        Mutant::CursorSkipsEvent if sometimes => skip_delivery,
        Mutant::OldSecretIsDropped => drop_old_secret,
        Mutant::OldSecretSignsOn => keep_old_secret,
        _ => return work,
    };
    let spoiled = work.writes().iter().cloned().map(|mut write| {
        if let Write::Webhook(webhook) = &mut write {
            spoil(webhook);
        }
        write
    });
    UnitOfWork::new().with_writes(spoiled)
}

/// Ends the attempt that is begun.
fn note_before_sending(write: &mut WebhookWrite) {
    if let WebhookWrite::UpdateDelivery { delivery, read } = write
        && delivery.attempts > *read
    {
        delivery.status = DeliveryStatus::Delivered;
        delivery.next_attempt_at = None;
    }
}

/// Leaves out one of the deliveries that are made.
fn skip_delivery(write: &mut WebhookWrite) {
    if let WebhookWrite::InsertDeliveries(all) = write {
        all.pop();
    }
}

fn drop_old_secret(write: &mut WebhookWrite) {
    if let WebhookWrite::UpdateEndpoint { endpoint, .. } = write {
        endpoint.old_secret = None;
    }
}

fn keep_old_secret(write: &mut WebhookWrite) {
    if let WebhookWrite::UpdateEndpoint { endpoint, .. } = write
        && let Some(old) = &mut endpoint.old_secret
    {
        old.signs_until = Timestamp::from_millis(i64::MAX);
    }
}
