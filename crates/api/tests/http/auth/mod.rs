//! Accounts, logins and sessions.

mod accounts;
mod guessing;
mod own_account;
mod passwords;
mod resets;
mod roles;
mod second_factor;
mod security;
mod sessions;
mod verification;
