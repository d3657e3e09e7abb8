//! The command that compares payments with their gateways, or with a settlement file, while servers run on the
//! same database.

mod watch;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use application::{
    App,
    reconciliation::{
        Difference, PaymentsReport, RunEnd, StatementReport, compare_statement, reconcile_payments,
    },
};
use clap::Args;
use domain::GatewayName;
use ports::{PortError, STATEMENT_BYTES_MAX, StatementFaults};

use self::watch::Watch;
use super::table::render_table;
use crate::{
    config::{Config, Database, parse_duration},
    http::view::timestamp_text,
    terminal::print_lines,
    wiring::{self, StartError},
};

/// The gateway that moves no money. It is left out unless it is named: its captures are remembered only by the
/// process that made them.
const SANDBOX: &str = "sandbox";

/// What to compare payments with.
#[derive(Debug, Args)]
pub(super) struct ReconcileCommand {
    /// Look up every open payment, and every payment requested within this time: 2d, 12h
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "statement")]
    #[arg(required_unless_present = "statement")]
    since: Option<Duration>,
    /// Only this gateway; otherwise all that move money
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,
    /// Compare with this settlement file of the gateway, of at most 64 MiB
    #[arg(long, value_name = "FILE", requires = "gateway")]
    statement: Option<PathBuf>,
}

