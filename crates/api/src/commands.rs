//! The commands of the one binary: `serve`, which is the default, the administration of the database and of
//! accounts, of gateways and their payments, and five that show something (`demo`, `openapi`, `events`, `config`,
//! `completions`).

mod archive;
mod backup;
mod check;
mod demo;
mod export;
mod gateways;
mod import;
mod migrate;
mod operator;
mod password;
mod reconcile;
mod table;
mod user_admin;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use ports::ErrorChain;

use crate::{
    build_info,
    config::Config,
    http::{events::events_markdown, openapi},
    log, serve,
    terminal::{print_error, print_lines},
    wiring,
};

/// Time limit for writing the log lines that wait when a command ends. A reader of the log that hangs costs
/// lines, not an exit.
const LOG_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// What `--help` says below the commands. At most 80 columns.
const MORE_HELP: &str = "\
Settings, each as a variable of the environment or without IDEM_, in lower case,
as a line of the file: order_ttl = \"30m\"
  IDEM_HTTP_ADDR      where to listen               [127.0.0.1:8080]
  IDEM_DATABASE_URL   sqlite://FILE or mysql://…    [sqlite://data/idem.db]
  IDEM_REDIS_URL      shared by several instances   [none]
  IDEM_MEMCACHED_URL  likewise                      [none]
  IDEM_JWT_SECRET     signs tokens                  [made on the first start]
  IDEM_LOG            what is logged, such as debug [info]
`config` prints all of them, and docs/operations.md describes them. A server
shows its console at /console and its contract at /docs.";

/// Idem: orders and payments, applied once.
#[derive(Debug, Parser)]
#[command(name = "api", version = build_info::VERSION_TEXT, after_help = MORE_HELP)]
pub struct Arguments {
    /// A TOML file with settings; the environment wins over it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve requests (this is the default)
    Serve,
    /// Bring the database up to date, then exit
    Migrate,
    /// Make an operator's account
    ///
    /// On a terminal the password is asked for, twice and unseen. Otherwise it is the first line of standard input, or
    /// `IDEM_OPERATOR_PASSWORD`.
    CreateOperator(operator::OperatorCommand),
    /// List the operators
    ///
    /// Name, since when, whether the account is disabled, e-mail address.
    ListOperators,
    /// Give a user a role, within a second; sessions stay open
    SetRole(user_admin::RoleCommand),
    /// Disable an account and end its sessions, within a second
    DisableUser(user_admin::AccountCommand),
    /// Enable a disabled account again; its sessions stay ended
    EnableUser(user_admin::AccountCommand),
    /// End all locks of an account's login
    UnlockUser(user_admin::AccountCommand),
    /// Remove an account's second factor and its recovery codes
    ///
    /// For a person whose device is lost.
    ResetSecondFactor(user_admin::AccountCommand),
    /// Print a token with which a user sets a new password
    ///
    /// It works once, within an hour.
    ResetPassword(user_admin::AccountCommand),
    /// Set a password and end all sessions of the user
    ///
    /// On a terminal the password is asked for, twice and unseen. Otherwise it is the first line of standard input, or
    /// `IDEM_OPERATOR_PASSWORD`.
    SetPassword(user_admin::AccountCommand),
    /// Compare payments with gateways or a settlement file
    ///
    /// The exit status is 1 if something is open or differs.
    Reconcile(reconcile::ReconcileCommand),
    /// Move orders that closed long ago to the archive
    ///
    /// They leave lists and are still readable by number. It can be stopped and started again at any time.
    Archive(archive::ArchiveCommand),
    /// Read the whole record and report what must never be in it
    ///
    /// The exit status is 1 if there is something.
    Check,
    /// Copy the database while it is in use
    ///
    /// For SQLite the copy is one moment of the database, is read back, and appears under its name only when it is whole. For a
    /// database on a server the command that copies it there is printed, and the exit status is 1.
    Backup(backup::BackupCommand),
    /// Write all orders, payments, … as lines of JSON
    ///
    /// The lines are as the API shows them to operators: they have customers' data. The exit status is 1 if rows that
    /// cannot be read are missing.
    Export(export::ExportCommand),
    /// Make and change products as a CSV file says
    ///
    /// Every line's result is printed. If a line has a fault, nothing is written. The same file can be imported again: what
    /// is there already stays as it is.
    ImportProducts(import::ImportCommand),
    /// Show which gateways are on, or check their credentials
    Gateways {
        #[command(subcommand)]
        action: Option<gateways::GatewaysAction>,
    },
    /// Run one order through its life, on a temporary server
    Demo,
    /// Print the contract as an OpenAPI document
    Openapi,
    /// Print the page about the events of the feed
    Events,
    /// Print the configuration in force, secrets hidden
    ///
    /// Each value says whether it is the default, from the file or from the environment. The output is a file for
    /// `--config`. It refuses what a start would refuse.
    Config,
    /// Print a script that completes commands in a shell
    ///
    /// For example: `api completions bash > /etc/bash_completion.d/api`
    Completions {
        /// The shell that reads it
        shell: Shell,
    },
}

