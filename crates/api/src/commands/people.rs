//! Changing other people's accounts from the command line, beside a running server.

use application::auth::people::{self, PersonError};
use clap::{Args, ValueEnum};
use domain::{Role, User};

use super::operator::{OperatorError, password};
use crate::{
    config::{Config, Database},
    log,
    terminal::complain,
    wiring::{self, StartError, Wired},
};

/// Whose account is changed.
#[derive(Debug, Args)]
pub(super) struct Person {
    /// The user name, or the e-mail address
    #[arg(long)]
    username: String,
}

/// Who gets which role.
#[derive(Debug, Args)]
pub(super) struct NewRole {
    #[command(flatten)]
    person: Person,
    /// What the user may do from now on
    #[arg(long, ignore_case = true)]
    role: RoleName,
}

/// The roles, as they are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
enum RoleName {
    Customer,
    Operator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Customer => Self::Customer,
            RoleName::Operator => Self::Operator,
        }
    }
}

/// Why no account was changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PeopleError {
    /// The password cannot be had, or breaks a rule.
    #[error(transparent)]
    Password(#[from] OperatorError),
    /// The service cannot be put together.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no database: the file is missing or empty.
    #[error("there is no database at {0}: `api serve`, `api migrate` and `api create-operator` make one")]
    NoDatabase(Database),
    /// There is no such user.
    #[error("there is no user with this name or e-mail address")]
    NotFound,
    /// The record is away, or the machine is too busy to hash.
    #[error("nothing was changed")]
    Failed(#[source] PersonError),
    /// The record is away.
    #[error("the operators cannot be read")]
    Unread(#[source] ports::PortError),
}

impl From<PersonError> for PeopleError {
    fn from(error: PersonError) -> Self {
        match error {
            PersonError::NotFound => Self::NotFound,
            PersonError::Busy(_) | PersonError::Failed(_) => Self::Failed(error),
        }
    }
}

/// Puts the service together around a database that is there: none is made for the sake of a command that changes or
/// shows what there is.
async fn wire_existing(config: &Config) -> Result<Wired, PeopleError> {
    if !config.database.exists() {
        return Err(PeopleError::NoDatabase(config.database.clone()));
    }
    Ok(wiring::wire(config).await?)
}

/// Tells those who watch the safety of accounts what the command did, as the service's log does: on standard error. That
/// it was so already is told too.
fn tell(event: &str, user: &User) {
    complain(log::security_line(event, &user.id));
}

/// Gives a user a role, and says so.
pub(super) async fn set_role(
    config: &Config,
    NewRole { person, role }: NewRole,
) -> Result<String, PeopleError> {
    let wired = wire_existing(config).await?;
    let user = people::set_role(&wired.app, &person.username, role.into()).await?;
    tell("role-set", &user);
    Ok(format!("{} is {}", user.username.as_str(), user.role.as_str()))
}

/// Closes an account, and says so.
pub(super) async fn disable(config: &Config, person: Person) -> Result<String, PeopleError> {
    let wired = wire_existing(config).await?;
    let user = people::disable(&wired.app, &person.username).await?;
    tell("user-disabled", &user);
    Ok(format!("{} is disabled, and all sessions have ended", user.username.as_str()))
}

/// Opens an account again, and says so.
pub(super) async fn enable(config: &Config, person: Person) -> Result<String, PeopleError> {
    let wired = wire_existing(config).await?;
    let user = people::enable(&wired.app, &person.username).await?;
    tell("user-enabled", &user);
    Ok(format!("{} is enabled", user.username.as_str()))
}

/// Sets a password, and says so.
pub(super) async fn set_password(config: &Config, person: Person) -> Result<String, PeopleError> {
    let new = password()?;
    let wired = wire_existing(config).await?;
    let user = people::set_password(&wired.app, &person.username, new).await?;
    tell("password-set", &user);
    Ok(format!("{} has a new password, and all sessions have ended", user.username.as_str()))
}

/// All operators, one a line.
pub(super) async fn list_operators(config: &Config) -> Result<String, PeopleError> {
    let wired = wire_existing(config).await?;
    let all = people::list_operators(&wired.app).await.map_err(PeopleError::Unread)?;
    Ok(table(&all))
}

fn table(all: &[User]) -> String {
    let since = |user: &User| crate::http::view::time(user.created_at);
    let line = |user: &User| {
        let state = if user.disabled { "disabled" } else { "enabled" };
        format!("{:<32}  {}  {:<8}  {}", user.username.as_str(), since(user), state, user.email.as_str())
    };
    let head = format!("{:<32}  {:<24}  {:<8}  {}", "USERNAME", "SINCE", "STATE", "EMAIL");
    std::iter::once(head).chain(all.iter().map(line)).collect::<Vec<_>>().join("\n")
}
