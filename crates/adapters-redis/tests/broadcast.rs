//! What is published reaches other instances, and reaches them again after whatever happened to Redis.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::time::Duration;

use adapters_redis::{Redis, RedisBroadcast};
use ports::{Broadcast, HealthCheck, Subscription};
use test_servers::{LoadStopwatch, Redis as Server};
use tokio::time;

/// More than on a machine with other work, for what is not about the limit to a call.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Within this time a subscription hears again. It needs about a tenth of it.
const HEARS_WITHIN: Duration = Duration::from_secs(20);
/// A shorter time than any that passes while something is away.
const MOMENT: Duration = Duration::from_millis(50);

fn broadcast(server: &Server) -> RedisBroadcast {
    RedisBroadcast::new(Redis::with_timeout(&server.url(), TIMEOUT).unwrap(), "test")
}

/// A subscription that hears.
async fn subscribed(broadcast: &RedisBroadcast) -> Box<dyn Subscription> {
    let mut subscription = broadcast.subscribe();
    hear(&mut *subscription).await;
    subscription
}

async fn hear(subscription: &mut dyn Subscription) {
    time::timeout(HEARS_WITHIN, subscription.next()).await.unwrap();
}

/// Whether what another instance publishes is heard: it is published until it is.
async fn hears_again(subscription: &mut dyn Subscription, server: &Server) {
    // That it begins to hear.
    hear(subscription).await;
    let other = broadcast(server);
    let publish = async {
        loop {
            let _ = other.publish().await;
            time::sleep(MOMENT).await;
        }
    };
    tokio::select! {
        () = hear(subscription) => {}
        () = publish => unreachable!("it does not end"),
    }
}

/// The driver itself, to do what no adapter does.
fn ask<T: redis::FromRedisValue>(server: &Server, command: &[&str]) -> T {
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let (name, arguments) = command.split_first().unwrap();
    redis::cmd(name).arg(arguments).query(&mut connection).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_publishes_reaches_the_others_and_holds_nothing() {
    let server = Server::start().unwrap();
    let (one, other) = (broadcast(&server), broadcast(&server));
    let mut subscription = subscribed(&other).await;
    one.publish().await.unwrap();
    hear(&mut *subscription).await;
    assert_eq!(ask::<Vec<String>>(&server, &["PUBSUB", "CHANNELS"]), ["idem:broadcast:test"]);
    assert_eq!(ask::<u32>(&server, &["DBSIZE"]), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_subscription_leaves_no_connection() {
    let server = Server::start().unwrap();
    let broadcast = broadcast(&server);
    drop(subscribed(&broadcast).await);
    let left = || ask::<Vec<String>>(&server, &["PUBSUB", "CHANNELS"]).len();
    for _ in 0..200 {
        if left() == 0 {
            return;
        }
        time::sleep(MOMENT).await;
    }
    panic!("somebody still hears");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_hears_again_after_redis_was_killed_and_started_again() {
    let mut server = Server::start().unwrap();
    let mut subscription = subscribed(&broadcast(&server)).await;
    server.kill().unwrap();
    assert!(time::timeout(MOMENT, subscription.next()).await.is_err(), "there is nothing to hear");
    server.restart().unwrap();
    hears_again(&mut *subscription, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_hears_again_after_its_connection_was_killed() {
    let server = Server::start().unwrap();
    let mut subscription = subscribed(&broadcast(&server)).await;
    assert_eq!(ask::<u32>(&server, &["CLIENT", "KILL", "TYPE", "pubsub"]), 1);
    hears_again(&mut *subscription, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_to_a_hung_redis_is_given_up_and_hears_again_when_it_goes_on() {
    let server = Server::start().unwrap();
    let mut subscription = subscribed(&broadcast(&server)).await;
    server.pause().unwrap();
    // Longer than it waits for a sign of life: what was connected is of no use any more.
    assert!(time::timeout(Duration::from_secs(4), subscription.next()).await.is_err());
    server.resume().unwrap();
    hears_again(&mut *subscription, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_to_a_redis_that_was_never_there_hears_when_it_comes() {
    let mut server = Server::start().unwrap();
    server.kill().unwrap();
    let mut subscription = broadcast(&server).subscribe();
    // However often a wait is dropped.
    for _ in 0..20 {
        assert!(time::timeout(MOMENT, subscription.next()).await.is_err());
    }
    server.restart().unwrap();
    hears_again(&mut *subscription, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_to_a_hung_redis_delays_no_caller() {
    let server = Server::start().unwrap();
    let mut times = vec![];
    for _ in 0..5 {
        // One that does not know yet that Redis hangs.
        let redis = Redis::new(&server.url()).unwrap();
        while redis.check_health().await.is_err() {
            time::sleep(MOMENT).await;
        }
        server.pause().unwrap();
        let pace = LoadStopwatch::start();
        assert!(RedisBroadcast::new(redis, "test").publish().await.is_err());
        times.push(pace.elapsed_without_load());
        server.resume().unwrap();
    }
    // The machine may have been busy once, or twice.
    times.sort();
    assert!(times.first().is_some_and(|it| *it <= Duration::from_millis(100)), "{times:?}");
}
