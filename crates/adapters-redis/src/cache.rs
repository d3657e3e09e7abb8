//! Cached entries that all instances share, in Redis.

use std::time::Duration;

use async_trait::async_trait;
use ports::{Cache, CacheEntry, PortError};
use redis::cmd;

use crate::{Redis, duration_ms};

/// Largest value that is stored, in bytes. A larger one only removes the entry before it, which is outdated.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// Prefix of the keys of all entries in Redis.
const PREFIX: &str = "idem:cache:";
/// Number of digits of a version in Redis. The script compares versions as texts, because its numbers are
/// floating-point and do not hold every version; texts of equal length compare like the numbers.
const VERSION_DIGITS: usize = 20;

/// Stores value `ARGV[2]` with version `ARGV[1]` for `ARGV[3]` ms unless a newer version is there. A script,
/// because it has to compare and to write in one step: between two commands another instance could store a
/// newer version.
const PUT: &str = "\
    if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) > ARGV[1] then return 0 end \
    redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3]) \
    return 1";

/// The cache in Redis. An entry is a string: the digits of the version, then the value.
#[derive(Debug, Clone)]
pub struct RedisCache {
    redis: Redis,
}

impl RedisCache {
    /// The cache of this server.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        let key = redis_key(key);
        let kept: Option<Vec<u8>> = self.redis.run_command(&key, cmd("GET").arg(&key)).await?;
        Ok(kept.and_then(parse_entry))
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        if entry.bytes.len() > VALUE_BYTES_MAX {
            return self.remove_entry(key).await;
        }
        // `EVAL` each time, not `EVALSHA`: the script is shorter than a packet, and a restarted Redis has
        // forgotten it.
        let key = redis_key(key);
        let mut put = cmd("EVAL");
        put.arg(PUT).arg(1).arg(&key);
        put.arg(version_digits(entry.version)).arg(entry.bytes).arg(duration_ms(ttl));
        self.redis.run_command(&key, &put).await
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        let key = redis_key(key);
        self.redis.run_command(&key, cmd("DEL").arg(&key)).await
    }
}

fn redis_key(key: &str) -> String {
    format!("{PREFIX}{key}")
}

/// The version as digits, counted from the lowest `i64`: a sign would break the comparison of texts.
fn version_digits(version: i64) -> String {
    let above = i128::from(version) - i128::from(i64::MIN);
    format!("{above:0VERSION_DIGITS$}")
}

/// Parses a stored entry; `None` when this cache has not written it, which counts as a miss.
fn parse_entry(mut kept: Vec<u8>) -> Option<CacheEntry> {
    let digits = std::str::from_utf8(kept.get(..VERSION_DIGITS)?).ok()?;
    let above: i128 = digits.parse().ok()?;
    let version = i64::try_from(above.checked_add(i128::from(i64::MIN))?).ok()?;
    kept.drain(..VERSION_DIGITS);
    Some(CacheEntry { version, bytes: kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_in_redis_as_they_do_here() {
        let versions = [i64::MIN, -10, -9, 0, 9, 10, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, i64::MAX];
        assert!(
            versions.map(version_digits).is_sorted_by(|one, other| one < other && one.len() == other.len())
        );
        for version in versions {
            let entry = CacheEntry { version, bytes: b"bytes".to_vec() };
            assert_eq!(parse_entry(format!("{}bytes", version_digits(version)).into()), Some(entry));
        }
    }

    #[test]
    fn what_was_not_put_here_is_no_copy() {
        for foreign in ["", "short", "not twenty digits at all", "99999999999999999999"] {
            assert_eq!(parse_entry(foreign.into()), None, "{foreign}");
        }
    }
}
