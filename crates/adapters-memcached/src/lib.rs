//! A cache that all instances share: memcached, from version 1.6, whose meta commands are used.
//!
//! It makes things fast, it decides nothing: it may be away, hung or emptied at any moment. A call that it does not
//! answer ends within a named limit, and while it is known to be away calls fail at once.

mod cache;
mod key;
mod memcached;

pub use cache::{MemcachedCache, TTL_MAX, VALUE_BYTES_MAX};
pub use memcached::{InvalidUrl, Memcached};
