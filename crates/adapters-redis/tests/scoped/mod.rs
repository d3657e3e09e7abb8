//! Ports whose names have a prefix, so that tests can share servers that have only one database.

use std::time::Duration;

use adapters_redis::{RedisCache, RedisLocks, RedisThrottle};
use async_trait::async_trait;
use ports::{
    Attempts, Cache, CacheEntry, CountDelta, LockGuard, LockManager, PortError, SharedCounters, Throttle,
};

/// A port, and what its names begin with.
pub(crate) struct Scoped<T>(pub(crate) T, pub(crate) String);

impl<T> Scoped<T> {
    fn name(&self, name: &str) -> String {
        format!("{}:{name}", self.1)
    }
}

#[async_trait]
impl LockManager for Scoped<RedisLocks> {
    async fn acquire_lock(
        &self,
        name: &str,
        lease: Duration,
        wait: Duration,
    ) -> Result<Option<LockGuard>, PortError> {
        self.0.acquire_lock(&self.name(name), lease, wait).await
    }
}

#[async_trait]
impl Cache for Scoped<RedisCache> {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        self.0.get_entry(&self.name(key)).await
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        self.0.put_entry(&self.name(key), entry, ttl).await
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        self.0.remove_entry(&self.name(key)).await
    }
}

#[async_trait]
impl Throttle for Scoped<RedisThrottle> {
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        self.0.count_attempt(&self.name(name), window).await
    }

    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError> {
        self.0.read_attempts(&self.name(name)).await
    }

    async fn reset_attempts(&self, name: &str) -> Result<(), PortError> {
        self.0.reset_attempts(&self.name(name)).await
    }
}

#[async_trait]
impl SharedCounters for Scoped<RedisThrottle> {
    async fn add_counts(&self, deltas: &[CountDelta], window: Duration) -> Result<Vec<Attempts>, PortError> {
        let deltas: Vec<_> =
            deltas.iter().map(|it| CountDelta { name: self.name(&it.name), by: it.by }).collect();
        self.0.add_counts(&deltas, window).await
    }
}

/// Makes the tests of every port of this crate; `$redis` gives a Redis, which tests may share.
#[macro_export]
macro_rules! every_contract {
    ($redis:ident) => {
        fn scope() -> String {
            static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            format!("number-{}", NUMBER.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
        }

        async fn a_broadcast() -> Arc<dyn ports::Broadcast> {
            Arc::new(adapters_redis::RedisBroadcast::new($redis(), &scope()))
        }

        async fn a_cache() -> Arc<dyn ports::Cache> {
            Arc::new(scoped::Scoped(adapters_redis::RedisCache::new($redis()), scope()))
        }

        async fn some_locks() -> Arc<dyn ports::LockManager> {
            Arc::new(scoped::Scoped(adapters_redis::RedisLocks::new($redis()), scope()))
        }

        async fn a_throttle() -> Arc<dyn ports::Throttle> {
            Arc::new(scoped::Scoped(adapters_redis::RedisThrottle::new($redis()), scope()))
        }

        async fn some_counters() -> Arc<dyn ports::SharedCounters> {
            Arc::new(scoped::Scoped(adapters_redis::RedisThrottle::new($redis()), scope()))
        }

        port_contracts::broadcast!(a_broadcast);
        port_contracts::cache!(a_cache);
        port_contracts::counters!(some_counters);
        port_contracts::locks!(some_locks);
        port_contracts::throttle!(a_throttle);
    };
}
