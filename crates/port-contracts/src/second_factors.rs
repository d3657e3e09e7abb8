//! The suite for second factors: enrolment, codes that are good once, and the row of the user.

use domain::{SecondFactor, User};
use ports::{SecondFactorWrite, UnitOfWork, Write};

use crate::{
    Backend,
    backend::is_stale,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! second_factors {
    ($($fixture:tt)+) => { $crate::stamp! { second_factors:
        an_enrolment_replaces_one_that_is_not_in_force
        a_factor_in_force_is_not_enrolled_over
        one_of_many_uses_of_a_code_wins
        a_factor_is_replaced_only_as_it_was_read
        the_row_of_the_user_says_since_when_it_is_in_force
        a_login_without_a_code_begins_no_session_once_one_is_needed
        dropping_a_factor_leaves_nothing_and_may_be_repeated
        a_factor_that_is_in_force_by_now_is_not_dropped_as_one_that_is_not
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, user: &User) -> Option<SecondFactor> {
    backend.second_factors.find_second_factor(user.key).await.expect("read")
}

fn write(it: SecondFactorWrite) -> Write {
    Write::SecondFactor(Box::new(it))
}

fn enrol(factor: &SecondFactor) -> Write {
    write(SecondFactorWrite::Enrol(factor.clone()))
}

fn replace(factor: &SecondFactor) -> Write {
    write(SecondFactorWrite::Replace(factor.clone()))
}

/// A factor in force, of a new user.
async fn confirmed(backend: &Backend) -> (User, SecondFactor) {
    let user = backend.user().await;
    let pending = sample::second_factor(&user);
    let next = pending.confirm(5, at(3)).expect("it is not in force");
    let in_force = user.with_second_factor(Some(at(3)), at(3));
    let set = SecondFactorWrite::Set { user: in_force.clone(), read: None };
    backend.commit([enrol(&pending)]).await;
    backend.commit([write(set), replace(&next)]).await;
    (in_force, next)
}

/// The newer secret is the one that counts.
pub async fn an_enrolment_replaces_one_that_is_not_in_force(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    assert_eq!(found(backend, &user).await, None);
    let (first, theirs) = (sample::second_factor(&user), sample::second_factor(&other));
    let second = SecondFactor { sealed_secret: "another".to_owned(), created_at: at(9), ..first.clone() };
    for factor in [&first, &theirs, &second] {
        backend.commit([enrol(factor)]).await;
    }
    assert_eq!(found(backend, &user).await, Some(second));
    assert_eq!(found(backend, &other).await, Some(theirs), "each user has one of its own");
}

/// And stays as it is.
pub async fn a_factor_in_force_is_not_enrolled_over(backend: &Backend) {
    let (user, factor) = confirmed(backend).await;
    backend.expect_stale([enrol(&sample::second_factor(&user))]).await;
    assert_eq!(found(backend, &user).await, Some(factor));
}

/// Of logins at once with the code of one step one succeeds, and so with one recovery code.
pub async fn one_of_many_uses_of_a_code_wins(backend: &Backend) {
    let (user, factor) = confirmed(backend).await;
    let by_step = factor.spend_step(9).expect("it is newer");
    let race = backend.race(|| UnitOfWork::new().with_write(replace(&by_step)));
    race.await.assert_outcome(1, is_stale);
    let used = by_step.recovery_digests.first().cloned();
    let by_recovery = by_step.spend_recovery_code(used.as_slice()).expect("it is left");
    let race = backend.race(|| UnitOfWork::new().with_write(replace(&by_recovery)));
    race.await.assert_outcome(1, is_stale);
    assert_eq!(found(backend, &user).await, Some(by_recovery));
}

/// By its revision and its secret, because the revision begins again with each enrolment; a factor that is not there is
/// stale, too.
pub async fn a_factor_is_replaced_only_as_it_was_read(backend: &Backend) {
    let (user, factor) = confirmed(backend).await;
    let next = factor.spend_step(9).expect("it is newer");
    backend.expect_stale([replace(&factor)]).await;
    backend.expect_stale([replace(&SecondFactor { revision: next.revision + 1, ..next.clone() })]).await;
    backend
        .expect_stale([replace(&SecondFactor { sealed_secret: "another".to_owned(), ..next.clone() })])
        .await;
    backend.expect_stale([replace(&sample::second_factor(&backend.user().await))]).await;
    assert_eq!(found(backend, &user).await, Some(factor));
    let none_left = SecondFactor { recovery_digests: Vec::new(), ..next };
    backend.commit([replace(&none_left)]).await;
    assert_eq!(found(backend, &user).await, Some(none_left));
}

/// It changes with `changed_at`, so that every instance reads the change, and nothing else changes.
pub async fn the_row_of_the_user_says_since_when_it_is_in_force(backend: &Backend) {
    let user = backend.user().await;
    let next = user.with_second_factor(Some(at(5)), at(5));
    let written = User { disabled: true, ..next.clone() };
    let set = |user: &User, read| write(SecondFactorWrite::Set { user: user.clone(), read });
    backend.expect_stale([set(&next, Some(at(1)))]).await;
    backend.commit([set(&written, None)]).await;
    backend.expect_stale([set(&next, None)]).await;
    assert_eq!(backend.users.find_user(&user.id).await.expect("read"), Some(next.clone()));
    let known = backend.users.find_credentials(user.username.as_str()).await.expect("read");
    assert_eq!(known.map(|it| it.user), Some(next.clone()));
    let changed = backend.users.list_changed_users(at(5), None, 10).await.expect("read");
    assert_eq!(changed.into_iter().map(|it| it.user).collect::<Vec<_>>(), [Some(next.clone())]);
    backend.expect_stale([write(SecondFactorWrite::RequireNone(user.key))]).await;
    backend.commit([set(&next.with_second_factor(None, at(6)), next.changed_at)]).await;
    backend.commit([write(SecondFactorWrite::RequireNone(user.key))]).await;
}

/// Also if its password was checked before.
pub async fn a_login_without_a_code_begins_no_session_once_one_is_needed(backend: &Backend) {
    let user = backend.user().await;
    let next = user.with_second_factor(Some(at(5)), at(5));
    backend.commit([write(SecondFactorWrite::Set { user: next, read: None })]).await;
    let session = sample::session(&user);
    let login = [
        write(SecondFactorWrite::RequireNone(user.key)),
        Write::InsertSession(session.clone(), sample::origin()),
    ];
    backend.expect_stale(login).await;
    assert_eq!(backend.sessions.find_session(&session.id).await.expect("read"), None);
}

/// In force or not.
pub async fn dropping_a_factor_leaves_nothing_and_may_be_repeated(backend: &Backend) {
    let (user, _) = confirmed(backend).await;
    let (_, theirs) = confirmed(backend).await;
    for _ in 0..2 {
        backend.commit([write(SecondFactorWrite::Drop(user.key))]).await;
        assert_eq!(found(backend, &user).await, None);
    }
    let kept = backend.second_factors.find_second_factor(theirs.user).await.expect("read");
    assert_eq!(kept, Some(theirs), "of another user");
}

/// The row of the user must not go on to say that a factor is in force which was deleted.
pub async fn a_factor_that_is_in_force_by_now_is_not_dropped_as_one_that_is_not(backend: &Backend) {
    let reset = |user: &User| {
        [write(SecondFactorWrite::RequireNone(user.key)), write(SecondFactorWrite::Drop(user.key))]
    };
    let (user, factor) = confirmed(backend).await;
    backend.expect_stale(reset(&user)).await;
    assert_eq!(found(backend, &user).await, Some(factor));
    let other = backend.user().await;
    backend.commit([enrol(&sample::second_factor(&other))]).await;
    backend.commit(reset(&other)).await;
    assert_eq!(found(backend, &other).await, None);
}
