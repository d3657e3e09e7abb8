//! memcached hangs, dies and comes back empty: no call waits long, and everything goes on.

use std::time::Duration;

use adapters_memcached::{Memcached, MemcachedCache, VALUE_BYTES_MAX};
use ports::{Cache, CacheEntry, HealthCheck};
use test_servers::{LoadStopwatch, Memcached as Server};
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
async fn back(memcached: &Memcached) -> bool {
    for _ in 0..1_200 {
        if memcached.check_health().await.is_ok() {
            return true;
        }
        time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_server_fails_each_call_in_time_and_is_used_again_when_it_answers() {
    let server = Server::start().unwrap();
    let memcached = Memcached::new(&server.url()).unwrap();
    let cache = MemcachedCache::new(memcached.clone());
    assert!(back(&memcached).await);
    server.pause().unwrap();
    let calls = async {
        for _ in 0..CALLS {
            assert!(cache.get_entry("key").await.is_err());
            assert!(cache.put_entry("key", entry(), LONG).await.is_err());
        }
    };
    let pace = LoadStopwatch::start();
    time::timeout(LONG, calls).await.expect("no call hangs");
    let (calm, all) = (pace.elapsed_without_load(), pace.elapsed());
    assert!(calm < Duration::from_secs(3), "100 calls fail in less than 80 ms each: {calm:?} of {all:?}");
    server.resume().unwrap();
    assert!(back(&memcached).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_and_started_again_is_used_again_empty() {
    let mut server = Server::start().unwrap();
    let memcached = Memcached::with_timeout(&server.url(), SHORT_TIMEOUT).unwrap();
    let cache = MemcachedCache::new(memcached.clone());
    assert!(back(&memcached).await);
    cache.put_entry("key", entry(), LONG).await.unwrap();
    server.kill().unwrap();
    assert!(memcached.check_health().await.is_err() && cache.get_entry("key").await.is_err());
    server.restart().unwrap();
    assert!(back(&memcached).await);
    assert_eq!(cache.get_entry("key").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_between_two_calls_fails_no_call() {
    let mut server = Server::start().unwrap();
    let memcached = Memcached::with_timeout(&server.url(), TIMEOUT).unwrap();
    let check = async || memcached.check_health().await.is_ok();
    assert_eq!(tokio::join!(check(), check(), check(), check()), (true, true, true, true));
    server.restart().unwrap();
    for _ in 0..CALLS {
        assert!(check().await, "a dead connection was somebody's failure");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_too_large_or_too_short_lived_is_not_kept_and_leaves_no_older_one() {
    let server = Server::start().unwrap();
    let cache = MemcachedCache::new(Memcached::with_timeout(&server.url(), TIMEOUT).unwrap());
    let sized = |version, bytes| CacheEntry { version, bytes: vec![0; bytes] };
    cache.put_entry("key", sized(1, VALUE_BYTES_MAX), LONG).await.unwrap();
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(sized(1, VALUE_BYTES_MAX)));
    cache.put_entry("key", sized(2, VALUE_BYTES_MAX + 1), LONG).await.unwrap();
    assert_eq!(cache.get_entry("key").await.unwrap(), None);
    cache.put_entry("key", sized(1, 1), LONG).await.unwrap();
    cache.put_entry("key", sized(2, 1), Duration::from_millis(999)).await.unwrap();
    assert_eq!(cache.get_entry("key").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_second_is_gone_soon_after() {
    let server = Server::start().unwrap();
    let cache = MemcachedCache::new(Memcached::with_timeout(&server.url(), TIMEOUT).unwrap());
    cache.put_entry("key", entry(), Duration::from_millis(1_900)).await.unwrap();
    for _ in 0..100 {
        if cache.get_entry("key").await.unwrap().is_none() {
            return;
        }
        time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is kept forever");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_names_its_own_copy() {
    let server = Server::start().unwrap();
    let cache = MemcachedCache::new(Memcached::with_timeout(&server.url(), TIMEOUT).unwrap());
    let keys = ["a", "a b", "a\r\nb", "ä", "", &"long".repeat(100)];
    for (version, key) in (0..).zip(keys) {
        cache.put_entry(key, CacheEntry { version, bytes: key.into() }, LONG).await.unwrap();
    }
    for (version, key) in (0..).zip(keys) {
        let expected = CacheEntry { version, bytes: key.into() };
        assert_eq!(cache.get_entry(key).await.unwrap(), Some(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_servers_that_is_away_costs_its_own_keys_only() {
    let servers: Vec<_> = (0..3).map(|_| Server::start().unwrap()).collect();
    let places: Vec<_> = servers.iter().map(|it| format!("127.0.0.1:{}", it.port())).collect();
    let memcached = Memcached::new(&format!("memcache://{}", places.join(","))).unwrap();
    assert!(back(&memcached).await);
    let patient = Memcached::with_timeout(&format!("memcache://{}", places.join(",")), TIMEOUT).unwrap();
    let cache = MemcachedCache::new(patient);
    let keys: Vec<_> = (0..60).map(|it| format!("key-{it}")).collect();
    for key in &keys {
        cache.put_entry(key, entry(), LONG).await.unwrap();
    }
    // Each server has a share: an instance that knows only one finds only that.
    let mut shares = vec![];
    for server in &servers {
        let one = MemcachedCache::new(Memcached::with_timeout(&server.url(), TIMEOUT).unwrap());
        let mut share = vec![];
        for key in &keys {
            share.extend(one.get_entry(key).await.unwrap().map(|_| key.clone()));
        }
        assert!(!share.is_empty());
        shares.push(share);
    }
    assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), keys.len());
    let gone = &servers[0];
    gone.pause().unwrap();
    let short = Memcached::with_timeout(&format!("memcache://{}", places.join(",")), SHORT_TIMEOUT).unwrap();
    let cache = MemcachedCache::new(short.clone());
    for (index, share) in shares.iter().enumerate() {
        for key in share {
            let read = cache.get_entry(key).await;
            match index {
                0 => assert!(read.is_err(), "its server hangs"),
                _ => assert_eq!(read.unwrap(), Some(entry()), "another server's key is not affected"),
            }
        }
    }
    assert!(short.check_health().await.is_err());
    gone.resume().unwrap();
    assert!(back(&short).await);
}
