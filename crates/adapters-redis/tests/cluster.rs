//! Every promise holds on a Redis Cluster, and the loss of a node costs the keys that it has, until it has a successor.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod scoped;

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use adapters_redis::{Redis, RedisBroadcast, RedisCache, RedisLocks, WrongServer};
use ports::{
    Broadcast, Cache, CacheEntry, ErrorChain, HealthCheck, LockManager, Metrics, Observation, RedisFault,
};
use test_servers::{LoadStopwatch, RedisCluster, ServerGroup};
use tokio::time;

/// The cluster of all tests that leave it as it is.
static SHARED: LazyLock<RedisCluster> = LazyLock::new(|| RedisCluster::start().unwrap());
/// More than on a machine with other work, so that what is tested is the answer and not its time.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What a call to a hung node costs: well below the time after which the cluster takes that node for gone, and more than the
/// others need on a machine with other work.
const SHORT_TIMEOUT: Duration = Duration::from_secs(1);
/// So long that no test ends it.
const LONG: Duration = Duration::from_secs(60);
/// Keys of all nodes.
const KEYS: usize = 30;
/// Most rounds until a cluster serves all keys again: with the pauses about a minute.
const ROUNDS_MAX: u32 = 1_200;
/// The pause between two rounds.
const PAUSE: Duration = Duration::from_millis(50);

fn redis() -> Redis {
    Redis::with_timeout(&SHARED.url(), TIMEOUT).unwrap()
}

every_contract!(redis);

fn entry() -> CacheEntry {
    CacheEntry { version: 1, bytes: b"copy".to_vec() }
}

/// How many keys can be read.
async fn readable(cache: &RedisCache) -> usize {
    let reads = (0..KEYS).map(|it| async move { cache.get_entry(&format!("key-{it}")).await.is_ok() });
    futures_util::future::join_all(reads).await.into_iter().filter(|it| *it).count()
}

async fn serves_all_again(redis: &Redis) -> bool {
    let cache = RedisCache::new(redis.clone());
    for _ in 0..ROUNDS_MAX {
        if readable(&cache).await == KEYS && redis.check_health().await.is_ok() {
            return true;
        }
        time::sleep(PAUSE).await;
    }
    false
}

/// Remembers what was counted.
#[derive(Default)]
struct Counted(Mutex<Vec<RedisFault>>);

