//! The commands of the one binary: `serve`, which is the default, the administration of the database and of
//! accounts, of gateways and their payments, and four that show something (`demo`, `openapi`, `events`, `config`).

mod check;
mod demo;
mod gateways;
mod migrate;
mod operator;
mod reconcile;
mod table;
mod user_admin;

use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use ports::ErrorChain;

use crate::{
    config::Config,
    http::{events::events_markdown, openapi},
    log, serve,
    terminal::{print_error, print_lines},
    wiring,
};

/// Time limit for writing the log lines that wait when a command ends. A reader of the log that hangs costs
/// lines, not an exit.
const LOG_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Idem: orders and payments, applied once.
#[derive(Debug, Parser)]
#[command(name = "api", version)]
pub struct Arguments {
    /// A TOML file with the configuration; the environment wins over it
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
    /// Make an operator's account; the password is the first line of standard input, or
    /// `IDEM_OPERATOR_PASSWORD`
    CreateOperator(operator::OperatorCommand),
    /// List the operators: name, since when, whether the account is disabled, e-mail address
    ListOperators,
    /// Give a user a role, within a second; sessions stay open
    SetRole(user_admin::RoleCommand),
    /// Close an account and end all its sessions, within a second
    DisableUser(user_admin::AccountCommand),
    /// Open a disabled account again; its sessions stay ended
    EnableUser(user_admin::AccountCommand),
    /// End all locks of an account's login
    UnlockUser(user_admin::AccountCommand),
    /// Print a token with which a user sets a new password, once, within an hour
    ResetPassword(user_admin::AccountCommand),
    /// Set a password and end all sessions of the user; the password is the first line of standard input, or
    /// `IDEM_OPERATOR_PASSWORD`
    SetPassword(user_admin::AccountCommand),
    /// Compare payments with their gateways, or with a settlement file; the exit status is 1 if something is open
    /// or differs
    Reconcile(reconcile::ReconcileCommand),
    /// Read the whole record and report what must never be in it; the exit status is 1 if there is something
    Check,
    /// Show which gateways are on, or check their credentials
    Gateways {
        #[command(subcommand)]
        action: Option<gateways::GatewaysAction>,
    },
    /// Run one order through its whole life, against a temporary server
    Demo,
    /// Print the contract as an OpenAPI document
    Openapi,
    /// Print the page about the events of the feed, which is `docs/events.md`
    Events,
    /// Print the configuration that is in force, secrets hidden; refuses what a start would refuse
    Config,
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
            ExitCode::FAILURE
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
    if let Command::Demo = command {
        return demo::run().await;
    }
    let config = Config::load(arguments.config.as_deref())?;
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
            Ok(print_lines(&format!("{name} is an operator"))?)
        }
        Command::ListOperators => Ok(print_lines(&user_admin::list_operators(&config).await?)?),
        Command::SetRole(role) => Ok(print_lines(&user_admin::set_role(&config, role).await?)?),
        Command::DisableUser(person) => Ok(print_lines(&user_admin::disable_user(&config, person).await?)?),
        Command::EnableUser(person) => Ok(print_lines(&user_admin::enable_user(&config, person).await?)?),
        Command::UnlockUser(person) => Ok(print_lines(&user_admin::unlock_user(&config, person).await?)?),
        Command::ResetPassword(person) => {
            Ok(print_lines(&user_admin::reset_password(&config, person).await?)?)
        }
        Command::SetPassword(person) => Ok(print_lines(&user_admin::set_password(&config, person).await?)?),
        Command::Reconcile(command) => Ok(reconcile::run(&config, command).await?),
        Command::Check => Ok(check::run(&config).await?),
        Command::Gateways { action } => {
            Ok(gateways::run(&config, action.unwrap_or(gateways::GatewaysAction::List)).await?)
        }
        Command::Openapi | Command::Events | Command::Demo => Ok(()),
        Command::Config => {
            wiring::check_settings(&config)?;
            Ok(print_lines(config.to_redacted_toml().trim_end())?)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

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
