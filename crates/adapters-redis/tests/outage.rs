//! Redis hangs, dies, comes back and forgets: no call waits long, and everything goes on.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::time::Duration;

use adapters_redis::{Redis, RedisCache, RedisLocks, RedisThrottle, VALUE_BYTES_MAX};
use ports::{Cache, CacheEntry, HealthCheck, LockManager, Throttle};
use test_servers::{LoadStopwatch, Redis as Server};
use tokio::time;

/// So long that no test ends it.
const LONG: Duration = Duration::from_secs(60);
/// A limit to a call for what is not about that limit: more than on a machine with other work.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A shorter one, for what waits for its end.
const SHORT_TIMEOUT: Duration = Duration::from_secs(5);
/// Many calls: together they would take seconds if each waited for its own limit.
const CALLS: usize = 50;

fn entry() -> CacheEntry {
    CacheEntry { version: 1, bytes: b"copy".to_vec() }
}

/// Whether it answers again within a minute.
async fn back(redis: &Redis) -> bool {
    for _ in 0..1_200 {
        if redis.check_health().await.is_ok() {
            return true;
        }
        time::sleep(Duration::from_millis(50)).await;
    }
    false
}

/// The driver itself, to do what no adapter does.
fn do_it(server: &Server, command: &[&str]) {
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let (name, arguments) = command.split_first().unwrap();
    redis::cmd(name).arg(arguments).query::<redis::Value>(&mut connection).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_server_fails_each_call_in_time_and_is_used_again_when_it_answers() {
    let server = Server::start().unwrap();
    let redis = Redis::new(&server.url()).unwrap();
    let (cache, locks, throttle) =
        (RedisCache::new(redis.clone()), RedisLocks::new(redis.clone()), RedisThrottle::new(redis.clone()));
    assert!(back(&redis).await);
    server.pause().unwrap();
    let calls = async {
        for _ in 0..CALLS {
            assert!(cache.get_entry("key").await.is_err());
            assert!(cache.put_entry("key", entry(), LONG).await.is_err());
            assert!(locks.acquire_lock("name", LONG, LONG).await.is_err());
            assert!(throttle.count_attempt("name", LONG).await.is_err());
        }
    };
    let pace = LoadStopwatch::start();
    time::timeout(LONG, calls).await.expect("no call hangs");
    let (calm, all) = (pace.elapsed_without_load(), pace.elapsed());
    assert!(calm < Duration::from_secs(3), "200 calls fail in less than 80 ms each: {calm:?} of {all:?}");
    server.resume().unwrap();
    assert!(back(&redis).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_and_started_again_is_used_again_with_what_it_kept() {
    let mut server = Server::start().unwrap();
    let redis = Redis::with_timeout(&server.url(), SHORT_TIMEOUT).unwrap();
    let cache = RedisCache::new(redis.clone());
    assert!(back(&redis).await);
    cache.put_entry("key", entry(), LONG).await.unwrap();
    server.kill().unwrap();
    assert!(redis.check_health().await.is_err() && cache.get_entry("key").await.is_err());
    server.restart().unwrap();
    assert!(back(&redis).await);
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(entry()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_between_two_calls_fails_no_call() {
    let mut server = Server::start().unwrap();
    let redis = Redis::with_timeout(&server.url(), TIMEOUT).unwrap();
    let check = async || redis.check_health().await.is_ok();
    let all = tokio::join!(check(), check(), check(), check(), check(), check(), check(), check());
    assert_eq!(all, (true, true, true, true, true, true, true, true));
    server.restart().unwrap();
    for _ in 0..CALLS {
        assert!(check().await, "a dead connection was somebody's failure");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_never_there_is_an_error_at_each_call_and_none_before() {
    let mut server = Server::start().unwrap();
    server.kill().unwrap();
    let redis = Redis::with_timeout(&server.url(), SHORT_TIMEOUT).unwrap();
    assert!(time::timeout(TIMEOUT, redis.check_health()).await.unwrap().is_err());
    server.restart().unwrap();
    assert!(back(&redis).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_server_has_nothing_and_everything_starts_again() {
    let server = Server::start().unwrap();
    let redis = Redis::with_timeout(&server.url(), TIMEOUT).unwrap();
    let (cache, locks, throttle) =
        (RedisCache::new(redis.clone()), RedisLocks::new(redis.clone()), RedisThrottle::new(redis.clone()));
    cache.put_entry("key", entry(), LONG).await.unwrap();
    throttle.count_attempt("name", LONG).await.unwrap();
    let lost = locks.acquire_lock("name", LONG, LONG).await.unwrap().unwrap();
    do_it(&server, &["FLUSHALL"]);
    assert_eq!(cache.get_entry("key").await.unwrap(), None);
    assert_eq!(throttle.count_attempt("name", LONG).await.unwrap().count, 1);
    let held = locks.acquire_lock("name", LONG, Duration::ZERO).await.unwrap().expect("the lock was lost");
    assert!(held.fencing_token() > lost.fencing_token(), "the later one can be told");
    drop(lost);
    locks.wait_for_releases().await;
    assert!(
        locks.acquire_lock("name", LONG, Duration::ZERO).await.unwrap().is_none(),
        "it is the new holder's"
    );
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_granted_to_a_caller_that_has_gone_is_released() {
    let server = Server::start().unwrap();
    let redis = Redis::with_timeout(&server.url(), TIMEOUT).unwrap();
    let locks = RedisLocks::new(redis.clone());
    assert!(back(&redis).await);
    server.pause().unwrap();
    let gone = time::timeout(Duration::from_millis(50), locks.acquire_lock("name", LONG, LONG)).await;
    assert!(gone.is_err());
    server.resume().unwrap();
    let next = time::timeout(LONG / 2, locks.acquire_lock("name", LONG, LONG)).await;
    assert!(next.expect("it is not held until its lease is over").unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_share_locks_and_a_dropped_one_is_free_when_it_says_so() {
    let server = Server::shared().unwrap();
    let url = server.empty_url();
    let [one, other] = [(); 2].map(|()| RedisLocks::new(Redis::with_timeout(&url, TIMEOUT).unwrap()));
    let held = one.acquire_lock("name", LONG, Duration::ZERO).await.unwrap();
    assert!(held.is_some());
    assert!(other.acquire_lock("name", LONG, Duration::ZERO).await.unwrap().is_none());
    drop(held);
    one.wait_for_releases().await;
    assert!(other.acquire_lock("name", LONG, Duration::ZERO).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_too_large_is_not_kept_and_leaves_no_older_one() {
    let server = Server::shared().unwrap();
    let cache = RedisCache::new(Redis::with_timeout(&server.empty_url(), TIMEOUT).unwrap());
    let sized = |version, bytes| CacheEntry { version, bytes: vec![0; bytes] };
    cache.put_entry("key", sized(1, VALUE_BYTES_MAX), LONG).await.unwrap();
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(sized(1, VALUE_BYTES_MAX)));
    cache.put_entry("key", sized(2, VALUE_BYTES_MAX + 1), LONG).await.unwrap();
    assert_eq!(cache.get_entry("key").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_something_else_is_no_outage() {
    let server = Server::start().unwrap();
    let redis = Redis::with_timeout(&server.url(), TIMEOUT).unwrap();
    let throttle = RedisThrottle::new(redis.clone());
    do_it(&server, &["RPUSH", "idem:{throttle}:name", "somebody else's"]);
    assert!(throttle.count_attempt("name", LONG).await.is_err());
    redis.check_health().await.expect("it is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_written_to_is_not_well() {
    let server = Server::start().unwrap();
    let redis = Redis::with_timeout(&server.url(), TIMEOUT).unwrap();
    assert!(back(&redis).await);
    do_it(&server, &["CONFIG", "SET", "maxmemory", "1"]);
    assert!(redis.check_health().await.is_err());
    do_it(&server, &["CONFIG", "SET", "maxmemory", "0"]);
    redis.check_health().await.unwrap();
}
