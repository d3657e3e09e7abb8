//! The sweeps of an instance, as its process runs them.

use std::{future::Future, pin::Pin, sync::Arc};

use application::{App, feed, sweeps};
use domain::GatewayName;
use ports::PortError;

use crate::{
    gateway,
    model::check_port_error,
    mutants::Mutant,
    world::{Label, World},
};

type Pass<'a> = Pin<Box<dyn Future<Output = Result<bool, PortError>> + Send + 'a>>;

/// A sweep: its name, one pass of it, and the planted fault that turns it off.
#[derive(Clone, Copy)]
pub(crate) struct Sweep {
    name: &'static str,
    pass: for<'a> fn(&'a App) -> Pass<'a>,
    off_by: Option<Mutant>,
}

fn reconcile(app: &App) -> Pass<'_> {
    Box::pin(async { sweeps::reconcile_gateway(app, &GatewayName::new(gateway::NAME.to_owned())).await })
}

/// Every sweep that concerns orders, payments and the feed.
#[rustfmt::skip]
pub(crate) const SWEEPS: &[Sweep] = &[
    Sweep { name: "apply-parked",       pass: |app| Box::pin(sweeps::apply_parked_events(app)),       off_by: Some(Mutant::ParkedStayParked) },
    Sweep { name: "expire-unpaid",      pass: |app| Box::pin(sweeps::expire_unpaid_orders(app)),      off_by: Some(Mutant::OrdersNeverExpire) },
    Sweep { name: "release-uncaptured", pass: |app| Box::pin(sweeps::release_uncaptured_orders(app)), off_by: Some(Mutant::HoldsNeverEnd) },
    Sweep { name: "complete-delivered", pass: |app| Box::pin(sweeps::complete_delivered_orders(app)), off_by: Some(Mutant::OrdersNeverComplete) },
    Sweep { name: "close-finished",     pass: |app| Box::pin(sweeps::close_finished_orders(app)),     off_by: Some(Mutant::OrdersNeverClose) },
    Sweep { name: "report-overdue",     pass: |app| Box::pin(sweeps::report_overdue_events(app)),     off_by: Some(Mutant::ParkedStayParked) },
    Sweep { name: "apply-overdue",      pass: |app| Box::pin(sweeps::apply_overdue_events(app)),      off_by: Some(Mutant::ParkedStayParked) },
    Sweep { name: "give-up-overdue",    pass: |app| Box::pin(sweeps::give_up_events(app)),            off_by: None },
    Sweep { name: "reconcile",          pass: reconcile,                                              off_by: Some(Mutant::NothingIsLookedUp) },
    Sweep { name: "reconcile-strays",   pass: |app| Box::pin(sweeps::postpone_removed_gateways(app)),          off_by: None },
    Sweep { name: "prune",              pass: |app| Box::pin(sweeps::prune_rows(app)),                off_by: None },
    Sweep { name: "number-events",      pass: |app| Box::pin(feed::number_events(app)),               off_by: Some(Mutant::EventsGetNoNumbers) },
];

/// Starts the sweep that numbers events, as an instance does soon after it committed some.
pub(crate) fn start_numbering(world: &Arc<World>, instance: usize, app: &Arc<App>) {
    let numbering = SWEEPS.iter().filter(|it| it.name == "number-events");
    numbering.for_each(|it| start_sweep(world, instance, app, *it));
}

/// Starts one pass on an instance.
pub(crate) fn start_sweep(world: &Arc<World>, instance: usize, app: &Arc<App>, sweep: Sweep) {
    if sweep.off_by.is_some_and(|it| world.has_mutant(it)) {
        return;
    }
    let (observer, app) = (Arc::clone(world), Arc::clone(app));
    world.spawn(Label { instance: Some(instance), step: sweep.name }, async move {
        if let Err(error) = (sweep.pass)(&app).await {
            check_port_error(&observer, &error);
        }
    });
}
