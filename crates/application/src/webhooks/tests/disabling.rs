//! When a failure disables an endpoint, and when it only seems to.

use domain::Timestamp;
use ports::CommitError;

use super::*;
use crate::webhooks::deliver::deliver_due;

/// Three days before the test, when the endpoint began to fail.
fn long_ago() -> Timestamp {
    NOW.saturating_sub(GIVE_UP_AFTER)
}

/// An endpoint as an instance has read it that it has failed for three days, with a delivery that is due.
async fn failing() -> (TestApp, std::sync::Arc<ScriptedSender>, WebhookEndpoint) {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    let endpoint = fan_out::fan_out_events(&it.app, &endpoint).await.unwrap().unwrap();
    set_failing_since(&it, Some(long_ago()));
    (it, sender, WebhookEndpoint { failing_since: Some(long_ago()), ..endpoint })
}

fn set_failing_since(it: &TestApp, since: Option<Timestamp>) {
    it.record.change(|state| state.webhook_endpoints[0].failing_since = since);
}

async fn deliver_failing(it: &TestApp, sender: &ScriptedSender, read: &WebhookEndpoint, status: u16) {
    sender.push_answer(answer_status(status));
    deliver_due(&it.app, read).await.unwrap();
    assert_eq!(sender.take_sent().len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_has_failed_for_three_days_is_disabled() {
    let (it, sender, read) = failing().await;
    deliver_failing(&it, &sender, &read, 500).await;
    assert!(stored(&it).disabled);
    assert_eq!(findings(&it), [FindingKind::WebhookDisabled]);
}

#[tokio::test]
async fn each_time_that_it_is_disabled_is_a_finding() {
    let (it, sender, read) = failing().await;
    deliver_failing(&it, &sender, &read, 410).await;
    let enabled = stored(&it);
    it.record.change(|state| {
        let endpoint = &mut state.webhook_endpoints[0];
        (endpoint.disabled, endpoint.version) = (false, enabled.version.next());
        state.webhook_deliveries[0].status = DeliveryStatus::Pending;
        state.webhook_deliveries[0].next_attempt_at = Some(NOW);
    });
    deliver_failing(&it, &sender, &stored(&it), 410).await;
    assert_eq!(findings(&it), [FindingKind::WebhookDisabled; 2], "the first one is still open");
}

#[tokio::test]
async fn a_success_of_another_instance_counts_also_if_the_endpoint_has_failed_again_since() {
    let (it, sender, read) = failing().await;
    set_failing_since(&it, Some(NOW));
    deliver_failing(&it, &sender, &read, 500).await;
    assert!(!stored(&it).disabled);
    assert_eq!(findings(&it), []);
}

#[tokio::test]
async fn a_success_at_the_moment_of_the_disabling_commit_counts() {
    for since in [None, Some(NOW)] {
        let (it, sender, read) = failing().await;
        // The claim and the note of the attempt.
        it.record.accept_next_commit();
        it.record.accept_next_commit();
        it.record.before_next_commit(move |state| state.webhook_endpoints[0].failing_since = since);
        deliver_failing(&it, &sender, &read, 500).await;
        assert!(!stored(&it).disabled, "{since:?}");
        assert_eq!(findings(&it), []);
    }
}

#[tokio::test]
async fn an_attempt_whose_note_is_stale_disables_nothing() {
    for status in [500, 410] {
        let (it, sender, read) = failing().await;
        it.record.accept_next_commit();
        it.record.refuse_next_commit(CommitError::Stale);
        deliver_failing(&it, &sender, &read, status).await;
        assert!(!stored(&it).disabled, "{status}: the attempt of another instance counts");
    }
}
