//! The adapter of WeChat Pay against a double of its API, and against vectors of libraries that are not ours.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly: that is what it is for"
)]

mod bench;
mod calls;
mod double;
mod errors;
#[path = "../http/mod.rs"]
mod http;
mod keys;
mod notices;
mod suite;
mod vectors;
