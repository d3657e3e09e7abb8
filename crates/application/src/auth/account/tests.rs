use std::sync::Arc;

use ports::MockPasswordHasher;

use super::*;
use crate::testing::*;

fn account() -> NewAccount {
    let User { username, email, .. } = ada();
    NewAccount { username, email, password: Password::parse("green tea!").unwrap() }
}

#[tokio::test]
async fn an_account_is_kept_with_its_hash_and_its_role() {
    let it = Bench::new();
    let user = register(&it.app, account()).await.unwrap();
    assert_eq!(it.record.only_commit(), [Write::InsertUser(user.clone(), hash_of("green tea!"))]);
    assert_eq!((user.role, user.created_at), (Role::Customer, NOW));
    assert_eq!(create_operator(&it.app, account()).await.unwrap().role, Role::Operator);
}

#[tokio::test]
async fn what_is_taken_is_named() {
    let it = Bench::new();
    it.record.refuses(CommitError::Taken(vec![Taken::Username, Taken::Email]));
    let refused = register(&it.app, account()).await;
    assert!(matches!(refused, Err(RegisterError::Taken(it)) if it == [Taken::Username, Taken::Email]));
}

#[tokio::test]
async fn a_busy_hasher_and_a_record_that_is_away_are_said() {
    let mut it = Bench::new();
    for error in [CommitError::Unavailable(away()), CommitError::Stale] {
        it.record.refuses(error);
        assert!(matches!(register(&it.app, account()).await, Err(RegisterError::Unavailable(_))));
    }
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_hash().returning(|_| Err(HasherBusy));
    it.app.hasher = Arc::new(hasher);
    assert!(matches!(register(&it.app, account()).await, Err(RegisterError::Busy(_))));
}
