//! The contract on the stack of servers: MariaDB as the record, Redis and memcached in front of it. And what happens
//! when they are killed, hang or are emptied.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly: that is what it is for"
)]

mod caches;
mod everyday;
mod express;
#[path = "../http/mod.rs"]
mod http;
mod limits;
mod record;
mod sessions;
mod stack;
mod storm;
mod trouble;

use http::harness;
