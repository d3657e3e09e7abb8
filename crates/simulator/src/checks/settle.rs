//! The end of a history: the faults stop, and everything must come to a state that waits for a person.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use adapters_local::record::Snapshot;
use application::{App, audit::audit_record};
use domain::Transaction;

use super::{
    Fault, check_record,
    histories::group_history,
    money::{captured, dispute_status, refunded},
    webhooks::find_undelivered,
};
use crate::{
    client::send_request,
    executor::Executor,
    gateway::{PaymentState, send_notices},
    history::ROUND,
    instance::{set_clock, start_instance},
    lock::lock,
    sessions::finish_sessions,
    sweeps::{SWEEPS, start_sweep},
    webhooks::{enable_endpoints, start_webhook_rounds},
    world::{Label, World},
};

/// Rounds of sweeps after which all must have come to its end.
const ROUNDS_MAX: u32 = 24;
/// Longer than an authorisation may stay uncaptured, and an order delivered.
const LONG: Duration = Duration::from_secs(8 * 24 * 60 * 60);
/// Longer than an order may be returned after it is completed.
const VERY_LONG: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Ends the faults, and waits until nothing is open any more.
pub(crate) async fn settle_world(world: &Arc<World>, executor: &mut Executor) {
    world.set_label(Label::outside("settle"));
    check_record(world);
    world.end_faults();
    let count = lock(&world.slots).len();
    for number in 0..count {
        set_clock(world, number, 0);
        start_instance(world, number);
    }
    run_rounds(world, executor, find_unsettled).await;
    if world.violation().is_none() {
        executor.run_for(LONG).await;
        run_rounds(world, executor, find_unfinished).await;
    }
    if world.violation().is_none() {
        finish_sessions(world, executor).await;
    }
    if world.violation().is_none() {
        executor.run_for(VERY_LONG).await;
        run_rounds(world, executor, |_, snapshot| find_unclosed_order(snapshot)).await;
    }
    if world.violation().is_none() {
        audit(world, executor).await;
    }
    world.set_label(Label::outside("settle"));
    check_record(world);
}

/// Lets the product's own auditor read the record; it must find what it is given in order.
async fn audit(world: &Arc<World>, executor: &mut Executor) {
    let auditor = Arc::clone(world);
    world.spawn(Label::outside("audit"), async move {
        let work = |app: Arc<App>| async move { audit_record(&app).await };
        match auditor.request("audit", LONG, work).await {
            Some(Ok(report)) if report.faults.is_empty() && report.busy == 0 => {}
            other => auditor.report_violation(format!("the auditor finds {other:?}")),
        }
    });
    executor.run_for(ROUND).await;
}

/// Rounds of sweeps and retries until `find_open` finds nothing.
async fn run_rounds(world: &Arc<World>, executor: &mut Executor, find_open: fn(&World, &Snapshot) -> Fault) {
    let mut open = None;
    for _ in 0..ROUNDS_MAX {
        world.set_label(Label::outside("settle"));
        decide_everything(world);
        let unsettled = lock(&world.model).list_unsettled();
        unsettled.iter().for_each(|it| send_request(world, it));
        enable_endpoints(world);
        executor.run_for(Duration::from_secs(20)).await;
        for (number, app) in world.live_instances() {
            SWEEPS.iter().for_each(|it| start_sweep(world, number, &app, *it));
        }
        start_webhook_rounds(world);
        executor.run_for(ROUND).await;
        if world.violation().is_some() {
            return;
        }
        open = find_open(world, &world.record.snapshot());
        if open.is_none() {
            return;
        }
    }
    if let Some(open) = open {
        world.report_violation(format!("without faults it never ends: {open}"));
    }
}

/// Buyers decide, and refunds get their results.
fn decide_everything(world: &Arc<World>) {
    let news = {
        let mut ledger = lock(&world.ledger);
        let open = ledger.list_open();
        let mut news: Vec<_> = open.iter().flat_map(|id| ledger.decide_open(world, id, true)).collect();
        let refunds = ledger.list_open_refunds();
        news.extend(refunds.iter().filter_map(|(id, refund)| ledger.decide_refund(world, id, refund)));
        news
    };
    send_notices(world, news);
}

/// What still has no result although nothing fails any more.
fn find_unsettled(world: &World, snapshot: &Snapshot) -> Fault {
    if let Some(open) = lock(&world.model).list_unsettled().first() {
        return Some(format!("{open:?} gets no reply"));
    }
    let waiting = ["WAITING", "PARKED", "OVERDUE"];
    if let Some(event) = snapshot.events.iter().find(|it| waiting.contains(&it.disposition.as_str())) {
        return Some(format!("event {} of {:?} is {}", event.id, event.target, event.disposition.as_str()));
    }
    if snapshot.feed_events.iter().any(|it| it.sequence.is_none()) {
        return Some("an event has no number".to_owned());
    }
    let open =
        |it: &Transaction| compare_with_books(world, it).map(|fault| format!("payment {}: {fault}", it.id));
    snapshot.transactions.iter().find_map(open).or_else(|| find_unknown(world, snapshot))
}

