//! Deliveries that are too old.

use super::*;
use crate::sweeps::prune_rows;

#[tokio::test]
async fn a_delivery_that_waited_for_too_long_is_deleted_with_one_finding_of_its_endpoint() {
    let (it, _) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    for order in ["n1", "n2"] {
        happen(&it, &format!("event-{order}"), order, FeedEventType::OrderPlaced).await;
    }
    fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    patch(&it, &endpoint.id, EndpointPatch { disabled: Some(true), ..EndpointPatch::default() })
        .await
        .unwrap();
    it.clock.advance(it.app.policy.webhook_retention);
    prune_rows(&it.app).await.unwrap();
    assert_eq!((deliveries(&it).len(), findings(&it)), (2, vec![]), "exactly then");
    it.clock.advance(Duration::from_millis(1));
    for _ in 0..2 {
        prune_rows(&it.app).await.unwrap();
    }
    assert_eq!(deliveries(&it), []);
    assert_eq!(findings(&it), [FindingKind::WebhookGap]);
    let detail = it.record.state().findings[0].finding.detail.clone();
    assert!(
        detail.as_str().contains(endpoint.id.as_str()) && detail.as_str().contains("event-n1"),
        "{detail:?}"
    );
}

#[tokio::test]
async fn what_waited_for_an_endpoint_that_was_deleted_goes_without_a_finding() {
    let (it, _) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    it.record.change(|state| state.webhook_endpoints.clear());
    it.clock.advance(it.app.policy.webhook_retention + Duration::from_millis(1));
    prune_rows(&it.app).await.unwrap();
    assert_eq!((deliveries(&it), findings(&it)), (vec![], vec![]));
}

#[tokio::test]
async fn a_delivery_that_is_made_at_that_moment_leaves_no_finding() {
    let (it, _) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    it.clock.advance(it.app.policy.webhook_retention + Duration::from_millis(1));
    it.record.before_next_commit(|state| {
        let it = &mut state.webhook_deliveries[0];
        (it.status, it.next_attempt_at) = (DeliveryStatus::Delivered, None);
    });
    prune_rows(&it.app).await.unwrap();
    assert_eq!((deliveries(&it).len(), findings(&it)), (1, vec![]));
}
