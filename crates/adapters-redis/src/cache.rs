//! Copies that all instances share.

use std::time::Duration;

use async_trait::async_trait;
use ports::{Cache, CacheEntry, PortError};
use redis::{Cmd, cmd};

use crate::{Redis, duration_ms};

/// Largest copy that is kept, in bytes; a larger one only takes the place of what was there.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// What stands before the key in Redis.
const PREFIX: &str = "idem:cache:";
/// How many digits a version has in Redis. Digits, because its numbers are floating ones and do not hold every version;
/// always as many, because then texts compare as the numbers do, in whatever language it was started.
const VERSION_DIGITS: usize = 20;

/// Keeps `ARGV[2]` of version `ARGV[1]` for `ARGV[3]` ms unless a newer version is there.
const PUT: &str = "\
    if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) > ARGV[1] then return 0 end \
    redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3]) \
    return 1";

/// Copies in Redis, each a string: the version, then the bytes.
#[derive(Debug, Clone)]
pub struct RedisCache {
    redis: Redis,
}

impl RedisCache {
    /// The copies of that server.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        let kept: Option<Vec<u8>> = self.redis.run_command(&key_command("GET", key)).await?;
        Ok(kept.and_then(parse_entry))
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        if entry.bytes.len() > VALUE_BYTES_MAX {
            return self.remove_entry(key).await;
        }
        let mut put = cmd("EVAL");
        put.arg(PUT).arg(1).arg(format!("{PREFIX}{key}"));
        put.arg(version_digits(entry.version)).arg(entry.bytes).arg(duration_ms(ttl));
        self.redis.run_command(&put).await
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        self.redis.run_command(&key_command("DEL", key)).await
    }
}

fn key_command(command: &str, key: &str) -> Cmd {
    let mut command = cmd(command);
    command.arg(format!("{PREFIX}{key}"));
    command
}

/// How far above the lowest version, so that there is no sign.
fn version_digits(version: i64) -> String {
    let above = i128::from(version) - i128::from(i64::MIN);
    format!("{above:0VERSION_DIGITS$}")
}

/// `None` when it is nothing that was put here.
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
