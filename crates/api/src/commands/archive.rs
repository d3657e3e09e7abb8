//! The command that moves orders which closed long ago to the archive, beside running servers.

use std::io;

use application::archive::{ArchiveReport, archive_orders, latest_archive_date};
use clap::Args;
use domain::Timestamp;
use ports::PortError;

use crate::{
    config::{Config, Database},
    http::view::timestamp_text,
    terminal::print_lines,
    wiring::{self, StartError},
};

/// Which orders to move.
#[derive(Debug, Args)]
pub(super) struct ArchiveCommand {
    /// Orders that last changed before this day (UTC) or time: 2026-01-31, 2026-01-31T12:00:00Z
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    before: Timestamp,
    /// At most this number of orders; otherwise all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// Why a run failed. What it archived before stays archived.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    /// A setting is wrong, or the database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no database: the file is missing or empty.
    #[error("there is no database at {0}")]
    NoDatabase(Database),
    /// Events of such orders may still be on their way.
    #[error("the date is too late: orders can be archived that last changed before {0}")]
    TooLate(String),
    /// The database is unavailable.
    #[error("the run failed; what was archived before stays so, and the same command goes on")]
    Failed(#[from] PortError),
    /// The progress cannot be printed.
    #[error("the result cannot be printed")]
    Print(#[from] io::Error),
}

/// A day is its first moment in UTC.
fn parse_date(text: &str) -> Result<Timestamp, String> {
    let is_day = !text.contains(['T', ' ', ':']);
    let text = if is_day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let time = text.parse::<jiff::Timestamp>().map_err(|error| error.to_string())?;
    Ok(Timestamp::from_millis(time.as_millisecond()))
}

/// Archives orders, and prints a line after each batch: who stops the command then knows that it has begun.
pub(super) async fn run(config: &Config, command: ArchiveCommand) -> Result<(), ArchiveError> {
    if !config.database.exists() {
        return Err(ArchiveError::NoDatabase(config.database.clone()));
    }
    let wired = wiring::wire_adapters(config).await?;
    let latest = latest_archive_date(&wired.app);
    if command.before > latest {
        return Err(ArchiveError::TooLate(timestamp_text(latest)));
    }
    let mut printed = Ok(());
    let progress = |it: &ArchiveReport| {
        // The first failure is kept. The run goes on: a broken pipe is no reason to stop it halfway.
        if printed.is_ok() {
            printed = print_lines(&format!("archived: {}", it.archived));
        }
    };
    let report = archive_orders(&wired.app, command.before, command.limit, progress).await?;
    printed?;
    let ArchiveReport { archived, open, busy, unreadable, failed } = report;
    Ok(print_lines(&format!(
        "archived {archived} orders; stayed: {open} with something open, {busy} that changed, {unreadable} unreadable, \
         {failed} that failed"
    ))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_first_moment() {
        let at = |text| parse_date(text).map(Timestamp::as_millis);
        assert_eq!(at("1970-01-02"), Ok(86_400_000));
        assert_eq!(at("1970-01-02T00:00:01Z"), Ok(86_401_000));
        assert_eq!(at("1970-01-02T01:00:00+01:00"), Ok(86_400_000));
        for text in ["", "yesterday", "1970-13-01", "1970-01-02T00:00:01"] {
            assert!(at(text).is_err(), "{text}");
        }
    }
}
