use std::{
    error::Error,
    future::pending,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll, Waker},
};

use tokio::{sync::Barrier, sync::Notify, task::JoinSet};

use super::*;
use crate::testing::unavailable_error;

/// Begins something, and leaves it where it waits for the first time.
macro_rules! begun {
    ($future:expr) => {{
        let mut future = Box::pin($future);
        assert!(matches!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
        future
    }};
}

async fn gives(it: i64) -> Result<i64, PortError> {
    Ok(it)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_are_one_load_and_the_next_is_another() {
    const MANY: usize = 64;
    let flights = Arc::new(SingleFlight::new());
    let (loads, joined) = (Arc::<AtomicUsize>::default(), Arc::new(Barrier::new(MANY)));
    for round in 1..=20 {
        let mut tasks = JoinSet::new();
        for _ in 0..MANY {
            let (flights, loads, joined) = (flights.clone(), loads.clone(), joined.clone());
            tasks.spawn(async move {
                let load = async {
                    // Whoever leads waits until all others wait for it.
                    while Arc::strong_count(&flights.lock_loads()["name"]) <= MANY {
                        tokio::task::yield_now().await;
                    }
                    Ok(loads.fetch_add(1, Ordering::SeqCst) + 1)
                };
                joined.wait().await;
                flights.join_or_load("name", load).await.unwrap()
            });
        }
        assert_eq!(tasks.join_all().await, [round; MANY], "one load for all");
        assert!(flights.lock_loads().is_empty(), "and nothing stays");
    }
}

#[tokio::test]
async fn names_do_not_wait_for_each_other() {
    let flights = SingleFlight::new();
    let hanging = begun!(flights.join_or_load("one", pending()));
    assert_eq!(flights.join_or_load("other", gives(2)).await.unwrap(), 2);
    drop(hanging);
    assert!(flights.lock_loads().is_empty());
}

#[tokio::test]
async fn when_the_leader_gives_up_the_next_one_leads() {
    let flights = SingleFlight::new();
    let leader = begun!(flights.join_or_load("name", pending()));
    let next = begun!(flights.join_or_load("name", gives(2)));
    let last = begun!(flights.join_or_load("name", gives(3)));
    drop(leader);
    assert_eq!(tokio::join!(next, last).1.unwrap(), 2);
    assert!(flights.lock_loads().is_empty());
}

#[tokio::test]
async fn when_all_give_up_nothing_stays() {
    let flights = SingleFlight::<i64>::new();
    let leader = begun!(flights.join_or_load("name", pending()));
    let next = begun!(flights.join_or_load("name", pending()));
    drop(leader);
    assert_eq!(flights.lock_loads().len(), 1, "somebody still waits");
    drop(next);
    assert!(flights.lock_loads().is_empty());
    assert_eq!(flights.join_or_load("name", gives(4)).await.unwrap(), 4);
}

#[tokio::test]
async fn a_load_that_has_ended_takes_no_more_callers() {
    let flights = SingleFlight::new();
    let leader = begun!(flights.join_or_load("name", async {
        tokio::task::yield_now().await;
        Ok(1)
    }));
    let slow = begun!(flights.join_or_load("name", gives(2)));
    assert_eq!(leader.await.unwrap(), 1);
    assert_eq!(
        flights.join_or_load("name", gives(3)).await.unwrap(),
        3,
        "although somebody has not left yet"
    );
    assert_eq!(slow.await.unwrap(), 1);
    assert!(flights.lock_loads().is_empty());
}

#[tokio::test]
async fn a_failure_reaches_all_who_waited_and_no_later_caller() {
    let flights = SingleFlight::new();
    let told = Notify::new();
    let leader = begun!(flights.join_or_load("name", async {
        told.notified().await;
        Err(unavailable_error())
    }));
    let next = begun!(flights.join_or_load("name", gives(2)));
    told.notify_one();
    let (leader, next) = tokio::join!(leader, next);
    for failure in [leader.unwrap_err(), next.unwrap_err()] {
        let shared = failure.source().unwrap();
        assert_eq!(shared.to_string(), "switched off", "the cause is not lost");
    }
    assert_eq!(flights.join_or_load("name", gives(3)).await.unwrap(), 3);
}
