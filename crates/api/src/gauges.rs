//! The loops behind the metrics that describe a state: findings, payments without a result, dependencies, the process.
//!
//! ```text
//! tick ─► gather, bounded in rows and time ─► set the gauges ─► next tick        /metrics: reads the gauges, asks nothing
//! ```
//!
//! They are gathered here and not by a scrape, so that a scrape costs the same whatever the database holds, and answers
//! while a dependency hangs. Each loop is a task of its own: one that waits delays no other.

mod clock;
mod dependencies;
mod findings;
mod payments;
mod process;

use std::{sync::Arc, time::Duration};

use self::clock::ClockWatch;
use crate::{
    service::Service,
    sweeps::{log_outcome, run_periodically},
};

/// How often the pools are looked at, which costs nothing: their use changes with every request.
const ALWAYS: Duration = Duration::from_secs(1);
/// How often the process reads its own state, and dependencies are asked.
const OFTEN: Duration = Duration::from_secs(10);
/// How often the database is asked what is open.
const SELDOM: Duration = Duration::from_secs(30);

/// Starts every loop. Each ends after the round it is in once `service.stopping` is cancelled.
pub(crate) fn spawn_gauges(service: &Service) {
    let (tasks, stopping) = (&service.tasks, &service.stopping);
    for dependency in &service.dependencies {
        let (dependency, metrics) = (dependency.clone(), Arc::clone(&service.metrics));
        let ask = async move || dependencies::report_dependency(&dependency, &metrics).await;
        tasks.spawn_background(run_periodically(OFTEN, stopping.clone(), ask));
    }
    let (record, metrics) = (Arc::clone(&service.record_clock), Arc::clone(&service.metrics));
    let (app, mut watch) = (Arc::clone(&service.app), ClockWatch::default());
    let compare = async move || watch.compare_clocks(&*app.clock, &*record, &metrics).await;
    tasks.spawn_background(run_periodically(OFTEN, stopping.clone(), compare));
    let metrics = Arc::clone(&service.metrics);
    let read = async move || process::report_process(&metrics);
    tasks.spawn_background(run_periodically(OFTEN, stopping.clone(), read));
    let (pools, metrics) = (Arc::clone(&service.pools), Arc::clone(&service.metrics));
    let look = async move || metrics.state().set_pools(&pools());
    tasks.spawn_background(run_periodically(ALWAYS, stopping.clone(), look));
    // While the database is unavailable, the gauges keep what was read last.
    let (app, metrics, mut failed) = (Arc::clone(&service.app), Arc::clone(&service.metrics), false);
    let count = async move || {
        let counted = findings::report_open_findings(&app, &metrics).await;
        failed = log_outcome("count-findings", counted, failed);
    };
    tasks.spawn_background(run_periodically(SELDOM, stopping.clone(), count));
    let (app, metrics, mut failed) = (Arc::clone(&service.app), Arc::clone(&service.metrics), false);
    let find = async move || {
        let found = payments::report_unreconciled(&app, &metrics).await;
        failed = log_outcome("find-unreconciled", found, failed);
    };
    tasks.spawn_background(run_periodically(SELDOM, stopping.clone(), find));
}
