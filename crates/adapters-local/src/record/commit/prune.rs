use domain::Timestamp;
use ports::Prunable;

use super::super::read::row_count;
use crate::record::{table::Row, tables::Tables};

/// Forgets what is over, the longest over first.
pub(super) fn prune_rows(tables: &mut Tables, what: Prunable, before: Timestamp, rows_max: u32) {
    match what {
        Prunable::Claims => {
            let over = tables.claims.rows().filter(|it| it.expires_at.is_some_and(|end| end <= before));
            let mut over: Vec<_> = over.map(|it| (it.expires_at, it.key())).collect();
            over.sort();
            over.truncate(row_count(rows_max));
            over.iter().for_each(|(_, key)| tables.claims.remove(key));
        }
        Prunable::Sessions => {
            let ends = |row: &crate::record::SessionRow| {
                let revoked_at = row.session.revoked_at.unwrap_or(row.session.expires_at);
                row.session.expires_at.min(revoked_at)
            };
            let over = tables.sessions.rows().filter(|it| ends(it) < before);
            let mut over: Vec<_> = over.map(|it| (ends(it), it.key())).collect();
            over.sort();
            over.truncate(row_count(rows_max));
            over.iter().for_each(|(_, key)| tables.sessions.remove(key));
        }
    }
}
