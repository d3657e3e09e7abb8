use domain::{Timestamp, UserKey};
use ports::{ErasedValue, FEED_PERSONAL_PATHS, NewFeedEvent};
use serde_json::{Map, Value};

use super::abort::Written;
use crate::record::{
    prunable::list_prunable_events,
    rows::{FeedRow, FeedSequencerRow, FindingKeys},
    table::row_count,
    tables::Tables,
};

pub(super) fn insert_feed_events(tables: &mut Tables, events: Vec<NewFeedEvent>) -> Written {
    let mut sequencer = tables.feed_sequencer();
    for NewFeedEvent { event, only_with } in events {
        let is_true = only_with.is_none_or(|id| tables.findings.find(&FindingKeys::Id(id)).is_some());
        if is_true {
            tables.feed_events.insert(FeedRow { number: sequencer.next_number, sequence: None, event })?;
            sequencer.next_number = sequencer.next_number.saturating_add(1);
        }
    }
    put_sequencer(tables, sequencer)
}

/// Numbers events in the order of their rows.
pub(super) fn number_feed_events(tables: &mut Tables, rows_max: u32) -> Written {
    let mut sequencer = tables.feed_sequencer();
    let waiting = tables.feed_events.rows().filter(|it| it.sequence.is_none());
    let waiting: Vec<_> = waiting.map(|it| (it.number, it.event.owner)).take(row_count(rows_max)).collect();
    for (number, owner) in waiting {
        // An event that was written down before its owner was erased, and committed after the erasure had ended.
        let is_late = owner.is_some_and(|it| tables.erasures.get(&it).is_some());
        sequencer.last = sequencer.last.saturating_add(1);
        tables.feed_events.update(&number, |row| {
            row.sequence = Some(sequencer.last);
            if is_late {
                erase_row(row);
            }
        })?;
    }
    put_sequencer(tables, sequencer)
}

/// Removes numbered events that happened before a time, up to the first one that did not.
pub(super) fn prune_feed_events(tables: &mut Tables, before: Timestamp, rows_max: u32) -> Written {
    let mut sequencer = tables.feed_sequencer();
    let over = list_prunable_events(tables, before).into_iter().take(row_count(rows_max));
    let over: Vec<_> = over.map(|it| (it.number, it.sequence)).collect();
    for (number, sequence) in over {
        tables.feed_events.remove(&number);
        sequencer.pruned = sequencer.pruned.max(sequence.unwrap_or_default());
    }
    put_sequencer(tables, sequencer)
}

/// Replaces the personal data in some events of a user. They have no owner afterwards.
pub(super) fn erase_feed_data(tables: &mut Tables, user: UserKey, rows_max: u32) -> Written {
    let of_user = tables.feed_events.rows().filter(|it| it.event.owner == Some(user));
    let of_user: Vec<_> = of_user.map(|it| it.number).take(row_count(rows_max)).collect();
    for number in of_user {
        tables.feed_events.update(&number, erase_row)?;
    }
    Ok(())
}

fn erase_row(row: &mut FeedRow) {
    row.event.data = erase_paths(&row.event.data);
    row.event.owner = None;
}

fn erase_paths(data: &str) -> String {
    // Whatever is no JSON holds nothing that a path leads to.
    let Ok(mut object) = serde_json::from_str::<Value>(data) else { return data.to_owned() };
    for (path, new) in FEED_PERSONAL_PATHS {
        let pointer = path.trim_start_matches('$').replace('.', "/");
        if let Some(value) = object.pointer_mut(&pointer) {
            *value = match new {
                ErasedValue::Null => Value::Null,
                ErasedValue::EmptyText => Value::from(""),
                ErasedValue::EmptyObject => Value::Object(Map::new()),
            };
        }
    }
    object.to_string()
}

fn put_sequencer(tables: &mut Tables, row: FeedSequencerRow) -> Written {
    tables.feed_sequencer.remove(&());
    Ok(tables.feed_sequencer.insert(row)?)
}
