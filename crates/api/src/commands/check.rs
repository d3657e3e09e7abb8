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
    /// No fault was found, but this number of orders was not judged.
    #[error("orders that were not judged, because they changed all the while: {0}; run it again")]
    NotJudged(u64),
}

/// Exit status when no fault was found in what was judged, and not everything was.
pub(super) const NOT_JUDGED_STATUS: u8 = 3;

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
    judge_report(&report)
}

fn judge_report(report: &AuditReport) -> Result<(), CheckError> {
    match (report.count_faults(), report.busy) {
        (0, 0) => Ok(()),
        (0, busy) => Err(CheckError::NotJudged(busy)),
        (faults, _) => Err(CheckError::Faults(faults)),
    }
}

fn print_report(report: &AuditReport) -> io::Result<()> {
    let AuditReport { products, orders, payments, busy, moving_products, children, faults, counts: _ } =
        report;
    print_lines(&format!(
        "read: {products} products, {orders} orders, {payments} payments, {children} rows with parents"
    ))?;
    if *busy > 0 {
        print_lines(&format!("{busy} orders changed all the while and were not judged; run it again"))?;
    }
    if *moving_products > 0 {
        print_lines(&format!(
            "{moving_products} products changed while orders were read; their stock was not compared with the orders"
        ))?;
    }
    if faults.is_empty() {
        let rest = if *busy > 0 { " in what was judged" } else { "" };
        return print_lines(&format!("nothing is wrong{rest}"));
    }
    let row = |it: &AuditFault| [it.subject.clone(), it.detail.clone()];
    print_lines(&render_table(&["subject", "fault"], faults.iter().map(row)))?;
    for (kind, count) in report.unlisted_faults() {
        print_lines(&format!("not listed, {count} more: {kind}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_which_not_all_was_judged_is_not_said_to_be_in_order() {
        assert!(judge_report(&AuditReport::default()).is_ok());
        let busy = AuditReport { busy: 2, ..AuditReport::default() };
        assert!(matches!(judge_report(&busy), Err(CheckError::NotJudged(2))));
        let counts = [("It is wrong.".to_owned(), 101)].into();
        let wrong = AuditReport { counts, ..busy };
        assert!(matches!(judge_report(&wrong), Err(CheckError::Faults(101))), "what is known is said first");
    }
}
