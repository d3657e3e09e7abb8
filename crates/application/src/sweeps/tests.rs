use domain::payment::{EventKind, PaymentStatus};

use ports::Observation;

use super::*;
use crate::testing::*;

#[tokio::test]
async fn answers_are_forgotten_when_their_time_is_over_and_sessions_later() {
    let it = TestApp::new();
    assert!(!prune_rows(&it.app).await.unwrap());
    let kept = NOW.saturating_sub(it.app.policy.session_retention);
    let expected = [
        Write::Prune(Prunable::Claims, NOW, PRUNE_LIMIT),
        Write::Prune(Prunable::Sessions, kept, PRUNE_LIMIT),
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
    assert!(!reconcile_open_payments(&it.app).await.unwrap());
    assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
    assert_eq!(it.metrics.all_observations(), [Observation::BatchProcessed("reconcile", 1)]);
    reconcile_open_payments(&it.app).await.unwrap();
    assert_eq!(it.journal_lines().len(), 2, "it was not asked again");
}
