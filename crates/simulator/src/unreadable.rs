//! Rows of the record that cannot be read for a while, as if something else had written into them.

use std::{sync::Arc, time::Duration};

use ports::{RowOwner, UnreadableRow};

use crate::{
    faults::Fault,
    world::{Label, World},
};

/// Only young rows are of interest: the others are seldom read.
const YOUNG: usize = 6;
/// The maximum time until a row is repaired, in seconds.
const REPAIR_MAX_S: u64 = 3_600;

/// Makes the row of a young order or payment unreadable, and readable again later.
pub(crate) fn corrupt_some_row(world: &Arc<World>) {
    let Some(row) = world.chance.pick(&list_young_rows(world)).cloned() else { return };
    if !world.strikes(Fault::UnreadableRow) {
        return;
    }
    world.trace(|| row.to_string());
    world.record.corrupt_row(row.clone());
    world.note_unreadable_row();
    let (repairer, time) = (Arc::clone(world), Duration::from_secs(world.chance.below(REPAIR_MAX_S)));
    world.spawn(Label::outside("repair"), async move {
        tokio::time::sleep(time).await;
        repairer.record.repair_row(&row);
    });
}

fn list_young_rows(world: &World) -> Vec<UnreadableRow> {
    let snapshot = world.record.snapshot();
    let orders = snapshot.orders.iter().rev().take(YOUNG).map(|it| UnreadableRow {
        table: "orders",
        column: "currency",
        key: it.key.get().to_string(),
        owner: Some(Box::new(RowOwner::Order(it.number.clone()))),
    });
    let number_of = |key| snapshot.orders.iter().find(|it| it.key == key).map(|it| it.number.clone());
    let payments = snapshot.transactions.iter().rev().take(YOUNG).map(|it| UnreadableRow {
        table: "payment_transactions",
        column: "amount",
        key: it.key.get().to_string(),
        owner: number_of(it.order).map(|order| Box::new(RowOwner::Transaction(it.id.clone(), order))),
    });
    orders.chain(payments).collect()
}
