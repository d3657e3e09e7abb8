//! The optional servers, Redis and memcached, and what is built on them.

use std::sync::Arc;

use adapters_crypto::Sha256Digests;
use adapters_local::{LocalBroadcast, LocalCache, LocalLocks, LocalThrottle};
use adapters_memcached::{Memcached, MemcachedCache};
use adapters_redis::{Redis, RedisBroadcast, RedisCache, RedisLocks, RedisThrottle};
use application::{
    caching::{ScopedCache, TieredCache, cache_shape},
    shared_throttle::SharedThrottle,
};
use ports::{Broadcast, Cache, Clock, Digests, HealthCheck, LockManager, SharedCounters, Throttle};
use secrecy::ExposeSecret;

use super::CACHE_BYTES_MAX;
use crate::{
    config::{Config, ConfigError, Database},
    service::Dependency,
};

/// The broadcast channel on which instances announce that sessions ended.
const SESSIONS_ENDED_CHANNEL: &str = "sessions-ended";
/// Length of the digest that names the database in the keys of cached entries, in characters.
const SCOPE_CHARS: usize = 16;

/// The optional servers, which only make the service faster.
pub(super) struct Servers {
    redis: Option<Redis>,
    memcached: Option<Memcached>,
}

impl Servers {
    pub(super) fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let redis = config.redis_url.as_ref().map(|it| Redis::new(it.expose_secret())).transpose();
        let redis = redis.map_err(|rule| ConfigError::invalid("redis_url", rule));
        let memcached = config.memcached_url.as_deref().map(Memcached::new).transpose();
        let memcached = memcached.map_err(|rule| ConfigError::invalid("memcached_url", rule));
        let faults = redis.as_ref().err().into_iter().chain(memcached.as_ref().err());
        ConfigError::combine_faults(faults.cloned())?;
        Ok(Self { redis: redis?, memcached: memcached? })
    }

    /// The cache: this process, in front of memcached, in front of Redis, as far as there are such servers.
    pub(super) fn build_cache(&self, database: &Database) -> Arc<dyn Cache> {
        let memcached =
            self.memcached.clone().map(|it| -> Arc<dyn Cache> { Arc::new(MemcachedCache::new(it)) });
        let redis = self.redis.clone().map(|it| -> Arc<dyn Cache> { Arc::new(RedisCache::new(it)) });
        let in_front_of = |far, near| -> Arc<dyn Cache> { Arc::new(TieredCache::new(near, far)) };
        let shared = [memcached, redis].into_iter().flatten().rev().reduce(in_front_of);
        let process: Arc<dyn Cache> = Arc::new(LocalCache::new(CACHE_BYTES_MAX));
        let all = shared.into_iter().fold(process, |near, far| in_front_of(far, near));
        Arc::new(ScopedCache::new(all, &cache_scope(database)))
    }

    pub(super) fn build_locks(&self) -> Arc<dyn LockManager> {
        match &self.redis {
            Some(redis) => Arc::new(RedisLocks::new(redis.clone())),
            None => Arc::new(LocalLocks::default()),
        }
    }

    pub(super) fn build_throttle(&self, clock: &Arc<dyn Clock>) -> Arc<dyn Throttle> {
        let own = Arc::new(LocalThrottle::new(clock.clone()));
        match &self.redis {
            Some(redis) => Arc::new(SharedThrottle::new(Arc::new(RedisThrottle::new(redis.clone())), own)),
            None => own,
        }
    }

    /// The counters that instances share; `None` without a server that they share.
    pub(super) fn build_counters(&self) -> Option<Arc<dyn SharedCounters>> {
        self.redis.clone().map(|it| -> Arc<dyn SharedCounters> { Arc::new(RedisThrottle::new(it)) })
    }

    pub(super) fn build_broadcast(&self) -> Arc<dyn Broadcast> {
        match &self.redis {
            Some(redis) => Arc::new(RedisBroadcast::new(redis.clone(), SESSIONS_ENDED_CHANNEL)),
            None => Arc::new(LocalBroadcast::default()),
        }
    }

    pub(super) fn into_dependencies(self) -> impl Iterator<Item = Dependency> {
        let redis = self.redis.map(|it| optional_dependency("redis", it));
        let memcached = self.memcached.map(|it| optional_dependency("memcached", it));
        redis.into_iter().chain(memcached)
    }
}

/// The prefix of all cache keys: a digest of the database's name, which does not depend on the login or on the server
/// that is in use; and of the shape of entries, so that no entry of another version is ever read.
pub(super) fn cache_scope(database: &Database) -> String {
    let digest = Sha256Digests.sha256_hex(format!("{}\n{}", database.name(), cache_shape()).as_bytes());
    digest.chars().take(SCOPE_CHARS).collect()
}

fn optional_dependency(name: &'static str, server: impl HealthCheck + 'static) -> Dependency {
    Dependency { name, required: false, health: Arc::new(server) }
}