/// Runs the command and returns its exit status. A failure is printed on standard error, with its causes.
pub async fn run(arguments: Arguments) -> ExitCode {
    let outcome = execute_command(arguments).await;
    // Before a failure is printed: both go to standard error, and the reason of the failure belongs at the
    // end.
    log::flush_within(LOG_FLUSH_TIMEOUT);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            print_error(ErrorChain(fault.as_ref()).to_string());
            let not_judged = matches!(fault.downcast_ref(), Some(check::CheckError::NotJudged(_)));
            if not_judged { ExitCode::from(check::NOT_JUDGED_STATUS) } else { ExitCode::FAILURE }
        }
    }
}

async fn execute_command(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let command = arguments.command.unwrap_or(Command::Serve);
    // These come before the configuration is read: they work on a machine where the service is not set
    // up, and the demo must not depend on the settings of this machine.
    if let Command::Openapi = command {
        return Ok(print_lines(openapi::document_json())?);
    }
    if let Command::Events = command {
        return Ok(print_lines(events_markdown().trim_end())?);
    }
    if let Command::Completions { shell } = command {
        return Ok(print_lines(&completion_script(shell))?);
    }
    if let Command::Demo = command {
        return demo::run().await;
    }
    let config = Config::load(arguments.config.as_deref())?;
    log::set_format(config.log_format);
    match command {
        Command::Serve => {
            // Only the server logs. All other commands are read by a person, who wants the result and nothing
            // else.
            log::init_subscriber(&config.log)?;
            Ok(serve::run(config).await?)
        }
        Command::Migrate => {
            let migrated = wiring::migrate_database(&config).await?;
            Ok(print_lines(&format!(
                "{}{} is up to date",
                migrate::adoption_report(migrated),
                config.database
            ))?)
        }
        Command::CreateOperator(operator) => {
            let name = operator::create_account(&config, operator).await?;
            Ok(print_lines(&format!("{name} is an operator in {}", config.database))?)
        }
        Command::ListOperators => Ok(print_lines(&user_admin::list_operators(&config).await?)?),
        Command::SetRole(role) => Ok(print_lines(&user_admin::set_role(&config, role).await?)?),
        Command::DisableUser(person) => Ok(print_lines(&user_admin::disable_user(&config, person).await?)?),
        Command::EnableUser(person) => Ok(print_lines(&user_admin::enable_user(&config, person).await?)?),
        Command::UnlockUser(person) => Ok(print_lines(&user_admin::unlock_user(&config, person).await?)?),
        Command::ResetSecondFactor(person) => {
            Ok(print_lines(&user_admin::reset_second_factor(&config, person).await?)?)
        }
        Command::ResetPassword(person) => {
            Ok(print_lines(&user_admin::reset_password(&config, person).await?)?)
        }
        Command::SetPassword(person) => Ok(print_lines(&user_admin::set_password(&config, person).await?)?),
        Command::Reconcile(command) => Ok(reconcile::run(&config, command).await?),
        Command::Archive(command) => Ok(archive::run(&config, command).await?),
        Command::Check => Ok(check::run(&config).await?),
        Command::Backup(command) => Ok(backup::run(&config, &command).await?),
        Command::Export(command) => Ok(export::run(&config, &command).await?),
        Command::ImportProducts(command) => Ok(import::run(&config, &command).await?),
        Command::Gateways { action } => {
            Ok(gateways::run(&config, action.unwrap_or(gateways::GatewaysAction::List)).await?)
        }
        Command::Openapi | Command::Events | Command::Demo | Command::Completions { .. } => Ok(()),
        Command::Config => {
            wiring::check_settings(&config)?;
            Ok(print_lines(config.to_annotated_toml().trim_end())?)
        }
    }
}

