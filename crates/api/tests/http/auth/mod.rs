//! Accounts, logins and sessions.

mod accounts;
mod guessing;
mod own_account;
mod passwords;
mod resets;
mod roles;
mod security;
mod sessions;
