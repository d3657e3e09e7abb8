use domain::{Timestamp, WebhookDelivery};
use ports::{Prunable, StoredAttempt};

use super::{abort::Written, feed};
use crate::record::{
    rows::SessionRow,
    table::{Row, Table, row_count},
    tables::Tables,
};

/// Removes at most `rows_max` expired rows, longest expired first.
pub(super) fn prune_rows(tables: &mut Tables, what: Prunable, before: Timestamp, rows_max: u32) -> Written {
    match what {
        Prunable::Claims => {
            let over_since = |claim: &ports::Claim| claim.expires_at.filter(|it| *it <= before);
            remove_first(&mut tables.claims, over_since, rows_max);
        }
        Prunable::Sessions => {
            let over_since = |row: &SessionRow| end_of(row).filter(|it| *it < before);
            remove_first(&mut tables.sessions, over_since, rows_max);
        }
        Prunable::Deliveries => {
            let made_at = |row: &WebhookDelivery| Some(row.created_at).filter(|it| *it < before);
            remove_first(&mut tables.webhook_deliveries, made_at, rows_max);
        }
        Prunable::Attempts => {
            let sent_at = |row: &StoredAttempt| Some(row.attempt.sent_at).filter(|it| *it < before);
            remove_first(&mut tables.attempts, sent_at, rows_max);
        }
        Prunable::FeedEvents => feed::prune_feed_events(tables, before, rows_max)?,
    }
    Ok(())
}

/// The time at which a session was revoked or expires, whichever is earlier.
fn end_of(row: &SessionRow) -> Option<Timestamp> {
    [row.session.revoked_at, Some(row.session.expires_at)].into_iter().flatten().min()
}

fn remove_first<R: Row>(table: &mut Table<R>, over_since: impl Fn(&R) -> Option<Timestamp>, rows_max: u32) {
    let mut over: Vec<_> = table.rows().filter_map(|row| Some((over_since(row)?, row.key()))).collect();
    over.sort();
    over.truncate(row_count(rows_max));
    over.iter().for_each(|(_, key)| table.remove(key));
}
