//! Limits that instances share through Redis, and keep without it.

use crate::{
    harness::{PATIENCE, Server, eventually},
    trouble::{FaultKind, FaultTarget},
};

const QUOTA: &[(&str, &str)] = &[("IDEM_REQUESTS_PER_MINUTE_PER_USER", "60")];

/// Requests until one is refused, of at most 100.
async fn let_through(client: &crate::harness::Client) -> usize {
    for sent in 0..100 {
        let reply = client.get("/v1/me").await;
        if reply.status == 429 {
            return sent;
        }
        reply.ok(200);
    }
    100
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_share_one_quota_through_redis() {
    let first = Server::with(QUOTA);
    let second = first.beside(QUOTA);
    let here = first.customer().await;
    let there = here.at(second.address());
    assert_eq!(let_through(&here).await, 60);
    // It learns of it a moment after it has counted its own first request.
    let refused = async || (there.get("/v1/me").await.status == 429).then_some(());
    let mut sent = 0;
    eventually("the other instance refuses", PATIENCE, async || {
        sent += 1;
        refused().await
    })
    .await;
    assert!(sent < 60, "it has let through {sent} as if it were alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_counts_for_itself_while_redis_is_away() {
    for fault in [FaultKind::Killed, FaultKind::Hung] {
        let first = Server::with(QUOTA);
        let second = first.beside(QUOTA);
        let here = first.customer().await;
        let there = here.at(second.address());
        FaultTarget::Redis.inject(&first, fault);
        assert_eq!(let_through(&here).await, 60, "{fault:?}");
        assert_eq!(let_through(&there).await, 60, "{fault:?}");
        FaultTarget::Redis.clear(&first, fault);
    }
}
