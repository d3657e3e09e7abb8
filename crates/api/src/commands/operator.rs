//! The command that makes an operator's account. There is no route for it: the first operator has no one to
//! be authorised by.

use std::io::{self, BufRead};

use application::auth::{NewAccount, RegisterError, create_operator};
use clap::Args;
use domain::{Email, Invalid, Password, Username};
use ports::AccountConflict;

use crate::{
    config::{Config, OPERATOR_PASSWORD},
    terminal::print_error,
    wiring::{self, StartError},
};

/// Longest line that is read, in bytes; no password is longer.
const LINE_BYTES_MAX: u64 = 1024;

/// Arguments of the command; a password is none, because every user of the machine sees arguments.
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
    /// A name, an e-mail address or a password breaks a rule.
    #[error("the {0} {1}")]
    Invalid(&'static str, Invalid),
    /// A user with this name or e-mail address exists.
    #[error("there is already a user with this {0}")]
    Taken(&'static str),
    /// Standard input cannot be read, or is no text.
    #[error("the password cannot be read")]
    ReadPassword(#[source] io::Error),
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
    let account = NewAccount {
        username: Username::parse(&username).map_err(|it| OperatorError::Invalid("user name", it))?,
        email: Email::parse(&email).map_err(|it| OperatorError::Invalid("e-mail address", it))?,
        password: read_password()?,
    };
    let is_new = !config.database.exists();
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

const fn conflict_text(taken: &[AccountConflict]) -> &'static str {
    match taken {
        [AccountConflict::Username] => "name",
        [AccountConflict::Email] => "e-mail address",
        _ => "name and e-mail address",
    }
}

pub(super) fn read_password() -> Result<Password, OperatorError> {
    let text = match std::env::var(OPERATOR_PASSWORD) {
        Ok(text) => text,
        Err(_) => first_line(io::stdin().lock()).map_err(OperatorError::ReadPassword)?,
    };
    Password::parse(&text).map_err(|it| OperatorError::Invalid("password", it))
}

/// The first line without its line end. Spaces belong to a password and stay.
fn first_line(input: impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    // Limited: standard input may be a device or a pipe that never ends a line.
    input.take(LINE_BYTES_MAX).read_line(&mut line)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_and_its_spaces_count() {
        for input in
            ["  s3cret thing ", "  s3cret thing \n", "  s3cret thing \r\n", "  s3cret thing \nmore\n"]
        {
            assert_eq!(first_line(input.as_bytes()).unwrap(), "  s3cret thing ");
        }
    }
}
