//! Rows whose time is over: a sweep asks whether there are any, and a commit removes them.

use domain::{Timestamp, WebhookDelivery, webhook::DeliveryStatus};
use ports::{Claim, Prunable, StoredAttempt};

use super::{
    rows::{FeedRow, SessionRow},
    tables::Tables,
};

/// Whether a commit that prunes would remove something.
pub(super) fn has_prunable_rows(tables: &Tables, what: Prunable, before: Timestamp) -> bool {
    match what {
        Prunable::Claims => tables.claims.rows().any(|it| claim_over_since(it, before).is_some()),
        Prunable::Sessions => tables.sessions.rows().any(|it| session_over_since(it, before).is_some()),
        Prunable::Deliveries => {
            tables.webhook_deliveries.rows().any(|it| delivery_over_since(it, before).is_some())
        }
        Prunable::Attempts => tables.attempts.rows().any(|it| attempt_over_since(it, before).is_some()),
        Prunable::FeedEvents => !list_prunable_events(tables, before).is_empty(),
    }
}

pub(super) fn claim_over_since(row: &Claim, before: Timestamp) -> Option<Timestamp> {
    row.expires_at.filter(|it| *it <= before)
}

/// The time at which it was revoked or expired, whichever is earlier.
pub(super) fn session_over_since(row: &SessionRow, before: Timestamp) -> Option<Timestamp> {
    let end = [row.session.revoked_at, Some(row.session.expires_at)].into_iter().flatten().min();
    end.filter(|it| *it < before)
}

pub(super) fn delivery_over_since(row: &WebhookDelivery, before: Timestamp) -> Option<Timestamp> {
    Some(row.created_at).filter(|it| *it < before && row.status != DeliveryStatus::Pending)
}

pub(super) fn attempt_over_since(row: &StoredAttempt, before: Timestamp) -> Option<Timestamp> {
    Some(row.attempt.sent_at).filter(|it| *it < before)
}

/// Numbered events, lowest number first, up to the first one that is kept.
pub(super) fn list_prunable_events(tables: &Tables, before: Timestamp) -> Vec<&FeedRow> {
    let mut numbered: Vec<_> = tables.feed_events.rows().filter(|it| it.sequence.is_some()).collect();
    numbered.sort_by_key(|it| it.sequence);
    numbered.into_iter().take_while(|it| it.event.created_at < before).collect()
}
