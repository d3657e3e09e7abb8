//! Redis and memcached go, or forget: who is logged in stays so, and who is not does too.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    everyday::{are_as_they_were, everyday, pair, sessions},
    harness::{Client, PATIENCE, Person, Place, Server, eventually, is_dead},
    trouble::{FaultKind, FaultTarget, becomes, empty_memcached, empty_redis, readiness},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_redis_ends_no_session_and_revives_none() {
    let (first, second) = pair();
    let operator = first.operator().await;
    let sessions = sessions(&first, &second).await;
    for _ in 0..2 {
        empty_redis(&first);
        empty_memcached(&first);
        are_as_they_were(&first, &second, &sessions).await;
        everyday(&first, &second, &operator).await;
    }
    becomes(&first, 200, "ok", &[]).await;
    // In the midst of it, too.
    let shaken = async {
        for _ in 0..20 {
            empty_redis(&first);
            empty_memcached(&first);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::join!(shaken, everyday(&first, &second, &operator));
    are_as_they_were(&first, &second, &sessions).await;
}

async fn guess(client: &Client, person: &Person) -> u16 {
    client.post("/v1/auth/login", &person.credentials("not the password")).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_has_its_limit_with_and_without_them() {
    const LIMIT: usize = 3;
    let place = Arc::new(Place::new());
    let settings = [("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")];
    let first = Server::on(Arc::clone(&place), &settings);
    let second = Server::on(place, &settings);
    let guesses = async |person: &Person, clients: &[Client]| -> Vec<u16> {
        let mut statuses = Vec::new();
        for client in clients.iter().cycle().take(LIMIT * 2) {
            statuses.push(guess(client, person).await);
        }
        statuses
    };
    let both = [first.client(), second.client()];
    assert_eq!(
        guesses(&Person::new("nobody"), &both).await,
        [401, 401, 401, 429, 429, 429],
        "counted together"
    );
    for fault in [FaultKind::Killed, FaultKind::Hung] {
        FaultTarget::Redis.inject(&first, fault);
        let one = &both[..1];
        assert_eq!(guesses(&Person::new("nobody"), one).await, [401, 401, 401, 429, 429, 429], "{fault:?}");
        FaultTarget::Redis.clear(&first, fault);
        becomes(&first, 200, "ok", &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_everywhere_within_a_second_also_when_redis_goes_at_that_moment() {
    let (first, second) = pair();
    for fault in [FaultKind::Killed, FaultKind::Hung] {
        let person = Person::new("leaver");
        let here = person.register(&first.client()).await;
        let there = here.at(second.address());
        there.get("/v1/me").await.ok(200);
        FaultTarget::Redis.inject(&first, fault);
        here.post("/v1/auth/logout", &json!({})).await.ok(204);
        is_dead(&there).await;
        FaultTarget::Redis.clear(&first, fault);
        let stays_dead = async || {
            there.get("/v1/me").await.refused(401, "unauthorized");
            here.get("/v1/me").await.refused(401, "unauthorized");
            let (status, _, away) = readiness(&second);
            (status == 200 && away.is_empty()).then_some(())
        };
        eventually("Redis is back", PATIENCE, stays_dead).await;
        person.login(&second.client()).await.get("/v1/me").await.ok(200);
    }
}
