//! How long deliveries are kept, and how many wait.

use domain::{WebhookDelivery, webhook::FailedAttempt};
use ports::{OldDelivery, Prunable, WebhookWrite, Write};

use super::{commit_write, find_delivery, sample_attempt, stored_delivery, stored_endpoint};
use crate::{
    Backend,
    sample::{self, at},
};

/// Those that are over, of the two ways in which they may be.
pub async fn old_deliveries_are_pruned_a_bounded_number_at_a_time(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let pending = sample::delivery(&endpoint, 9, "order:1");
    let pending = WebhookDelivery { created_at: at(0), ..pending };
    commit_write(backend, WebhookWrite::InsertDeliveries(vec![pending.clone()])).await;
    for (created, status) in [(3, 200), (1, 500), (2, 200)] {
        let delivery = sample::delivery(&endpoint, created, "order:1");
        let delivery = WebhookDelivery { created_at: at(created), ..delivery };
        commit_write(backend, WebhookWrite::InsertDeliveries(vec![delivery.clone()])).await;
        let over = match status {
            200 => delivery.with_success(sample_attempt(status)),
            _ => delivery.with_failure(sample_attempt(status), FailedAttempt::GiveUp, None, at(9)),
        };
        commit_write(backend, WebhookWrite::UpdateDelivery { delivery: Box::new(over), read: 0 }).await;
    }
    for (before, rows, left) in [(1, 10, 4), (3, 1, 3), (3, 10, 2), (4, 10, 1)] {
        backend.commit([Write::Prune(Prunable::Deliveries, at(before), rows)]).await;
        let page = backend.webhooks.list_deliveries(endpoint.key, None, 10).await.expect("read");
        assert_eq!(page.data.len(), left);
    }
    assert_eq!(find_delivery(backend, &pending).await, Some(pending), "it waits");
}

/// Oldest first, with the endpoint if it exists.
pub async fn pending_deliveries_that_are_old_are_listed(backend: &Backend) {
    let kept = stored_endpoint(backend, |_| {}).await;
    let deleted = stored_endpoint(backend, |_| {}).await;
    let make = async |endpoint, created| {
        let delivery = sample::delivery(endpoint, created, "order:1");
        let delivery = WebhookDelivery { created_at: at(created), ..delivery };
        commit_write(backend, WebhookWrite::InsertDeliveries(vec![delivery.clone()])).await;
        delivery
    };
    let (third, first, second) = (make(&kept, 3).await, make(&deleted, 1).await, make(&kept, 2).await);
    let over = sample::delivery(&kept, 1, "order:2");
    commit_write(backend, WebhookWrite::InsertDeliveries(vec![over.clone()])).await;
    let over = Box::new(over.with_success(sample_attempt(200)));
    commit_write(backend, WebhookWrite::UpdateDelivery { delivery: over, read: 0 }).await;
    commit_write(backend, WebhookWrite::DeleteEndpoint { endpoint: deleted.key, read: deleted.version })
        .await;
    let old = |it: &WebhookDelivery, endpoint_id| OldDelivery {
        key: it.key,
        message: it.message.clone(),
        endpoint: it.endpoint,
        endpoint_id,
    };
    let of_kept = Some(kept.id.clone());
    let expected = [old(&first, None), old(&second, of_kept.clone()), old(&third, of_kept)];
    for (before, limit, count) in [(4, 10, 3), (4, 1, 1), (3, 10, 2), (1, 10, 0)] {
        let listed = backend.webhooks.list_old_pending(at(before), limit).await.expect("read");
        assert!(listed.iter().eq(expected.iter().take(count)), "{listed:?}");
    }
}

/// The guard of `DropDeliveries`: one that is over keeps all.
pub async fn only_pending_deliveries_are_dropped(backend: &Backend) {
    let endpoint = stored_endpoint(backend, |_| {}).await;
    let [over, first, second, other] = [
        stored_delivery(backend, &endpoint, (1, "order:1")).await,
        stored_delivery(backend, &endpoint, (2, "order:1")).await,
        stored_delivery(backend, &endpoint, (3, "order:1")).await,
        stored_delivery(backend, &endpoint, (4, "order:1")).await,
    ];
    let done = Box::new(over.with_success(sample_attempt(200)));
    commit_write(backend, WebhookWrite::UpdateDelivery { delivery: done, read: 0 }).await;
    let drop = |all: &[&WebhookDelivery]| WebhookWrite::DropDeliveries {
        endpoint: endpoint.key,
        deliveries: all.iter().map(|it| it.key).collect(),
    };
    backend.expect_stale([Write::Webhook(drop(&[&first, &over]))]).await;
    assert_eq!(find_delivery(backend, &first).await, Some(first.clone()));
    commit_write(backend, drop(&[&second, &first])).await;
    assert_eq!((find_delivery(backend, &first).await, find_delivery(backend, &second).await), (None, None));
    assert_eq!(find_delivery(backend, &other).await, Some(other));
    backend.expect_stale([Write::Webhook(drop(&[&first]))]).await;
}

/// Of all endpoints.
pub async fn pending_deliveries_are_counted_up_to_a_limit(backend: &Backend) {
    for _ in 0..3 {
        let endpoint = stored_endpoint(backend, |_| {}).await;
        stored_delivery(backend, &endpoint, (1, "order:1")).await;
    }
    let count = async |most| backend.webhooks.count_pending_deliveries(most).await.expect("read");
    assert_eq!((count(10).await, count(2).await), (3, 2));
}
