//! The optional servers, Redis and memcached, and what is built on them.

use std::{sync::Arc, time::Duration};

use adapters_crypto::Sha256Digests;
use adapters_local::{LocalBroadcast, LocalCache, LocalLocks, LocalThrottle};
use adapters_memcached::{Memcached, MemcachedCache};
use adapters_redis::{
    DEFAULT_TIMEOUT, InvalidUrl, Redis, RedisAddress, RedisBroadcast, RedisCache, RedisLocks, RedisThrottle,
};
use application::{
    caching::{ScopedCache, TieredCache, cache_shape},
    shared_throttle::SharedThrottle,
};
use ports::{Broadcast, Cache, Clock, Digests, HealthCheck, LockManager, Metrics, SharedCounters, Throttle};
use secrecy::ExposeSecret;

use super::ORDER_CACHE_BYTES_MAX;
use crate::{
    config::{Config, ConfigError, Database},
    service::Dependency,
};

/// The broadcast channel on which instances announce that sessions ended.
const SESSIONS_ENDED_CHANNEL: &str = "sessions-ended";
/// How long a start waits for Redis to say what it is. A Redis that is unavailable is no reason not to start.
const KIND_TIMEOUT: Duration = Duration::from_secs(2);
/// Length of the digest that names the database in the keys of cached entries, in characters.
const SCOPE_CHARS: usize = 16;

/// The optional servers, which only make the service faster.
pub(super) struct Servers {
    redis: Option<Redis>,
    memcached: Option<Memcached>,
}

impl Servers {
    pub(super) fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let redis = open_redis(config);
        let memcached = config.memcached_url.as_deref().map(Memcached::new).transpose();
        let memcached = memcached.map_err(|rule| ConfigError::invalid("memcached_url", rule));
        let faults = redis.as_ref().err().into_iter().chain(memcached.as_ref().err());
        ConfigError::combine_faults(faults.cloned())?;
        Ok(Self { redis: redis?, memcached: memcached? })
    }

    /// Counts what Redis does not carry out.
    pub(super) fn with_metrics(self, metrics: &Arc<dyn Metrics>) -> Self {
        Self { redis: self.redis.map(|it| it.with_metrics(metrics.clone())), ..self }
    }

    /// Whether Redis is what its URL says, if it can be reached. A cluster behind the URL of a single server would refuse
    /// most calls forever, and nothing would stop.
    pub(super) async fn check_kinds(self) -> Result<Self, ConfigError> {
        if let Some(redis) = &self.redis {
            let checked = redis.check_kind(KIND_TIMEOUT).await;
            checked.map_err(|wrong| ConfigError::invalid("redis_url", wrong))?;
        }
        Ok(self)
    }

    /// The cache: this process, in front of memcached, in front of Redis, as far as there are such servers.
    pub(super) fn build_cache(&self, database: &Database) -> Arc<dyn Cache> {
        let memcached =
            self.memcached.clone().map(|it| -> Arc<dyn Cache> { Arc::new(MemcachedCache::new(it)) });
        let redis = self.redis.clone().map(|it| -> Arc<dyn Cache> { Arc::new(RedisCache::new(it)) });
        let in_front_of = |far, near| -> Arc<dyn Cache> { Arc::new(TieredCache::new(near, far)) };
        let shared = [memcached, redis].into_iter().flatten().rev().reduce(in_front_of);
        let process: Arc<dyn Cache> = Arc::new(LocalCache::new(ORDER_CACHE_BYTES_MAX));
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

/// The Redis of the configuration; it is not connected to.
fn open_redis(config: &Config) -> Result<Option<Redis>, ConfigError> {
    let authorities = config.redis_ca_file.as_ref().map(std::fs::read).transpose();
    let authorities = authorities.map_err(|error| {
        ConfigError::invalid("redis_ca_file", format!("cannot be read: {}", error.kind()))
    })?;
    let Some(url) = &config.redis_url else {
        return match authorities {
            Some(_) => Err(ConfigError::invalid("redis_ca_file", "needs redis_url")),
            None => Ok(None),
        };
    };
    match RedisAddress::parse(url.expose_secret(), authorities.as_deref()) {
        Ok(address) => Ok(Some(Redis::from_address(address, DEFAULT_TIMEOUT))),
        Err(rule @ InvalidUrl::Form) => Err(ConfigError::invalid("redis_url", rule)),
        Err(rule @ InvalidUrl::Certificates) => Err(ConfigError::invalid("redis_ca_file", rule)),
    }
}

fn optional_dependency(name: &'static str, server: impl HealthCheck + 'static) -> Dependency {
    Dependency { name, required: false, health: Arc::new(server) }
}
