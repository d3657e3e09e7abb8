//! Redis and memcached are unavailable or hang: everything goes on, and is right.

use std::time::Duration;

use serde_json::json;

use crate::{
    everyday::{are_as_they_were, everyday, pair, sessions, timed},
    harness::{QUIET, Server, field},
    trouble::{FaultKind, FaultTarget, becomes, empty_memcached},
};

/// What a cache that hangs may cost a request.
const HUNG_COSTS_MAX: Duration = Duration::from_millis(100);
const BOTH: &[FaultTarget] = &[FaultTarget::Redis, FaultTarget::Memcached];
/// Who is unavailable: one, the other, both.
const AWAY: &[&[FaultTarget]] = &[&[FaultTarget::Redis], &[FaultTarget::Memcached], BOTH];

async fn go_on_without(fault: FaultKind) {
    let (first, second) = pair();
    let operator = first.operator().await;
    let sessions = sessions(&first, &second).await;
    becomes(&first, 200, "ok", &[]).await;
    for away in AWAY {
        for it in *away {
            it.inject(&first, fault);
        }
        becomes(&first, 200, "degraded", away).await;
        everyday(&first, &second, &operator).await;
        are_as_they_were(&first, &second, &sessions).await;
        for it in *away {
            it.clear(&first, fault);
        }
        are_as_they_were(&first, &second, &sessions).await;
        becomes(&first, 200, "ok", &[]).await;
        becomes(&second, 200, "ok", &[]).await;
        are_as_they_were(&first, &second, &sessions).await;
    }
    everyday(&first, &second, &operator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_on_while_they_are_dead() {
    go_on_without(FaultKind::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_on_while_they_hang() {
    go_on_without(FaultKind::Hung).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_costs_a_request_next_to_nothing() {
    const ASKED: usize = 60;
    let server = Server::with(QUIET);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
    let asked = async || {
        let (reply, time) = timed(customer.get(&path).patiently()).await;
        reply.ok(200);
        time
    };
    let mut without = Vec::new();
    for _ in 0..ASKED {
        without.push(asked().await);
    }
    without.sort();
    for it in BOTH {
        it.inject(&server, FaultKind::Hung);
    }
    let promised = without[ASKED / 2] + HUNG_COSTS_MAX * u32::try_from(BOTH.len()).unwrap();
    let mut took = Vec::new();
    for _ in 0..ASKED {
        took.push(asked().await);
        let all: Duration = took.iter().sum();
        assert!(all < promised * u32::try_from(ASKED / 2).unwrap(), "it is waited for each time: {took:?}");
    }
    took.sort();
    println!("half within {:?}, before it {:?}", took[ASKED / 2], without[ASKED / 2]);
    assert!(took[ASKED / 2] < promised, "half took longer than {:?}", took[ASKED / 2]);
    for it in BOTH {
        it.clear(&server, FaultKind::Hung);
    }
    becomes(&server, 200, "ok", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cache_remembers_from_before_is_not_read() {
    for victims in AWAY {
        let (first, second) = pair();
        let (operator, customer) = (first.operator().await, first.customer().await);
        let there = customer.at(second.address());
        let product = operator.product("5.00", Some(100)).await;
        let mut orders = Vec::new();
        for _ in 0..5 {
            let order = customer.order(&product, 1).await;
            there.reread(&order).await;
            customer.reread(&order).await;
            orders.push(order);
        }
        // It dies with the first version in it; what comes then it does not hear of.
        for it in *victims {
            it.inject(&first, FaultKind::Killed);
        }
        for order in &orders {
            customer.moved(order, "CANCELLED").await;
        }
        for it in *victims {
            it.clear(&first, FaultKind::Killed);
        }
        if victims.len() == 1 {
            empty_memcached(&first);
        }
        for _ in 0..20 {
            for order in &orders {
                for client in [&there, &customer] {
                    let read = client.reread(order).await;
                    assert_eq!((&read["version"], &read["status"]), (&json!(2), &json!("CANCELLED")));
                }
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(there.stock(&product).await, 100);
        becomes(&second, 200, "ok", &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_starts_without_them() {
    for fault in [FaultKind::Killed, FaultKind::Hung] {
        let first = Server::with(QUIET);
        let operator = first.operator().await;
        for it in BOTH {
            it.inject(&first, fault);
        }
        let second = first.beside(QUIET);
        becomes(&second, 200, "degraded", BOTH).await;
        everyday(&second, &first, &operator).await;
        for it in BOTH {
            it.clear(&first, fault);
        }
        becomes(&second, 200, "ok", &[]).await;
        everyday(&first, &second, &operator).await;
    }
}
