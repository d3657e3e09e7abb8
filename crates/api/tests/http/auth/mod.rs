//! Accounts, logins and sessions.

mod accounts;
mod guessing;
mod passwords;
mod roles;
mod security;
mod sessions;
