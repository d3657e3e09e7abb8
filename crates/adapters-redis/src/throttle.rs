//! Counters of attempts that all instances share, in Redis.

use std::time::Duration;

use async_trait::async_trait;
use ports::{Attempts, CountDelta, PortError, SharedCounters, Throttle};
use redis::{Cmd, cmd};

use crate::{Redis, duration_ms};

/// Prefix of the keys of all counters in Redis. By the braces a cluster keeps them together, because one script adds to
/// many of them.
const PREFIX: &str = "idem:{throttle}:";

/// Counts one attempt, and returns the count and the ms that are left of the window. The first attempt starts
/// a window of `ARGV[1]` ms. It is a script so that no counter is ever left without an expiry: with two
/// commands, a process that dies between them would leave a name locked forever. `left < 0` is the first
/// attempt, and also repairs a counter without an expiry.
const HIT: &str = "\
    local count = redis.call('INCR', KEYS[1]) \
    local left = redis.call('PTTL', KEYS[1]) \
    if left < 0 then \
        redis.call('PEXPIRE', KEYS[1], ARGV[1]) \
        left = tonumber(ARGV[1]) \
    end \
    return {count, left}";

/// Returns the count and the ms that are left; a script, so that both belong to the same window.
const COUNT: &str = "\
    local count = redis.call('GET', KEYS[1]) \
    if not count then return {0, 0} end \
    return {tonumber(count), redis.call('PTTL', KEYS[1])}";

/// Adds `ARGV[i + 1]` to each counter `KEYS[i]`, and returns for each the count and the ms that are left of its window of
/// `ARGV[1]` ms.
const ADD: &str = "\
    local totals = {} \
    for i, key in ipairs(KEYS) do \
        local count = redis.call('INCRBY', key, ARGV[i + 1]) \
        local left = redis.call('PTTL', key) \
        if left < 0 then \
            redis.call('PEXPIRE', key, ARGV[1]) \
            left = tonumber(ARGV[1]) \
        end \
        totals[i] = {count, left} \
    end \
    return totals";

/// Counts attempts in Redis: each name is a number that expires with its window.
#[derive(Debug, Clone)]
pub struct RedisThrottle {
    redis: Redis,
}

impl RedisThrottle {
    /// The counters of this server.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }

    async fn query_attempts(&self, script: &Cmd) -> Result<Attempts, PortError> {
        Ok(read_counter(self.redis.run_command(PREFIX, script).await?))
    }
}

/// A count and the ms that are left of its window. They are signed, because Redis answers -1 and -2 for a key without an
/// expiry and for a missing key.
fn read_counter((count, left_ms): (i64, i64)) -> Attempts {
    let resets_in = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
    Attempts { count: u32::try_from(count.max(0)).unwrap_or(u32::MAX), resets_in }
}

fn script_command(text: &str, name: &str) -> Cmd {
    let mut script = cmd("EVAL");
    script.arg(text).arg(1).arg(format!("{PREFIX}{name}"));
    script
}

#[async_trait]
impl Throttle for RedisThrottle {
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        self.query_attempts(script_command(HIT, name).arg(duration_ms(window))).await
    }

    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError> {
        self.query_attempts(&script_command(COUNT, name)).await
    }

    async fn reset_attempts(&self, name: &str) -> Result<(), PortError> {
        self.redis.run_command(PREFIX, cmd("DEL").arg(format!("{PREFIX}{name}"))).await
    }
}

#[async_trait]
impl SharedCounters for RedisThrottle {
    async fn add_counts(&self, deltas: &[CountDelta], window: Duration) -> Result<Vec<Attempts>, PortError> {
        if deltas.is_empty() {
            return Ok(Vec::new());
        }
        let mut script = cmd("EVAL");
        script.arg(ADD).arg(deltas.len());
        for it in deltas {
            script.arg(format!("{PREFIX}{}", it.name));
        }
        script.arg(duration_ms(window));
        for it in deltas {
            script.arg(it.by);
        }
        let totals: Vec<(i64, i64)> = self.redis.run_command(PREFIX, &script).await?;
        Ok(totals.into_iter().map(read_counter).collect())
    }
}