impl Metrics for Counted {
    fn observe(&self, observation: Observation) {
        if let Observation::RedisFault(fault) = observation {
            self.0.lock().unwrap().push(fault);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_master_costs_its_keys_until_its_replica_replaces_it() {
    let mut cluster = RedisCluster::start().unwrap();
    // A killed node refuses at once, so no call waits for the end of its time.
    let redis = Redis::with_timeout(&cluster.url(), TIMEOUT).unwrap();
    let (cache, locks) = (RedisCache::new(redis.clone()), RedisLocks::new(redis.clone()));
    assert!(serves_all_again(&redis).await);
    for key in 0..KEYS {
        cache.put_entry(&format!("key-{key}"), entry(), LONG).await.unwrap();
    }
    let broadcast = RedisBroadcast::new(redis.clone(), "killed");
    let mut subscription = broadcast.subscribe();
    time::timeout(LONG, subscription.next()).await.unwrap();
    cluster.kill(0).unwrap();
    let gone = LoadStopwatch::start();
    let left = readable(&cache).await;
    assert!((KEYS / 3..KEYS).contains(&left), "{left} of {KEYS} keys are on the two other masters");
    assert!(redis.check_health().await.is_err());
    assert!(serves_all_again(&redis).await);
    println!("all keys can be written {:?} after the end of a master", gone.elapsed());
    for name in 0..KEYS {
        assert!(locks.acquire_lock(&format!("name-{name}"), LONG, Duration::ZERO).await.unwrap().is_some());
    }
    let publish = async {
        loop {
            let _ = broadcast.publish().await;
            time::sleep(PAUSE).await;
        }
    };
    let hear = async {
        // It may return once because its node is gone, and then because of a message.
        subscription.next().await;
        subscription.next().await;
    };
    tokio::select! {
        heard = time::timeout(LONG, hear) => heard.unwrap(),
        () = publish => unreachable!("it does not end"),
    }
    cluster.restart(0).unwrap();
    assert!(serves_all_again(&redis).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_master_costs_no_other_keys() {
    let mut cluster = RedisCluster::start().unwrap();
    let redis = Redis::with_timeout(&cluster.url(), SHORT_TIMEOUT).unwrap();
    let patient = Redis::with_timeout(&cluster.url(), TIMEOUT).unwrap();
    let cache = RedisCache::new(redis.clone());
    assert!(serves_all_again(&patient).await);
    // So that its connections are open, too.
    assert!(serves_all_again(&redis).await);
    cluster.pause(1).unwrap();
    // Two thirds of the keys, whatever the third node does: its circuit is its own.
    for _ in 0..5 {
        let left = readable(&cache).await;
        assert!(left >= KEYS / 3, "{left} of {KEYS}");
    }
    assert!(serves_all_again(&redis).await);
    cluster.resume(1).unwrap();
    assert!(serves_all_again(&patient).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_failed_a_moment_ago_is_used_again_once_it_answers() {
    let mut cluster = RedisCluster::start().unwrap();
    let redis = Redis::with_timeout(&cluster.url(), SHORT_TIMEOUT).unwrap();
    let cache = RedisCache::new(redis.clone());
    assert!(serves_all_again(&redis).await);
    cluster.pause(1).unwrap();
    assert!(readable(&cache).await < KEYS);
    cluster.resume(1).unwrap();
    let mut rounds = 0;
    while readable(&cache).await < KEYS {
        rounds += 1;
        // Several periods of an open circuit, each with one probe.
        assert!(rounds < 100, "its keys are not served");
        time::sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_move_to_another_node_are_found_and_that_is_counted() {
    let cluster = RedisCluster::start().unwrap();
    let counted = Arc::<Counted>::default();
    let redis = Redis::with_timeout(&cluster.url(), TIMEOUT).unwrap().with_metrics(counted.clone());
    let cache = RedisCache::new(redis.clone());
    assert!(serves_all_again(&redis).await);
    let slot = cluster.ask(0, "CLUSTER KEYSLOT idem:cache:moves").unwrap();
    let ids: Vec<_> = (0..3).map(|it| cluster.ask(it, "CLUSTER MYID").unwrap()).collect();
    let from = slot.parse::<usize>().unwrap() * 3 / 16_384;
    let to = (from + 1) % 3;
    cluster.ask(to, &format!("CLUSTER SETSLOT {slot} IMPORTING {}", ids[from])).unwrap();
    cluster.ask(from, &format!("CLUSTER SETSLOT {slot} MIGRATING {}", ids[to])).unwrap();
    cache.put_entry("moves", entry(), LONG).await.unwrap();
    assert_eq!(cache.get_entry("moves").await.unwrap(), Some(entry()));
    assert_eq!(*counted.0.lock().unwrap(), [RedisFault::Ask, RedisFault::Ask]);
    for node in [to, from, 3 - to - from] {
        cluster.ask(node, &format!("CLUSTER SETSLOT {slot} NODE {}", ids[to])).unwrap();
    }
    let moved = || counted.0.lock().unwrap().iter().filter(|it| **it == RedisFault::Moved).count();
    for round in 0..ROUNDS_MAX {
        let before = moved();
        assert_eq!(cache.get_entry("moves").await.unwrap(), Some(entry()));
        if round > 0 && moved() == before {
            break;
        }
        time::sleep(PAUSE).await;
    }
    assert!((1..10).contains(&moved()), "{} redirections until the new node is known", moved());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_behind_a_plain_url_is_refused_with_the_reason() {
    let redis = Redis::with_timeout(&SHARED.node_url(0).unwrap(), TIMEOUT).unwrap();
    assert_eq!(redis.check_kind(TIMEOUT).await, Err(WrongServer::ClusterNode));
    let error = redis.check_health().await.unwrap_err();
    assert!(ErrorChain(&error).to_string().contains("redis+cluster://"), "{}", ErrorChain(&error));
    self::redis().check_kind(TIMEOUT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_in_no_cluster_is_refused_with_the_reason() {
    let server = test_servers::Redis::shared().unwrap();
    let redis =
        Redis::with_timeout(&format!("redis+cluster://127.0.0.1:{}", server.port()), TIMEOUT).unwrap();
    assert_eq!(redis.check_kind(TIMEOUT).await, Err(WrongServer::NotInCluster));
    let error = redis.check_health().await.unwrap_err();
    assert!(ErrorChain(&error).to_string().contains("in no cluster"), "{}", ErrorChain(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_cannot_be_reached_is_no_reason_to_refuse_a_start() {
    let redis = Redis::with_timeout("redis+cluster://127.0.0.1:1,127.0.0.1:2", TIMEOUT).unwrap();
    redis.check_kind(TIMEOUT).await.unwrap();
    assert!(redis.check_health().await.is_err());
}
