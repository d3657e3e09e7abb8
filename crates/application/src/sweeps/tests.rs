use domain::payment::{EventKind, PaymentStatus};

use ports::Happening;

use super::*;
use crate::testing::*;

#[tokio::test]
async fn answers_are_forgotten_when_their_time_is_over_and_sessions_later() {
    let it = Bench::new();
    assert!(!prune(&it.app).await.unwrap());
    let kept = NOW.minus(it.app.policy.session_kept);
    let expected =
        [Write::Prune(Prunable::Claims, NOW, PRUNED), Write::Prune(Prunable::Sessions, kept, PRUNED)];
    assert_eq!(it.record.only_commit(), expected);
    it.record.refuses(CommitError::Failed(away()));
    assert!(prune(&it.app).await.is_err());
}

#[tokio::test]
async fn everything_that_is_due_is_asked_about_and_nothing_else() {
    let it = Bench::new().with(|it| {
        it.orders.push(order());
        it.transactions.push(pending());
    });
    it.gateway.answers(says(EventKind::Captured));
    assert!(!reconcile_gateway(&it.app, &sandbox()).await.unwrap());
    assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
    assert_eq!(it.meter.all(), [Happening::Swept("reconcile", 1)]);
    reconcile_gateway(&it.app, &sandbox()).await.unwrap();
    assert_eq!(it.journal().len(), 2, "it was not asked again");
}

#[tokio::test]
async fn each_gateway_is_swept_by_itself_and_one_that_is_gone_is_not_forgotten() {
    let gone = domain::GatewayName::new("gone".to_owned());
    let it = Bench::new().with(|it| {
        it.orders.push(order());
        it.transactions.push(domain::Transaction { gateway: gone.clone(), ..pending() });
    });
    assert!(!reconcile_gateway(&it.app, &sandbox()).await.unwrap());
    assert_eq!(it.journal(), Vec::<String>::new());
    assert!(!reconcile_strays(&it.app).await.unwrap());
    assert_eq!(
        (it.journal(), it.record.state().transactions[0].checks),
        (vec!["commit Postpone".to_owned()], 1)
    );
}
