//! Locks that all instances share.

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

use crate::{DURATION_MAX, Redis, duration_ms};

/// What stands before the name in Redis.
const PREFIX: &str = "idem:lock:";
/// Where the last fencing token stands, of whatever name it was.
const FENCE: &str = "idem:lock-fence";
/// Gives a lock to `ARGV[1]` for `ARGV[2]` ms and tells the fencing token, unless somebody has it. Tokens grow from one to
/// the next, and with the time in microseconds, so that they go on growing when Redis was emptied. Its numbers are
/// floating ones, and hold every microsecond for two centuries.
const GRANT: &str = "\
    if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end \
    local time = redis.call('TIME') \
    local last = tonumber(redis.call('GET', KEYS[2]) or 0) \
    local token = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2])) \
    redis.call('SET', KEYS[2], token) \
    return token";
/// Deletes a lock if it is still that of `ARGV[1]`.
const RELEASE: &str = "\
    if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end \
    return 0";
/// How many releases are under way at once; one more is left to the lease.
const RELEASING_MAX: usize = 1_024;
/// How often a release is tried; then the lease ends the lock.
const RELEASES_MAX: u32 = 3;
/// The pause before a release is tried again: a little longer than a server that failed is left alone.
const RELEASE_PAUSE: Duration = Duration::from_millis(600);
/// The first pause between two looks of somebody who waits. Each is longer than the one before, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// The longest of these pauses.
const LAST_PAUSE: Duration = Duration::from_millis(40);

/// Locks in Redis, each a string with the holder's token that expires with the lease.
#[derive(Clone)]
pub struct RedisLocks {
    redis: Redis,
    tokens: Arc<TokenGenerator>,
    releases: TaskTracker,
}

impl RedisLocks {
    /// The locks of that server.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis, tokens: Arc::default(), releases: TaskTracker::new() }
    }

    /// Waits until every lock that was dropped is released, or has been given up. To be called when no more are asked
    /// for.
    pub async fn wait_for_releases(&self) {
        self.releases.close();
        self.releases.wait().await;
    }

    fn new_request(&self, name: &str) -> LockRequest {
        LockRequest {
            redis: self.redis.clone(),
            key: format!("{PREFIX}{name}"),
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
            let now = now();
            if deadline <= now {
                return Ok(None);
            }
            time::sleep_until(deadline.min(now + self.tokens.jitter_pause(pause))).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }
}

/// What nobody else calls himself by.
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
    /// Random for the process, and counted within it.
    fn next(&self) -> String {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number}", self.random.hash_one("token"))
    }

    /// A time between half of `pause` and all of it, so that those who wait do not ask in step.
    fn jitter_pause(&self, pause: Duration) -> Duration {
        let random = self.random.hash_one(self.counter.fetch_add(1, Ordering::Relaxed));
        let half = pause / 2;
        half.saturating_add(half.mul_f64(f64::from(u8::try_from(random & 0xff).unwrap_or(0)) / 255.0))
    }
}

/// Somebody's wish for a lock, and then the lock.
struct LockRequest {
    redis: Redis,
    key: String,
    token: String,
    grant: GrantState,
    releases: TaskTracker,
    runtime: Handle,
}

/// Whether Redis gave a lock to somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
enum GrantState {
    None,
    /// It was asked, and may yet carry that out.
    Unknown,
    Granted,
}

impl LockRequest {
    /// The fencing token, if the lock is ours now.
    async fn try_acquire(&mut self, lease: Duration) -> Result<Option<u64>, PortError> {
        self.grant = GrantState::Unknown;
        let mut grant = cmd("EVAL");
        grant.arg(GRANT).arg(2).arg(&self.key).arg(FENCE).arg(&self.token).arg(duration_ms(lease));
        let granted: Option<u64> = self.redis.run_command(&grant).await?;
        self.grant = if granted.is_some() { GrantState::Granted } else { GrantState::None };
        Ok(granted)
    }
}

impl Drop for LockRequest {
    /// Releases it beside whatever goes on: also when whoever asked went away before the answer came.
    fn drop(&mut self) {
        let grant = self.grant;
        if grant == GrantState::None || self.releases.len() >= RELEASING_MAX {
            return;
        }
        let redis = self.redis.clone();
        let mut release = cmd("EVAL");
        release.arg(RELEASE).arg(1).arg(&self.key).arg(&self.token);
        let release = async move {
            for _ in 0..RELEASES_MAX {
                let released: Result<u32, _> = redis.run_command(&release).await;
                // What was not known to be given may be given after it was released.
                if released.is_ok_and(|count| count > 0 || grant == GrantState::Granted) {
                    return;
                }
                time::sleep(RELEASE_PAUSE).await;
            }
        };
        // Of a runtime that has ended it is dropped, and the lease ends the lock.
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
    fn a_pause_is_shortened_by_at_most_half() {
        let tokens = TokenGenerator::default();
        let pauses: Vec<_> = (0..1_000).map(|_| tokens.jitter_pause(LAST_PAUSE)).collect();
        assert!(pauses.iter().all(|it| (LAST_PAUSE / 2..=LAST_PAUSE).contains(it)));
        assert!(pauses.iter().any(|it| *it != LAST_PAUSE));
    }
}
