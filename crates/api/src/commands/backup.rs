//! The command that copies the database while servers use it.

use std::{
    io,
    path::{Path, PathBuf},
};

use adapters_sqlite::{BackupError, BackupProgress};
use clap::Args;

use crate::{
    config::{Config, Database},
    terminal::{ProgressLine, print_lines},
    wiring,
};

/// Arguments of the command.
#[derive(Debug, Args)]
pub(super) struct BackupCommand {
    /// The new file; one that is there is never replaced
    file: PathBuf,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub(super) enum BackupCommandError {
    /// The file was not made.
    #[error("no backup was made")]
    Failed(#[from] BackupError),
    /// The database is on a server, whose own tools copy it.
    #[error("no backup was made: the database is on a server, and the command above copies it there")]
    OnServer,
    /// The result cannot be printed.
    #[error("the result cannot be printed")]
    Print(#[from] io::Error),
}

/// Makes the backup and prints what it is; for a database on a server prints the command that makes one.
pub(super) async fn run(config: &Config, command: &BackupCommand) -> Result<(), BackupCommandError> {
    let line = ProgressLine::new();
    let report = |it: BackupProgress| line.show(|| progress_text(it));
    let made = wiring::back_up_database(config, &command.file, report).await;
    drop(line);
    match made {
        Some(size) => {
            let (file, size) = (command.file.display(), size?);
            print_lines(&format!(
                "{file}: a copy of {}, {size} bytes, read back without a fault\n\
                 It does not have the files jwt_secret and sandbox_secret beside the database; keep them elsewhere.",
                config.database
            ))?;
            Ok(())
        }
        None => {
            print_lines(&dump_command(&config.database, &command.file))?;
            Err(BackupCommandError::OnServer)
        }
    }
}

fn progress_text(BackupProgress { written, expected }: BackupProgress) -> String {
    // The copy has no free pages, so it may be complete before it is as large; then it is being read back.
    format!("{} of at most {} KiB copied", written / 1024, expected / 1024)
}

/// The command for a database on a server. It asks for the password, which belongs neither into a command nor here.
fn dump_command(database: &Database, file: &Path) -> String {
    let name = database.to_string();
    let place = name.strip_prefix("mysql://").unwrap_or_default();
    let (hosts, schema) = place.split_once('/').unwrap_or((place, ""));
    let first = hosts.split(',').next().unwrap_or(hosts);
    // The brackets of an IPv6 address belong to URLs only.
    let (host, port) = match first.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => (host, port),
        Some(_) | None => (first, "3306"),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let user = database.user_name().unwrap_or("USER");
    let file = file.to_string_lossy();
    let words = [
        "mariadb-dump".to_owned(),
        "--single-transaction".to_owned(),
        format!("--host={host}"),
        format!("--port={port}"),
        format!("--user={user}"),
        "--password".to_owned(),
        format!("--result-file={file}"),
        schema.to_owned(),
    ];
    words.iter().map(|it| quote_word(it)).collect::<Vec<_>>().join(" ")
}

/// A word of a command as a shell reads it.
fn quote_word(word: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_=./:,@".contains(it);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_a_server_has_no_password_and_survives_a_shell() {
        for (url, command) in [
            (
                "mysql://idem:hunter2@db:3307/shop",
                "mariadb-dump --single-transaction --host=db --port=3307 --user=idem --password '--result-file=it is.sql' shop",
            ),
            (
                "mysql://a%40b:hunter2@[::1]:3306/shop?require_ssl=true",
                "mariadb-dump --single-transaction --host=::1 --port=3306 --user=USER --password '--result-file=it is.sql' shop",
            ),
            (
                "mysql://idem:hunter2@a,b:3306/shop",
                "mariadb-dump --single-transaction --host=a --port=3306 --user=idem --password '--result-file=it is.sql' shop",
            ),
            (
                "mysql://db/it's",
                "mariadb-dump --single-transaction --host=db --port=3306 --user=USER --password '--result-file=it is.sql' 'it'\\''s'",
            ),
        ] {
            let database = Database::parse(url).unwrap();
            assert_eq!(dump_command(&database, Path::new("it is.sql")), command, "{url}");
        }
    }
}
