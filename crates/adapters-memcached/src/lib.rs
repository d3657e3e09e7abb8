//! A cache that all instances share: memcached, from version 1.6, whose meta commands are used.
//!
//! It makes the service faster and decides nothing: it may be unavailable, hang or lose its data at any time.
//! A call that it does not answer ends within a fixed limit, and while it is known to be unavailable calls
//! fail at once.

mod address;
mod cache;
mod key;
mod memcached;
mod server;

pub use address::InvalidUrl;
pub use cache::{MemcachedCache, TTL_MAX, VALUE_BYTES_MAX};
pub use memcached::Memcached;
