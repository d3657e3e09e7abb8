//! The commands that change accounts, while a server runs on the same database.
//!
//! They work through the database: every instance reads what changed within a second, also one that misses
//! the broadcast.

use application::{
    auth::{
        self, issue_password_reset,
        user_admin::{self, UserAdminError},
    },
    mailing::TOKEN_MARK,
};
use clap::{Args, ValueEnum};
use domain::{Role, User};

use super::password::{PasswordError, read_password};
use crate::{
    config::{Config, Database},
    log,
    terminal::print_error,
    wiring::{self, StartError, Wiring},
};

/// The account that a command changes.
#[derive(Debug, Args)]
pub(super) struct AccountCommand {
    /// The user name, or the e-mail address
    #[arg(long)]
    username: String,
}

/// The account, and its new role.
#[derive(Debug, Args)]
pub(super) struct RoleCommand {
    #[command(flatten)]
    account: AccountCommand,
    /// What the user may do from now on
    #[arg(long, ignore_case = true)]
    role: RoleName,
}

/// The roles as they are written on the command line.
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
pub(super) enum AccountCommandError {
    /// The new password cannot be read, or breaks a rule.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A setting is wrong, or the database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no database: the file is missing or empty.
    #[error("there is no database at {0}: `api serve`, `api migrate` and `api create-operator` make one")]
    NoDatabase(Database),
    /// There is no such user.
    #[error("there is no user with this name or e-mail address")]
    NotFound,
    /// The database is unavailable, or the machine is too busy to hash.
    #[error("nothing was changed")]
    Failed(#[source] UserAdminError),
    /// The database does not answer, so there is no list.
    #[error("the operators cannot be read")]
    ListOperators(#[source] ports::PortError),
}

impl From<UserAdminError> for AccountCommandError {
    fn from(error: UserAdminError) -> Self {
        match error {
            UserAdminError::NotFound => Self::NotFound,
            UserAdminError::Busy(_) | UserAdminError::Failed(_) => Self::Failed(error),
        }
    }
}

/// Puts the service together around a database that is there: none is made for the sake of a command that changes or
/// shows what there is.
async fn wire_existing(config: &Config) -> Result<Wiring, AccountCommandError> {
    if !config.database.exists() {
        return Err(AccountCommandError::NoDatabase(config.database.clone()));
    }
    Ok(wiring::wire_adapters(config).await?)
}

/// Prints the security event of a command on standard error, in the form of the service's security log. A command that
/// changed nothing prints that as well.
fn print_security_event(event: &str, user: &User) {
    print_error(log::security_line(event, &user.id));
}

/// Sets the role of a user and returns the line to print.
pub(super) async fn set_role(
    config: &Config,
    RoleCommand { account: person, role }: RoleCommand,
) -> Result<String, AccountCommandError> {
    let wired = wire_existing(config).await?;
    let user = user_admin::set_role(&wired.app, &person.username, role.into()).await?;
    print_security_event("role-set", &user);
    Ok(format!("{} is {}", user.username.as_str(), user.role.as_str()))
}

/// Disables an account, ends its sessions and returns the line to print.
pub(super) async fn disable_user(
    config: &Config,
    person: AccountCommand,
) -> Result<String, AccountCommandError> {
    let wired = wire_existing(config).await?;
    let user = user_admin::disable_user(&wired.app, &person.username).await?;
    print_security_event("user-disabled", &user);
    Ok(format!("{} is disabled, and all sessions have ended", user.username.as_str()))
}

/// Enables a disabled account and returns the line to print.
pub(super) async fn enable_user(
    config: &Config,
    person: AccountCommand,
) -> Result<String, AccountCommandError> {
    let wired = wire_existing(config).await?;
    let user = user_admin::enable_user(&wired.app, &person.username).await?;
    print_security_event("user-enabled", &user);
    Ok(format!("{} is enabled", user.username.as_str()))
}

/// Sets a password, ends the user's sessions and returns the line to print.
pub(super) async fn set_password(
    config: &Config,
    person: AccountCommand,
) -> Result<String, AccountCommandError> {
    // First, so that a password which breaks a rule is reported without a database.
    let new = read_password()?;
    let wired = wire_existing(config).await?;
    let user = user_admin::set_password(&wired.app, &person.username, new).await?;
    print_security_event("password-set", &user);
    Ok(format!("{} has a new password, and all sessions have ended", user.username.as_str()))
}

/// Ends all locks of an account's login and returns the line to print.
pub(super) async fn unlock_user(
    config: &Config,
    person: AccountCommand,
) -> Result<String, AccountCommandError> {
    let wired = wire_existing(config).await?;
    let user = user_admin::unlock_user(&wired.app, &person.username).await?;
    print_security_event("user-unlocked", &user);
    Ok(format!("{} can log in again", user.username.as_str()))
}

/// Removes the second factor of an account and returns the line to print.
pub(super) async fn reset_second_factor(
    config: &Config,
    person: AccountCommand,
) -> Result<String, AccountCommandError> {
    let wired = wire_existing(config).await?;
    let user = auth::reset_second_factor(&wired.app, &person.username).await?;
    print_security_event("second-factor-reset", &user);
    Ok(format!("{} has no second factor", user.username.as_str()))
}

/// Makes a token that sets a new password and returns the lines to print. It is shown this once.
pub(super) async fn reset_password(
    config: &Config,
    person: AccountCommand,
) -> Result<String, AccountCommandError> {
    let wired = wire_existing(config).await?;
    let (user, token, expires_at) = issue_password_reset(&wired.app, &person.username).await?;
    print_security_event("password-reset-issued", &user);
    let until = crate::http::view::timestamp_text(expires_at);
    let page = config.mail.password_reset_url.as_deref().map(|it| it.replace(TOKEN_MARK, &token));
    let link = page.map(|it| format!("\n{it}")).unwrap_or_default();
    Ok(format!(
        "{} can set a new password once, until {until}, with this token:\n{token}{link}",
        user.username.as_str()
    ))
}

/// All operators, one per line, under a header.
pub(super) async fn list_operators(config: &Config) -> Result<String, AccountCommandError> {
    let wired = wire_existing(config).await?;
    let all = user_admin::list_operators(&wired.app).await.map_err(AccountCommandError::ListOperators)?;
    Ok(operator_table(&all))
}

fn operator_table(all: &[User]) -> String {
    let since = |user: &User| crate::http::view::timestamp_text(user.created_at);
    let line = |user: &User| {
        let state = if user.disabled { "disabled" } else { "enabled" };
        format!("{:<32}  {}  {:<8}  {}", user.username.as_str(), since(user), state, user.email.as_str())
    };
    let head = format!("{:<32}  {:<24}  {:<8}  {}", "USERNAME", "SINCE", "STATE", "EMAIL");
    std::iter::once(head).chain(all.iter().map(line)).collect::<Vec<_>>().join("\n")
}
