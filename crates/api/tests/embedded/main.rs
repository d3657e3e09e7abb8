//! The contract on the embedded stack: SQLite, and everything else in the process.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly: that is what it is for"
)]

mod bare;
mod connections;
mod disk;
mod folder;
#[path = "../http/mod.rs"]
mod http;
mod logging;
mod stack;

use http::harness;
