//! Locks that all instances share, in Redis.
//!
//! A lock is a key with the token of its holder, set only if it is missing and with the lease as its expiry.
//! It saves work and guards nothing: it is lost with the data of Redis, and a holder may outlive its lease.
//! The guards of the database decide.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ports::{LockGuard, LockManager, PortError};
use redis::cmd;
use tokio::{
    runtime::Handle,
    time::{self, Instant},
};
use tokio_util::task::TaskTracker;

use crate::{DURATION_MAX, Redis, duration_ms, slots::slot_of};

/// Prefix of the keys of all locks in Redis.
const PREFIX: &str = "idem:lock:";
/// Prefix of the keys with the last fencing tokens: the locks of a group share one sequence.
const FENCE_PREFIX: &str = "idem:lock-fence:";
/// The number of groups. Groups spread locks over the nodes of a cluster, and there are so few that their sequences need
/// no expiry.
const GROUPS: u16 = 256;
/// Gives the lock to token `ARGV[1]` for `ARGV[2]` ms and returns the fencing token, unless the lock is held.
/// A fencing token is larger than the last one and at least the time in microseconds, so that tokens go on
/// growing after Redis lost its data. Numbers of the script are floating-point, and hold every microsecond
/// until the year 2255.
const GRANT: &str = "\
    if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end \
    local time = redis.call('TIME') \
    local last = tonumber(redis.call('GET', KEYS[2]) or 0) \
    local token = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2])) \
    redis.call('SET', KEYS[2], token) \
    return token";
/// Deletes the lock if token `ARGV[1]` still holds it. A plain `DEL` after the lease would delete the lock of
/// the next holder.
const RELEASE: &str = "\
    if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end \
    return 0";
/// Most releases that run at once. One more is left to the end of the lease, so that an outage of Redis does
/// not pile up tasks.
const RELEASING_MAX: usize = 1_024;
/// Most attempts to release a lock; then its lease ends it.
const RELEASES_MAX: u32 = 3;
/// Pause before the next attempt to release: a little longer than the 500 ms in which calls to a server that
/// failed are refused.
const RELEASE_PAUSE: Duration = Duration::from_millis(600);
/// First pause between two attempts of a request that waits. Each pause is twice the one before, up to the
/// last.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// Longest of these pauses, and so the longest time that a free lock stays unused.
const LAST_PAUSE: Duration = Duration::from_millis(40);

/// Locks in Redis. Each is a string with the token of its holder that expires with the lease.
#[derive(Clone)]
pub struct RedisLocks {
    redis: Redis,
    tokens: Arc<TokenGenerator>,
    releases: TaskTracker,
}

impl RedisLocks {
    /// The locks of this server.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis, tokens: Arc::default(), releases: TaskTracker::new() }
    }

    /// Waits until every lock that was dropped is released, or left to its lease. To be called once no more
    /// locks are requested.
    pub async fn wait_for_releases(&self) {
        self.releases.close();
        self.releases.wait().await;
    }

    fn new_request(&self, name: &str) -> LockRequest {
        let tag = group_tag(name);
        LockRequest {
            redis: self.redis.clone(),
            key: format!("{PREFIX}{tag}:{name}"),
            fence: format!("{FENCE_PREFIX}{tag}"),
            token: self.tokens.next(),
            grant: GrantState::None,
            releases: self.releases.clone(),
            runtime: Handle::current(),
        }
    }
}

#[async_trait]
impl LockManager for RedisLocks {
    async fn acquire_lock(
        &self,
        name: &str,
        lease: Duration,
        wait: Duration,
    ) -> Result<Option<LockGuard>, PortError> {
        let deadline = now() + wait.min(DURATION_MAX);
        let mut claim = self.new_request(name);
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(fencing_token) = claim.try_acquire(lease).await? {
                return Ok(Some(LockGuard::new(fencing_token, move || drop(claim))));
            }
            // Polling, because Redis has no queue of waiters that survives a holder which dies. The order of
            // requests is not kept.
            let now = now();
            if deadline <= now {
                return Ok(None);
            }
            time::sleep_until(deadline.min(now + self.tokens.jitter_pause(pause))).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }
}

/// The part of the keys of a lock by which a cluster keeps them together. It comes before the name, whose own braces then
/// do not count, and is the same in every instance.
fn group_tag(name: &str) -> String {
    format!("{{lock-{}}}", slot_of(name) % GROUPS)
}

