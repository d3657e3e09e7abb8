//! What the ports promise, of every adapter in this crate.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use adapters_redis::{Redis, RedisBroadcast, RedisCache, RedisLocks, RedisThrottle};
use ports::{Broadcast, Cache, LockManager, SharedCounters, Throttle};

/// More than on a machine with other work, so that what is tested is the answer and not its time.
const TIMEOUT: Duration = Duration::from_secs(10);

fn redis() -> Redis {
    let server = test_servers::Redis::shared().unwrap();
    Redis::with_timeout(&server.empty_url(), TIMEOUT).unwrap()
}

async fn a_broadcast() -> Arc<dyn Broadcast> {
    // Channels are not of a database: each test has one of its own.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("number-{}", NUMBER.fetch_add(1, Ordering::SeqCst));
    Arc::new(RedisBroadcast::new(redis(), &name))
}

async fn a_cache() -> Arc<dyn Cache> {
    Arc::new(RedisCache::new(redis()))
}

async fn some_locks() -> Arc<dyn LockManager> {
    Arc::new(RedisLocks::new(redis()))
}

async fn a_throttle() -> Arc<dyn Throttle> {
    Arc::new(RedisThrottle::new(redis()))
}

async fn some_counters() -> Arc<dyn SharedCounters> {
    Arc::new(RedisThrottle::new(redis()))
}

port_contracts::broadcast!(a_broadcast);
port_contracts::cache!(a_cache);
port_contracts::counters!(some_counters);
port_contracts::locks!(some_locks);
port_contracts::throttle!(a_throttle);
