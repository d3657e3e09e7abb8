//! Messages to receivers: of events that there are, in their order, and in the end all of them.

use std::collections::BTreeMap;

use adapters_local::record::{FeedRow, Snapshot};

use super::Fault;
use crate::{lock::lock, world::World};

/// The numbered events by id, with their numbers.
fn number_events(snapshot: &Snapshot) -> BTreeMap<&str, (i64, &FeedRow)> {
    let numbered = snapshot.feed_events.iter().filter_map(|it| Some((it.sequence?.get(), it)));
    numbered.map(|(sequence, it)| (it.event.id.as_str(), (sequence, it))).collect()
}

/// Every message is about an event that its endpoint wants, and those about one subject first arrive in their order.
pub(super) fn check_messages(world: &World, snapshot: &Snapshot) -> Fault {
    let events = number_events(snapshot);
    for endpoint in &lock(&world.hooks).endpoints {
        let mut newest = BTreeMap::<String, i64>::new();
        for receipt in endpoint.receipts.iter().filter(|it| !it.body.starts_with("test ")) {
            let Some((sequence, row)) = events.get(receipt.message.as_str()) else {
                return Some(format!("message {} is about no event", receipt.message));
            };
            if !endpoint.types.is_wanted(row.event.kind.as_str()) {
                return Some(format!("message {} was not wanted", receipt.message));
            }
            if !receipt.body.starts_with(&format!("{sequence} {} ", receipt.message)) {
                return Some(format!("message {} is another event: {}", receipt.message, receipt.body));
            }
            if endpoint.sent_again.contains(&receipt.message) {
                continue;
            }
            let subject = format!("{}:{}", row.event.subject.kind(), row.event.subject.id());
            let seen = newest.entry(subject).or_default();
            let is_first = is_first_receipt(&endpoint.receipts, receipt);
            if is_first && *sequence < *seen {
                return Some(format!("event {sequence} of {} came after {seen}", row.event.subject.id()));
            }
            *seen = (*seen).max(*sequence);
        }
    }
    None
}

fn is_first_receipt(all: &[crate::webhooks::Receipt], of: &crate::webhooks::Receipt) -> bool {
    all.iter().find(|it| it.message == of.message).is_some_and(|it| std::ptr::eq(it, of))
}

/// An event that an endpoint wants and its receiver has not got.
pub(super) fn find_undelivered(world: &World, snapshot: &Snapshot) -> Fault {
    let events = number_events(snapshot);
    let book = lock(&world.hooks);
    book.endpoints.iter().filter(|it| it.id.is_some() && !it.is_leaving).find_map(|endpoint| {
        let got: std::collections::BTreeSet<_> =
            endpoint.receipts.iter().map(|it| it.message.as_str()).collect();
        let wanted = events.iter().filter(|(_, (sequence, row))| {
            *sequence > endpoint.begins_after && endpoint.types.is_wanted(row.event.kind.as_str())
        });
        let mut missing = wanted.filter(|(id, _)| !got.contains(*id));
        missing.next().map(|(_, (sequence, _))| format!("event {sequence} did not reach its endpoint"))
    })
}