/// The script for a shell. It completes the name by which the program was called, such as `idem` where it is installed so.
fn completion_script(shell: Shell) -> String {
    let called = std::env::args_os().next().map(PathBuf::from);
    let called = called.as_deref().and_then(Path::file_name).and_then(|it| it.to_str());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), called.unwrap_or("api"), &mut script);
    String::from_utf8_lossy(&script).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::config::{ConfigError, PREFIX};

    #[test]
    fn the_help_has_at_most_80_columns_and_names_the_main_settings() {
        let help = Arguments::command().render_help().to_string();
        let long: Vec<_> = help.lines().filter(|it| it.chars().count() > 80).collect();
        assert!(long.is_empty(), "{long:#?}");
        assert!(help.contains("IDEM_DATABASE_URL") && help.contains("docs/operations.md"), "{help}");
        let settings =
            MORE_HELP.split_whitespace().filter(|it| it.len() > PREFIX.len() && it.starts_with(PREFIX));
        for name in settings.filter(|it| !it.ends_with(',')) {
            let read = Config::from_sources(None, [(name.to_owned(), String::new())]);
            assert!(!matches!(read, Err(ConfigError::Unknown { .. })), "{name}");
        }
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = completion_script(*shell);
            let program = Arguments::command();
            let missing = program.get_subcommands().find(|it| !script.contains(it.get_name()));
            assert!(missing.is_none(), "{shell}: {missing:?}");
        }
    }

    #[test]
    fn the_commands_are_well_formed_and_serve_is_the_default() {
        Arguments::command().debug_assert();
        assert!(Arguments::parse_from(["api"]).command.is_none());
        let arguments = Arguments::parse_from(["api", "migrate", "--config", "idem.toml"]);
        assert!(matches!(arguments.command, Some(Command::Migrate)) && arguments.config.is_some());
    }

    #[test]
    fn a_run_is_over_payments_or_over_a_file_of_one_gateway() {
        for good in [
            &["--since", "2d"][..],
            &["--since", "12h", "--gateway", "stripe"],
            &["--statement", "file.csv", "--gateway", "stripe"],
        ] {
            assert!(Arguments::try_parse_from(["api", "reconcile"].iter().chain(good)).is_ok(), "{good:?}");
        }
        for bad in [
            &[][..],
            &["--since", "2 days ago"],
            &["--statement", "file.csv"],
            &["--statement", "file.csv", "--gateway", "stripe", "--since", "2d"],
        ] {
            assert!(Arguments::try_parse_from(["api", "reconcile"].iter().chain(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_password_is_no_argument() {
        let asked = ["api", "create-operator", "--username", "ada", "--email", "a@b.co", "--password", "x"];
        assert!(Arguments::try_parse_from(asked).is_err());
        assert!(Arguments::try_parse_from(asked.into_iter().take(6)).is_ok());
        let set = ["api", "set-password", "--username", "ada", "--password", "x"];
        assert!(Arguments::try_parse_from(set).is_err());
        assert!(Arguments::try_parse_from(set.into_iter().take(4)).is_ok());
    }
}