/// How a transaction differs from the gateway's books.
fn compare_with_books(world: &World, of: &Transaction) -> Fault {
    if of.pending_operation.is_some() {
        return Some(format!("{:?} has no result", of.pending_operation));
    }
    let facts = of.facts.as_raw();
    let ledger = lock(&world.ledger);
    let Some(booked) = ledger.payments.get(of.id.as_str()) else {
        return facts
            .failed_at
            .is_none()
            .then(|| "the gateway does not know it, and it has not failed".to_owned());
    };
    let agrees = match booked.state {
        PaymentState::Open => false,
        PaymentState::Held => facts.authorized_at.is_some() && facts.capture.is_none(),
        PaymentState::Captured => captured(of) == booked.captured,
        PaymentState::Failed => facts.failed_at.is_some(),
        PaymentState::Voided => facts.voided_at.is_some(),
    };
    let (gave, knows) = (booked.refunded(), refunded(of));
    let disputed = booked.disputes.values().next().map(|it| match it.kind.as_str() {
        "payment.disputed" => "OPEN",
        "dispute.won" => "WON",
        _ => "LOST",
    });
    if disputed != dispute_status(of) {
        return Some(format!("its dispute is {disputed:?} at the gateway, {:?} here", dispute_status(of)));
    }
    if agrees && knows == (gave, gave) {
        return None;
    }
    Some(format!(
        "{:?} with {} and {gave} back at the gateway, {} and {knows:?} here",
        booked.state,
        booked.captured,
        captured(of)
    ))
}

/// A payment at the gateway that the record does not have.
fn find_unknown(world: &World, snapshot: &Snapshot) -> Fault {
    let known: BTreeSet<_> = snapshot.transactions.iter().map(|it| it.id.as_str()).collect();
    let ledger = lock(&world.ledger);
    let stray = ledger.payments.keys().find(|it| !known.contains(it.as_str()));
    stray.map(|it| format!("the gateway has payment {it}, which the record does not know"))
}

/// The first thing that is still open although every time limit has passed.
fn find_unfinished(world: &World, snapshot: &Snapshot) -> Fault {
    find_unsettled(world, snapshot)
        .or_else(|| find_open_order(snapshot))
        .or_else(|| find_order_in(snapshot, &["DELIVERED"]))
        .or_else(|| find_late_capture(snapshot))
        .or_else(|| find_undelivered(world, snapshot))
}

/// An unpaid order that is still open waits for a person only if some of its money was captured.
fn find_open_order(snapshot: &Snapshot) -> Fault {
    let waits = |order: &domain::Order| {
        let mut own = snapshot.transactions.iter().filter(|it| it.order == order.key);
        own.any(|it| captured(it) > 0)
    };
    let mut unpaid = snapshot.orders.iter().filter(|it| it.status.as_str() == "PENDING");
    unpaid.find(|it| !waits(it)).map(|it| format!("order {} is still unpaid and open", it.number))
}

/// An order that nothing but time still moves.
fn find_unclosed_order(snapshot: &Snapshot) -> Fault {
    find_order_in(snapshot, &["DELIVERED", "COMPLETED", "CANCELLED", "REFUNDED"])
}

fn find_order_in(snapshot: &Snapshot, statuses: &[&str]) -> Fault {
    let open = snapshot.orders.iter().find(|it| statuses.contains(&it.status.as_str()));
    open.map(|it| format!("order {} is still {}", it.number, it.status.as_str()))
}

/// Money that was captured for an order that could not use it is given back, or an operator knows.
fn find_late_capture(snapshot: &Snapshot) -> Fault {
    let grouped = group_history(snapshot);
    let was_paid = |of: &Transaction| {
        let entries = grouped.get(&of.order).map(Vec::as_slice).unwrap_or_default();
        entries.iter().any(|it| it.to.as_str() == "PAID")
    };
    let is_flagged =
        |of: &Transaction| snapshot.findings.iter().any(|it| it.finding.transaction.as_ref() == Some(&of.id));
    let mut late = snapshot.transactions.iter().filter(|it| captured(it) > 0 && !was_paid(it));
    let lost = late
        .find(|it| refunded(it).0 < captured(it) && dispute_status(it) != Some("LOST") && !is_flagged(it));
    lost.map(|it| format!("payment {} was captured, pays nothing, and no operator knows", it.id))
}
