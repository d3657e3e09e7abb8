//! What the port promises.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::{sync::Arc, time::Duration};

use adapters_memcached::{Memcached, MemcachedCache};
use ports::Cache;

/// More than on a machine with other work, so that what is tested is the answer and not its time.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An empty server each, for a server is all that keeps caches apart. It lives until this process ends.
async fn a_cache() -> Arc<dyn Cache> {
    let server = Box::leak(Box::new(test_servers::Memcached::start().unwrap()));
    Arc::new(MemcachedCache::new(Memcached::with_timeout(&server.url(), TIMEOUT).unwrap()))
}

port_contracts::cache!(a_cache);
