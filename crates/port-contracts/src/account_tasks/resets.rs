//! Requests to reset a password, and the uses of their tokens.

use domain::{Email, User, UserKey};
use ports::{PasswordReset, UnitOfWork, Write};

use super::erasure;
use crate::{
    Backend,
    backend::is_stale,
    sample::{self, at},
};

fn reset(user: &User, requested: i64, digest: Option<&str>) -> PasswordReset {
    let (requested_at, expires_at) = (at(requested), at(requested + 100));
    PasswordReset { user: user.key, requested_at, expires_at, digest: digest.map(str::to_owned) }
}

async fn reset_of(backend: &Backend, user: UserKey) -> Option<PasswordReset> {
    backend.account_tasks.find_reset_of_user(user).await.expect("read")
}

fn use_reset(user: &User, digest: &str, now: i64) -> Write {
    Write::UsePasswordReset { user: user.key, digest: digest.to_owned(), now: at(now) }
}

/// Also when the newer one has no token yet.
pub async fn a_newer_reset_replaces_the_older_one_with_its_token(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    assert_eq!(reset_of(backend, user.key).await, None);
    let old = reset(&user, 1, Some("d-old"));
    backend.commit([Write::RequestPasswordReset(old.clone(), user.clone())]).await;
    backend.commit([Write::RequestPasswordReset(reset(&other, 1, Some("d-other")), other.clone())]).await;
    assert_eq!(reset_of(backend, user.key).await.as_ref(), Some(&old));
    assert_eq!(backend.account_tasks.find_password_reset("d-old").await.expect("read"), Some(old));
    let new = reset(&user, 5, None);
    backend.commit([Write::RequestPasswordReset(new.clone(), user.clone())]).await;
    assert_eq!(reset_of(backend, user.key).await, Some(new));
    assert_eq!(backend.account_tasks.find_password_reset("d-old").await.expect("read"), None);
    backend.expect_stale([use_reset(&user, "d-old", 6)]).await;
    backend.commit([use_reset(&other, "d-other", 6)]).await;
}

/// A request that waited in the queue must not take away the token that an operator has handed over meanwhile.
pub async fn an_older_reset_replaces_no_newer_one(backend: &Backend) {
    let user = backend.user().await;
    backend.commit([Write::RequestPasswordReset(reset(&user, 5, Some("d-new")), user.clone())]).await;
    backend.expect_stale([Write::RequestPasswordReset(reset(&user, 4, None), user.clone())]).await;
    backend.commit([use_reset(&user, "d-new", 6)]).await;
}

/// Else the mail would go to an address that is no longer the account's, or to an account that was erased.
pub async fn a_reset_is_requested_only_for_the_account_that_was_read(backend: &Backend) {
    let user = backend.user().await;
    let request = |read: &User| Write::RequestPasswordReset(reset(&user, 1, None), read.clone());
    let moved = user.with_email(Email::new("moved@example.com".to_owned()), at(5));
    backend.expect_stale([request(&moved)]).await;
    backend.commit([Write::ChangeEmail { user: moved.clone(), read: None }]).await;
    backend.expect_stale([request(&user)]).await;
    backend.commit([request(&moved)]).await;
    backend.commit([Write::DropPasswordReset(user.key)]).await;
    backend.commit([erasure(&moved, sample::hash("first"))]).await;
    backend.expect_stale([request(&moved)]).await;
    assert_eq!(reset_of(backend, user.key).await, None);
}

/// A token that was made for an older request is worth nothing.
pub async fn a_token_is_set_only_for_the_reset_that_was_read(backend: &Backend) {
    let user = backend.user().await;
    let set = |requested: i64, digest: &str| Write::SetResetToken {
        user: user.key,
        requested_at: at(requested),
        digest: digest.to_owned(),
    };
    backend.expect_stale([set(1, "d")]).await;
    backend.commit([Write::RequestPasswordReset(reset(&user, 5, None), user.clone())]).await;
    backend.expect_stale([set(1, "d-1")]).await;
    backend.commit([set(5, "d-2")]).await;
    backend.commit([set(5, "d-3")]).await;
    backend.expect_stale([use_reset(&user, "d-2", 6)]).await;
    backend.commit([use_reset(&user, "d-3", 6)]).await;
}

/// A token is good for one new password, however many requests show it at once.
pub async fn one_of_many_uses_of_a_token_wins(backend: &Backend) {
    let user = backend.user().await;
    backend.commit([Write::RequestPasswordReset(reset(&user, 1, Some("d")), user.clone())]).await;
    let (from, mut number) = (sample::hash("first"), 0);
    let work = || {
        number += 1;
        let to = sample::hash(&format!("new-{number}"));
        UnitOfWork::new().with_writes([
            use_reset(&user, "d", 2),
            Write::RequirePassword(user.key, from.clone()),
            Write::ChangePassword { user: user.key, from: from.clone(), to },
        ])
    };
    backend.race(work).await.assert_outcome(1, is_stale);
    assert_eq!(reset_of(backend, user.key).await, None);
}

/// From the moment at which it expires; dropping what is not there is no error.
pub async fn an_expired_or_dropped_reset_cannot_be_used(backend: &Backend) {
    let user = backend.user().await;
    backend.commit([Write::RequestPasswordReset(reset(&user, 0, Some("d")), user.clone())]).await;
    backend.expect_stale([use_reset(&user, "d", 100)]).await;
    backend.commit([Write::DropPasswordReset(user.key)]).await;
    backend.expect_stale([use_reset(&user, "d", 99)]).await;
    backend.commit([Write::DropPasswordReset(user.key)]).await;
    let other = backend.user().await;
    backend.commit([Write::RequestPasswordReset(reset(&other, 0, Some("d")), other.clone())]).await;
    backend.expect_stale([use_reset(&user, "d", 99)]).await;
    backend.commit([use_reset(&other, "d", 99)]).await;
}

/// Each invalidates the other, so no order lets both succeed.
pub async fn of_a_reset_and_a_change_of_address_in_one_batch_one_succeeds(backend: &Backend) {
    for reset_is_first in [true, false] {
        let user = backend.user().await;
        backend.commit([Write::RequestPasswordReset(reset(&user, 1, Some("d")), user.clone())]).await;
        let (from, to) = (sample::hash("first"), sample::hash("second"));
        let confirmation = UnitOfWork::new().with_writes([
            use_reset(&user, "d", 2),
            Write::RequirePassword(user.key, from.clone()),
            Write::ChangePassword { user: user.key, from: from.clone(), to },
        ]);
        let email = Email::new(format!("moved-{}@example.com", sample::next_number()));
        let change = UnitOfWork::new().with_writes([
            Write::RequirePassword(user.key, from),
            Write::ChangeEmail { user: user.with_email(email, at(5)), read: None },
            Write::DropPasswordReset(user.key),
        ]);
        let mut units = vec![confirmation, change];
        if !reset_is_first {
            units.reverse();
        }
        let outcomes = backend.store.commit_all(units).await;
        let stale = outcomes.iter().filter(|it| it.as_ref().is_err_and(is_stale)).count();
        let done = outcomes.iter().filter(|it| it.is_ok()).count();
        assert_eq!((done, stale), (1, 1), "{outcomes:?}");
    }
}
