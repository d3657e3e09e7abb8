//! Accounts, logins and sessions.

mod account;
mod cost;
mod guesses;
mod login;
mod password;
pub mod people;
pub mod revocations;
mod session;

pub use account::{NewAccount, RegisterError, create_operator, register};
pub use cost::learn_hash_cost;
pub use login::{Login, LoginError, login};
pub use password::{ChangePassword, PasswordError, change_password};
pub use revocations::Revocations;
pub use session::{
    Pair, RefreshError, RevokeError, authenticate, list_sessions, logout, refresh, revoke_session,
};