/// Why a run failed, or what it has left.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReconcileError {
    /// A setting is wrong, or the database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no database: the file is missing or empty.
    #[error("there is no database at {0}")]
    NoDatabase(Database),
    /// No gateway has this name.
    #[error("no gateway with this name is configured; configured are: {0}")]
    UnknownGateway(String),
    /// Only the sandbox is configured, or nothing.
    #[error("no gateway that moves money is configured; `--gateway sandbox` names the sandbox")]
    NoGateway,
    /// The settlement file cannot be read.
    #[error("the file {} cannot be read", path.display())]
    File {
        /// The path as it was given.
        path: PathBuf,
        /// The failure of the file system.
        source: io::Error,
    },
    /// The settlement file is none of this gateway.
    #[error(transparent)]
    Statement(#[from] StatementFaults),
    /// The database is unavailable.
    #[error("the run failed; what was found before is stored")]
    Failed(#[from] PortError),
    /// The table cannot be printed.
    #[error("the result cannot be printed")]
    Print(#[from] io::Error),
    /// The run has ended and not everything is settled.
    #[error("not everything is settled: {0}")]
    Unsettled(String),
}

/// Runs the comparison and prints what it found.
pub(super) async fn run(config: &Config, command: ReconcileCommand) -> Result<(), ReconcileError> {
    if !config.database.exists() {
        return Err(ReconcileError::NoDatabase(config.database.clone()));
    }
    // Before the database is opened: a wrong path is the likely mistake.
    let file = command.statement.as_deref().map(read_file).transpose()?;
    let wired = wiring::wire_adapters(config).await?;
    let gateways = select_gateways(&wired.app, command.gateway.as_deref())?;
    let mut watch = Watch::start();
    match (file, gateways.as_slice()) {
        (Some(file), [gateway]) => compare_file(&wired.app, gateway, &file, &mut watch).await,
        (Some(_), _) => Err(ReconcileError::NoGateway),
        (None, gateways) => {
            let since = command.since.unwrap_or_default();
            look_up_payments(&wired.app, gateways, since, &mut watch).await
        }
    }
}

fn select_gateways(app: &App, name: Option<&str>) -> Result<Vec<GatewayName>, ReconcileError> {
    let all: Vec<_> = wiring::connected_gateways(app).map(|it| it.name()).collect();
    let chosen: Vec<_> = match name {
        Some(name) => all.iter().filter(|it| it.as_str() == name).cloned().collect(),
        None => all.iter().filter(|it| it.as_str() != SANDBOX).cloned().collect(),
    };
    match (chosen.is_empty(), name) {
        (false, _) => Ok(chosen),
        (true, None) => Err(ReconcileError::NoGateway),
        (true, Some(_)) => {
            let names: Vec<_> = all.iter().map(GatewayName::as_str).collect();
            Err(ReconcileError::UnknownGateway(names.join(", ")))
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, ReconcileError> {
    let fault = |source| ReconcileError::File { path: path.to_owned(), source };
    let mut content = Vec::new();
    // One byte more than allowed, so that the adapter sees that the file is too large.
    let limit = u64::try_from(STATEMENT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(fault)?.take(limit).read_to_end(&mut content).map_err(fault)?;
    Ok(content)
}

async fn look_up_payments(
    app: &App,
    gateways: &[GatewayName],
    since: Duration,
    watch: &mut Watch,
) -> Result<(), ReconcileError> {
    let since = app.clock.now().saturating_sub(since);
    let mut reports = Vec::new();
    for gateway in gateways {
        watch.begin(gateway);
        if let Some(report) = reconcile_payments(app, gateway, since, watch).await? {
            reports.push((gateway, report));
        }
    }
    watch.end();
    let rows: Vec<_> = reports.iter().map(|(gateway, it)| payments_row(gateway, it)).collect();
    let header = ["gateway", "looked up", "changed", "open", "unclear", "failed", "differences", "end"];
    print_lines(&render_table(&header, rows))?;
    print_differences(reports.iter().flat_map(|(_, it)| &it.differences))?;
    let left: Vec<_> = reports.iter().filter(|(_, it)| !it.is_settled()).map(|(it, _)| it.as_str()).collect();
    if left.is_empty() { Ok(()) } else { Err(ReconcileError::Unsettled(left.join(", "))) }
}

fn payments_row(gateway: &GatewayName, it: &PaymentsReport) -> Vec<String> {
    let counts = [it.looked_up, it.changed, it.open, it.unclear, it.failed];
    let mut row = vec![gateway.to_string()];
    row.extend(counts.map(|it| it.to_string()));
    row.extend([it.differences.len().to_string(), end_text(it.end).to_owned()]);
    row
}

async fn compare_file(
    app: &App,
    gateway: &GatewayName,
    file: &[u8],
    watch: &mut Watch,
) -> Result<(), ReconcileError> {
    let adapter = app.find_gateway(gateway).ok_or(ReconcileError::NoGateway)?;
    let statement = adapter.parse_statement(file)?;
    watch.begin(gateway);
    let report = compare_statement(app, gateway, &statement, watch).await?;
    watch.end();
    let header =
        ["gateway", "period", "lines", "agree", "left out", "looked for", "failed", "differences", "end"];
    print_lines(&render_table(&header, vec![statement_row(gateway, &report)]))?;
    print_differences(&report.differences)?;
    let is_settled = report.is_settled();
    if is_settled { Ok(()) } else { Err(ReconcileError::Unsettled(gateway.to_string())) }
}

fn statement_row(gateway: &GatewayName, it: &StatementReport) -> Vec<String> {
    let period = it.period.map_or("no times".to_owned(), |period| {
        format!("{} to {}", timestamp_text(period.from), timestamp_text(period.until))
    });
    let counts = [it.compared, it.matched, it.skipped, it.expected, it.failed];
    let mut row = vec![gateway.to_string(), period];
    row.extend(counts.map(|it| it.to_string()));
    row.extend([it.differences.len().to_string(), end_text(it.end).to_owned()]);
    row
}

const fn end_text(end: RunEnd) -> &'static str {
    match end {
        RunEnd::Complete => "complete",
        RunEnd::Stopped => "stopped",
        RunEnd::GatewayUnavailable => "the gateway is unavailable",
        RunEnd::TooManyDifferences => "too many differences",
        RunEnd::TooManyOpen => "too many open payments: run it again",
    }
}

fn print_differences<'a>(all: impl IntoIterator<Item = &'a Difference>) -> io::Result<()> {
    let text = |id: Option<String>| id.unwrap_or_else(|| "-".to_owned());
    let row = |it: &Difference| {
        vec![
            it.kind.as_str().to_owned(),
            text(it.transaction.as_ref().map(ToString::to_string)),
            text(it.order.as_ref().map(ToString::to_string)),
            it.detail.clone(),
        ]
    };
    let rows: Vec<_> = all.into_iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    print_lines(&render_table(&["finding", "payment", "order", "detail"], rows))
}
