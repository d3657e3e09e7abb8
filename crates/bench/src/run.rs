//! The whole run: prepares the workloads, runs their rounds in turn, and reports.

use std::{fs, process, sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    error::BenchResult,
    instructions::count_instructions,
    machine::Circumstances,
    options::Options,
    process_stats::cpu_ticks,
    report::{self, Baseline, Report, Series},
    round::{Round, run_round},
    service::print_line,
    stack::Processes,
    workload::{Fixtures, Name, Workload},
};

/// Other programs may use this share of the machine without a warning.
const OTHERS_MAX: f64 = 0.1;
/// How long the services are watched before each round, until they are idle.
const IDLE_CHECK_PAUSE: Duration = Duration::from_millis(200);
/// Most ticks in which they count as idle: their sweeps never end.
const IDLE_TICKS_MAX: u64 = 3;
/// Most times that they are watched before a round: ten seconds.
const IDLE_CHECKS_MAX: u32 = 50;

/// A workload with the rounds so far.
struct Entry {
    workload: Arc<dyn Workload>,
    series: Series,
}

/// Runs everything. False if answers were wrong, or a ratio is worse than that of the baseline.
pub(crate) async fn run_benchmark(options: &Options) -> BenchResult<bool> {
    // First, so that a file that cannot be read does not end a long run.
    let baseline = options.baseline.as_deref().map(Baseline::read).transpose()?;
    let circumstances = Circumstances::gather();
    let fixtures = Fixtures::new(options.clients, options.orders, options.log.clone());
    let mut entries = Vec::with_capacity(options.workloads.len());
    for name in &options.workloads {
        print_line(&format!("preparing {}", name.as_str()))?;
        let workload = fixtures.prepare_workload(*name).await?;
        let series = Series { name: *name, clients: name.clients(options.clients), rounds: Vec::new() };
        entries.push(Entry { workload, series });
    }
    let ours = our_processes(&fixtures, &entries);
    for number in 1..=options.rounds {
        // In turn, so that a disturbance of some seconds does not hit all rounds of one workload.
        for entry in &mut entries {
            entry.workload.prepare_round(options.seconds).await?;
            wait_until_idle(&ours).await;
            let round = run_round(&entry.workload, entry.series.clients, options.seconds, &ours).await?;
            print_round(entry.series.name, number, &round)?;
            entry.series.rounds.push(round);
        }
    }
    let instructions = match options.instructions {
        true => count_instructions()?,
        false => Vec::new(),
    };
    let footprint = match options.footprint {
        true => Some(fixtures.measure_footprint().await?),
        false => None,
    };
    let series = entries.into_iter().map(|it| it.series).collect();
    let (command, seconds) = (options.command.clone(), options.seconds);
    let report = Report { command, seconds, circumstances, series, instructions, footprint };
    finish(options, &report, baseline.as_ref())
}

/// Prints and writes the report, and compares it.
fn finish(options: &Options, report: &Report, baseline: Option<&Baseline>) -> BenchResult<bool> {
    print_line(&format!("\n{}", report::format_tables(report)))?;
    if options.write && report.series.is_empty() {
        let record = report::with_instructions(&fs::read_to_string(report::RECORD)?, report)?;
        fs::write(report::RECORD, record)?;
        print_line(&format!("written: {}", report::RECORD))?;
    } else if options.write {
        fs::write(report::PAGE, report::format_page(report))?;
        fs::write(report::RECORD, report::format_record(report)?)?;
        print_line(&format!("written: {}, {}", report::PAGE, report::RECORD))?;
    }
    let (comparison, holds) = match baseline {
        Some(baseline) => baseline.compare(report),
        None => (String::new(), true),
    };
    print_line(&comparison)?;
    Ok(holds && !report.has_errors())
}

fn print_round(name: Name, number: u32, round: &Round) -> BenchResult<()> {
    print_line(&format!("round {number}: {} {:.0}/s", name.as_str(), round.per_second))?;
    if round.others > OTHERS_MAX {
        let percent = round.others * 100.0;
        print_line(&format!("  warning: other programs used {percent:.0} % of the machine"))?;
    }
    if let Some(error) = &round.first_error {
        print_line(&format!("  {} errors, the first one: {error}", round.errors))?;
    }
    Ok(())
}

/// The ids of all processes that belong to the benchmark, each once.
fn our_processes(fixtures: &Fixtures, entries: &[Entry]) -> Vec<u32> {
    let all = fixtures.processes().into_iter().chain(entries.iter().map(|it| it.workload.processes()));
    let ids = |it: Processes| [it.server, it.mariadb, it.redis, it.memcached].into_iter().flatten();
    let mut ours: Vec<u32> = all.flat_map(ids).chain([process::id()]).collect();
    ours.sort_unstable();
    ours.dedup();
    ours
}

/// Waits until what came before has no effect any more: notices that are still delivered, pages that are written.
async fn wait_until_idle(ours: &[u32]) {
    let ticks = || ours.iter().copied().map(cpu_ticks).sum::<u64>();
    let mut before = ticks();
    for _ in 0..IDLE_CHECKS_MAX {
        sleep(IDLE_CHECK_PAUSE).await;
        let now = ticks();
        if now.saturating_sub(before) <= IDLE_TICKS_MAX {
            return;
        }
        before = now;
    }
}