/// Makes tokens that no other request has, in this process or another.
struct TokenGenerator {
    random: RandomState,
    counter: AtomicU64,
}

impl Default for TokenGenerator {
    fn default() -> Self {
        Self { random: RandomState::new(), counter: AtomicU64::new(0) }
    }
}

impl TokenGenerator {
    /// The next token: random for the process, counted within it.
    fn next(&self) -> String {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number}", self.random.hash_one("token"))
    }

    /// A random time from half of `pause` to all of it, so that requests which wait do not ask in step.
    fn jitter_pause(&self, pause: Duration) -> Duration {
        let random = self.random.hash_one(self.counter.fetch_add(1, Ordering::Relaxed));
        let half = pause / 2;
        half.saturating_add(half.mul_f64(f64::from(u8::try_from(random & 0xff).unwrap_or(0)) / 255.0))
    }
}

/// A request for a lock, and the lock itself once it is granted; dropping it releases.
struct LockRequest {
    redis: Redis,
    key: String,
    fence: String,
    token: String,
    grant: GrantState,
    releases: TaskTracker,
    runtime: Handle,
}

/// Whether Redis has granted the lock to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum GrantState {
    None,
    /// Redis was asked and has not answered; it may still carry the command out.
    Unknown,
    Granted,
}

impl LockRequest {
    /// Asks for the lock once; the fencing token if it is granted.
    async fn try_acquire(&mut self, lease: Duration) -> Result<Option<u64>, PortError> {
        // Before the command: if the caller goes away or the answer is lost, the lock may be granted all the
        // same, and `drop` has to release it.
        self.grant = GrantState::Unknown;
        let mut grant = cmd("EVAL");
        grant.arg(GRANT).arg(2).arg(&self.key).arg(&self.fence).arg(&self.token).arg(duration_ms(lease));
        let granted: Option<u64> = self.redis.run_command(&self.key, &grant).await?;
        self.grant = if granted.is_some() { GrantState::Granted } else { GrantState::None };
        Ok(granted)
    }
}

impl Drop for LockRequest {
    /// Releases the lock in a task, also when the caller went away before the answer came.
    fn drop(&mut self) {
        let grant = self.grant;
        if grant == GrantState::None || self.releases.len() >= RELEASING_MAX {
            return;
        }
        let redis = self.redis.clone();
        let mut release = cmd("EVAL");
        let key = self.key.clone();
        release.arg(RELEASE).arg(1).arg(&key).arg(&self.token);
        let release = async move {
            for _ in 0..RELEASES_MAX {
                let released: Result<u32, _> = redis.run_command(&key, &release).await;
                // Zero deleted after an unknown grant may mean that the grant is still on its way, on another
                // connection: so the release is repeated.
                if released.is_ok_and(|count| count > 0 || grant == GrantState::Granted) {
                    return;
                }
                time::sleep(RELEASE_PAUSE).await;
            }
        };
        // If the runtime has ended, the task is dropped and the lease ends the lock.
        drop(self.releases.spawn_on(release, &self.runtime));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a wait is a length of time: it does not follow the clock on the wall"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tokens_are_the_same() {
        let (one, other) = (TokenGenerator::default(), TokenGenerator::default());
        assert_ne!(one.next(), one.next());
        assert_ne!(one.next(), other.next());
    }

    #[test]
    fn the_keys_of_a_lock_are_together_and_locks_are_spread() {
        for name in ["order:1", "{a}", "}{", "product:{7}"] {
            let tag = group_tag(name);
            let (lock, fence) = (format!("{PREFIX}{tag}:{name}"), format!("{FENCE_PREFIX}{tag}"));
            assert_eq!(slot_of(&lock), slot_of(&fence), "{name}");
        }
        let tags = (0..1_000).map(|number| group_tag(&format!("order:{number}")));
        let slots: std::collections::BTreeSet<_> = tags.map(|it| slot_of(&it)).collect();
        assert!(slots.len() > 200, "{}", slots.len());
    }

    #[test]
    fn a_pause_is_shortened_by_at_most_half() {
        let tokens = TokenGenerator::default();
        let pauses: Vec<_> = (0..1_000).map(|_| tokens.jitter_pause(LAST_PAUSE)).collect();
        assert!(pauses.iter().all(|it| (LAST_PAUSE / 2..=LAST_PAUSE).contains(it)));
        assert!(pauses.iter().any(|it| *it != LAST_PAUSE));
    }
}
