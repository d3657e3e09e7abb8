//! Every promise holds on the master that Sentinels name, also when they name another one.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod scoped;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use adapters_redis::{Redis, RedisBroadcast, RedisCache, WrongServer};
use ports::{Broadcast, Cache, CacheEntry, ErrorChain, HealthCheck};
use test_servers::{LoadStopwatch, RedisSentinel, ServerGroup};
use tokio::time;

/// The servers of all tests that leave them as they are.
static SHARED: LazyLock<RedisSentinel> = LazyLock::new(|| RedisSentinel::start().unwrap());
/// More than on a machine with other work, so that what is tested is the answer and not its time.
const TIMEOUT: Duration = Duration::from_secs(10);
/// So long that no test ends it.
const LONG: Duration = Duration::from_secs(60);
/// Most rounds until there is a master again: with the pauses about a minute.
const ROUNDS_MAX: u32 = 1_200;
/// The pause between two rounds.
const PAUSE: Duration = Duration::from_millis(50);

fn redis() -> Redis {
    Redis::with_timeout(&SHARED.url(), TIMEOUT).unwrap()
}

every_contract!(redis);

async fn back(redis: &Redis) -> bool {
    for _ in 0..ROUNDS_MAX {
        if redis.check_health().await.is_ok() {
            return true;
        }
        time::sleep(PAUSE).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_master_is_killed_its_successor_is_used() {
    let mut servers = RedisSentinel::start().unwrap();
    // A killed server refuses at once, so no call waits for the end of its time.
    let redis = Redis::with_timeout(&servers.url(), TIMEOUT).unwrap();
    let cache = RedisCache::new(redis.clone());
    assert!(back(&redis).await);
    let entry = CacheEntry { version: 1, bytes: b"copy".to_vec() };
    cache.put_entry("key", entry.clone(), LONG).await.unwrap();
    let broadcast = RedisBroadcast::new(redis.clone(), "killed");
    let mut subscription = broadcast.subscribe();
    time::timeout(LONG, subscription.next()).await.unwrap();
    let first = servers.master_port().unwrap();
    // So that the entry is at the replica, too: Redis answers before it is.
    servers.wait_copied().unwrap();
    servers.kill(0).unwrap();
    let gone = LoadStopwatch::start();
    assert!(redis.check_health().await.is_err());
    assert!(back(&redis).await);
    println!("its successor can be written {:?} after the end of the master", gone.elapsed());
    assert_ne!(servers.master_port().unwrap(), first);
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(entry));
    time::timeout(LONG, subscription.next()).await.expect("it is subscribed at the new master");
    broadcast.publish().await.unwrap();
    time::timeout(LONG, subscription.next()).await.expect("and hears what is published there");
    let second = servers.master_port().unwrap();
    // It comes back as a replica, and gets what was written meanwhile.
    servers.restart(0).unwrap();
    assert_eq!(servers.master_port().unwrap(), second);
    assert!(back(&redis).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_sentinel_costs_half_of_the_time_of_one_call() {
    let servers = RedisSentinel::start().unwrap();
    servers.pause_sentinel(0).unwrap();
    let redis = Redis::with_timeout(&servers.url(), Duration::from_secs(2)).unwrap();
    assert!(back(&redis).await);
    let kind = Redis::with_timeout(&servers.url(), TIMEOUT).unwrap().check_kind(TIMEOUT).await;
    assert_eq!(kind, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_sentinel_and_a_master_that_is_unknown_are_refused_with_the_reason() {
    let plain = SHARED.server_url(0).unwrap().replace("redis://", "redis+sentinel://");
    let unknown = SHARED.url().replace("/test", "/other");
    for (url, wrong) in
        [(format!("{plain}/test"), WrongServer::NoSentinel), (unknown, WrongServer::UnknownMaster)]
    {
        let redis = Redis::with_timeout(&url, TIMEOUT).unwrap();
        assert_eq!(redis.check_kind(TIMEOUT).await, Err(wrong));
        let error = redis.check_health().await.unwrap_err();
        assert!(ErrorChain(&error).to_string().contains(&wrong.to_string()), "{}", ErrorChain(&error));
    }
}
