//! Accounts, logins, sessions, and the passwords and tokens that they rest on.

mod account;
pub mod accounts;
mod hash_cost;
mod login;
mod login_attempts;
mod password;
pub mod revocations;
mod session;
pub mod user_admin;

pub use account::{NewAccount, RegisterError, create_operator, register_account};
pub use hash_cost::load_highest_hash_cost;
pub use login::{LoginError, LoginRequest, login};
pub use password::{PasswordChange, PasswordError, change_password};
pub use revocations::Revocations;
pub use session::{
    RefreshError, RevokeError, TokenPair, authenticate, list_sessions, logout, refresh_session,
    revoke_session,
};
