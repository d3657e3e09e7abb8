//! Accounts and their sessions: what clients do with them, and an independent model of what they may get.
//!
//! ```text
//! workload ─► client ─► login, refresh, logout, … of an instance ─► reply ─► book: what must be over, what may be
//!                                                                            judge: is this reply allowed?
//! ```

mod account;
mod book;
mod client;
mod finish;
mod judge;
mod perform;
mod reply;
mod session;
mod workload;

pub(crate) use book::SessionBook;
pub(crate) use finish::finish_sessions;
pub(crate) use workload::make_session_step;
