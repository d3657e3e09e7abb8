//! The command that makes an operator's account. There is no route for it: the first operator has no one to
//! be authorised by.

use std::io;

use application::auth::{NewAccount, RegisterError, create_operator};
use clap::Args;
use domain::{Email, Invalid, Username};
use ports::AccountConflict;

use super::password::{PasswordError, confirm, is_asked, read_password};
use crate::{
    config::{Config, Database},
    terminal::print_error,
    wiring::{self, StartError},
};

/// Arguments of the command; a password is none.
#[derive(Debug, Args)]
pub(super) struct OperatorCommand {
    /// The name to log in with
    #[arg(long)]
    username: String,
    /// The e-mail address, which also logs in
    #[arg(long)]
    email: String,
}

/// Why no operator was made.
#[derive(Debug, thiserror::Error)]
pub(super) enum OperatorError {
    /// The name or the e-mail address breaks a rule.
    #[error("the {0} {1}")]
    Invalid(&'static str, Invalid),
    /// There is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// There is no database, and the person at the terminal does not want one to be made.
    #[error("there is no database at {0}, and none was made")]
    Declined(Database),
    /// The terminal cannot be read.
    #[error("the answer cannot be read")]
    ReadAnswer(#[source] io::Error),
    /// A user with this name or e-mail address exists.
    #[error("there is already a user with this {0}")]
    Taken(&'static str),
    /// A setting is wrong, or the database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database is unavailable, or the machine is too busy to hash.
    #[error("the account was not made")]
    Failed(#[source] RegisterError),
}

/// Makes the account and returns its name. A server may run meanwhile on the same database.
pub(super) async fn create_account(
    config: &Config,
    operator: OperatorCommand,
) -> Result<String, OperatorError> {
    let OperatorCommand { username, email } = operator;
    let username = Username::parse(&username).map_err(|it| OperatorError::Invalid("user name", it))?;
    let email = Email::parse(&email).map_err(|it| OperatorError::Invalid("e-mail address", it))?;
    let is_new = !config.database.exists();
    if is_asked() {
        announce_database(&config.database, is_new)?;
    }
    let account = NewAccount { username, email, password: read_password()? };
    let wired = wiring::wire_adapters(config).await?;
    if is_new {
        print_error(format!("there was no database at {}: it was made", config.database));
    }
    match create_operator(&wired.app, account).await {
        Ok(user) => Ok(user.username.as_str().to_owned()),
        Err(RegisterError::Taken(taken)) => Err(OperatorError::Taken(conflict_text(&taken))),
        Err(
            fault @ (RegisterError::Key(_)
            | RegisterError::Throttled(_)
            | RegisterError::Busy(_)
            | RegisterError::Failed(_)),
        ) => Err(OperatorError::Failed(fault)),
    }
}

/// Tells which database is written to, before the user types a password for the wrong database. A new one is
/// made only if they agree: it mostly means that the settings of the server are missing here.
fn announce_database(database: &Database, is_new: bool) -> Result<(), OperatorError> {
    if !is_new {
        print_error(format!("The account is made in {database}."));
        return Ok(());
    }
    let agrees = confirm(&format!("There is no database at {database}. Make a new one?"));
    let agrees = agrees.map_err(OperatorError::ReadAnswer)?;
    if agrees { Ok(()) } else { Err(OperatorError::Declined(database.clone())) }
}

const fn conflict_text(taken: &[AccountConflict]) -> &'static str {
    match taken {
        [AccountConflict::Username] => "name",
        [AccountConflict::Email] => "e-mail address",
        _ => "name and e-mail address",
    }
}
