//! The command that reads the whole record and reports what must never be in it, beside running servers or on a restored
//! backup.

use std::io;

use application::audit::{AuditFault, AuditReport, watch_audit};
use ports::PortError;

use super::table::render_table;
use crate::{
    config::{Config, Database},
    terminal::{ProgressLine, print_lines},
    wiring::{self, StartError},
};

/// Why the record was not read, or is not in order.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckError {
    /// A setting is wrong, or the database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no database: the file is missing or empty.
    #[error("there is no database at {0}")]
    NoDatabase(Database),
    /// The database is unavailable.
    #[error("the record could not be read to its end")]
    Failed(#[from] PortError),
    /// The result cannot be printed.
    #[error("the result cannot be printed")]
    Print(#[from] io::Error),
    /// The record has this number of faults.
    #[error("the record is not in order; faults: {0}")]
    Faults(u64),
}

/// Reads the record and prints what it found.
pub(super) async fn run(config: &Config) -> Result<(), CheckError> {
    if !config.database.exists() {
        return Err(CheckError::NoDatabase(config.database.clone()));
    }
    let wired = wiring::wire_adapters(config).await?;
    let line = ProgressLine::new();
    let report = watch_audit(&wired.app, |it| {
        line.show(|| format!("{} orders, {} rows with parents read", it.orders, it.children))
    })
    .await?;
    drop(line);
    print_report(&report)?;
    if report.faults.is_empty() { Ok(()) } else { Err(CheckError::Faults(report.count_faults())) }
}

fn print_report(report: &AuditReport) -> io::Result<()> {
    let AuditReport { products, orders, payments, busy, children, faults, counts: _ } = report;
    print_lines(&format!(
        "read: {products} products, {orders} orders, {payments} payments, {children} rows with parents"
    ))?;
    if *busy > 0 {
        print_lines(&format!("{busy} orders changed all the while and were not judged; run it again"))?;
    }
    if faults.is_empty() {
        return print_lines("nothing is wrong");
    }
    let row = |it: &AuditFault| [it.subject.clone(), it.detail.clone()];
    print_lines(&render_table(&["subject", "fault"], faults.iter().map(row)))?;
    for (kind, count) in report.unlisted_faults() {
        print_lines(&format!("not listed, {count} more: {kind}"))?;
    }
    Ok(())
}
