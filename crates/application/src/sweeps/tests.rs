use domain::payment::{EventKind, PaymentStatus};

use ports::Observation;

use super::*;
use crate::testing::*;

#[tokio::test]
async fn answers_are_forgotten_when_their_time_is_over_and_sessions_later() {
    let it = TestApp::new();
    assert!(!prune_rows(&it.app).await.unwrap());
    let sessions_before = NOW.saturating_sub(it.app.policy.session_retention);
    let attempts_before = NOW.saturating_sub(it.app.policy.attempt_retention);
    let deliveries_before = NOW.saturating_sub(it.app.policy.webhook_retention);
    let expected = [
        Write::Prune(Prunable::Claims, NOW, PRUNE_LIMIT),
        Write::Prune(Prunable::Sessions, sessions_before, PRUNE_LIMIT),
        Write::Prune(Prunable::Attempts, attempts_before, PRUNE_LIMIT),
        Write::Prune(Prunable::Deliveries, deliveries_before, PRUNE_LIMIT),
    ];
    assert_eq!(it.record.only_commit(), expected);
    it.record.refuse_next_commit(CommitError::Failed(away_error()));
    assert!(prune_rows(&it.app).await.is_err());
}

#[tokio::test]
async fn everything_that_is_due_is_asked_about_and_nothing_else() {
    let it = TestApp::new().with_state(|it| {
        it.orders.push(order());
        it.transactions.push(pending());
    });
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert!(!reconcile_gateway(&it.app, &sandbox()).await.unwrap());
    assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
    assert_eq!(it.metrics.all_observations(), [Observation::BatchProcessed("reconcile", 1)]);
    reconcile_gateway(&it.app, &sandbox()).await.unwrap();
    assert_eq!(it.journal_lines().len(), 2, "the gateway was not called again");
}

#[tokio::test]
async fn each_gateway_is_swept_by_itself_and_one_that_is_gone_is_not_forgotten() {
    let gone = domain::GatewayName::new("gone".to_owned());
    let it = TestApp::new().with_state(|it| {
        it.orders.push(order());
        it.transactions.push(domain::Transaction { gateway: gone.clone(), ..pending() });
    });
    assert!(!reconcile_gateway(&it.app, &sandbox()).await.unwrap());
    assert_eq!(it.journal_lines(), Vec::<String>::new());
    assert!(!reconcile_strays(&it.app).await.unwrap());
    assert_eq!(
        (it.journal_lines(), it.record.state().transactions[0].checks),
        (vec!["commit Postpone".to_owned()], 1)
    );
}
