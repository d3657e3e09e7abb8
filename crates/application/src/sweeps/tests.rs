use domain::payment::{EventKind, PaymentStatus};

use ports::Observation;

use super::*;
use crate::testing::*;

/// A stored reply whose time is over.
fn old_claim(n: u32) -> ports::Claim {
    let claim = claim_for(&format!("n{n}"), Some(reply("old")));
    let key = ports::IdempotencyKey { key: format!("key-{n}"), ..claim.key.clone() };
    ports::Claim { key, expires_at: Some(NOW), ..claim }
}

#[tokio::test]
async fn answers_are_forgotten_when_their_time_is_over_and_sessions_later() {
    let it = TestApp::new();
    assert!(!prune_rows(&it.app).await.unwrap());
    assert!(it.record.commits().is_empty(), "nothing is over");
    let retention = it.app.policy.session_retention;
    let ended = |it: domain::Session, at| kept_session(domain::Session { expires_at: at, ..it });
    let it = it.with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.claims.push(old_claim(1));
        it.sessions.push(ended(session(), NOW.saturating_sub(retention)));
    });
    assert!(prune_rows(&it.app).await.unwrap());
    assert_eq!(it.record.only_commit(), [Write::Prune(Prunable::Claims, NOW, PRUNE_LIMIT)]);
    assert!(!prune_rows(&it.app).await.unwrap());
    it.clock.advance(seconds(1));
    let before = it.app.clock.now().saturating_sub(retention);
    assert!(prune_rows(&it.app).await.unwrap());
    let pruned = Write::Prune(Prunable::Sessions, before, PRUNE_LIMIT);
    assert_eq!(it.record.commits()[1].writes(), [pruned]);
    assert!(it.record.state().sessions.is_empty());
}

#[tokio::test]
async fn a_pass_that_leaves_old_answers_says_that_there_are_more() {
    let it = TestApp::new().with_state(|it| it.claims.extend((0..2 * PRUNE_LIMIT + 1).map(old_claim)));
    let mut left = Vec::new();
    while prune_rows(&it.app).await.unwrap() {
        left.push(it.record.state().claims.len());
    }
    assert_eq!(left, [1_001, 1, 0]);
    let it = it.with_state(|it| it.claims.push(old_claim(1)));
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
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
    assert!(!postpone_removed_gateways(&it.app).await.unwrap());
    assert_eq!(
        (it.journal_lines(), it.record.state().transactions[0].checks),
        (vec!["commit Postpone".to_owned()], 1)
    );
}
