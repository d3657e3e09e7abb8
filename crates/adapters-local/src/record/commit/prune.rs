use domain::Timestamp;
use ports::Prunable;

use super::{abort::Written, feed};
use crate::record::{
    prunable::{attempt_over_since, claim_over_since, delivery_over_since, session_over_since},
    table::{Row, Table, row_count},
    tables::Tables,
};

/// Removes at most `rows_max` expired rows, longest expired first.
pub(super) fn prune_rows(tables: &mut Tables, what: Prunable, before: Timestamp, rows_max: u32) -> Written {
    match what {
        Prunable::Claims => {
            remove_first(&mut tables.claims, |it| claim_over_since(it, before), rows_max);
        }
        Prunable::Sessions => {
            remove_first(&mut tables.sessions, |it| session_over_since(it, before), rows_max);
        }
        Prunable::Deliveries => {
            remove_first(&mut tables.webhook_deliveries, |it| delivery_over_since(it, before), rows_max);
        }
        Prunable::Attempts => {
            remove_first(&mut tables.attempts, |it| attempt_over_since(it, before), rows_max);
        }
        Prunable::FeedEvents => feed::prune_feed_events(tables, before, rows_max)?,
    }
    Ok(())
}

fn remove_first<R: Row>(table: &mut Table<R>, over_since: impl Fn(&R) -> Option<Timestamp>, rows_max: u32) {
    let mut over: Vec<_> = table.rows().filter_map(|row| Some((over_since(row)?, row.key()))).collect();
    over.sort();
    over.truncate(row_count(rows_max));
    over.iter().for_each(|(_, key)| table.remove(key));
}
