//! The suite for what is to be done about accounts: mails, password resets, new addresses and erasures.

mod resets;

pub use resets::*;

use domain::{Email, MailKey, Network, PasswordHash, Timestamp, User, UserKey, session::SessionOrigin};
use ports::{
    AccountConflict, CommitError, ErasureProgress, MailKind, OpenLimit, OrderCursor, QueuedMail, UnitOfWork,
    UserErasure, Write,
};

use crate::{
    Backend,
    backend::{first_batch, is_stale},
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! account_tasks {
    ($($fixture:tt)+) => { $crate::stamp! { account_tasks:
        mails_are_due_by_kind_longest_due_first
        one_of_many_attempts_at_a_mail_begins
        a_mail_is_deleted_only_as_it_was_read
        a_newer_reset_replaces_the_older_one_with_its_token
        an_older_reset_replaces_no_newer_one
        a_reset_is_requested_only_for_the_account_that_was_read
        a_token_is_set_only_for_the_reset_that_was_read
        one_of_many_uses_of_a_token_wins
        an_expired_or_dropped_reset_cannot_be_used
        of_a_reset_and_a_change_of_address_in_one_batch_one_succeeds
        an_address_changes_only_from_the_stamp_that_was_read
        a_taken_address_is_named_and_the_own_name_is_not
        an_erased_user_is_found_by_nothing_it_had
        an_erasure_is_guarded_by_hash_and_stamp
        a_closed_count_refuses_every_order
        an_unpaid_or_uncounted_order_keeps_the_count_open
        of_orders_and_an_erasure_at_once_one_side_wins
        an_erasure_moves_on_only_from_where_it_was_read
        personal_rows_are_erased_in_steps_and_only_those_of_the_user
        ; $($fixture)+
    } };
}

fn mail(kind: MailKind, due: i64) -> QueuedMail {
    QueuedMail {
        key: MailKey::new(sample::next_number()),
        kind,
        recipient: Email::new("Ada@Example.com".to_owned()),
        user: None,
        attempts: 0,
        created_at: at(0),
        due_at: at(due),
        expires_at: at(1_000),
    }
}

async fn due(backend: &Backend, kind: MailKind, now: i64) -> Vec<QueuedMail> {
    backend.account_tasks.list_due_mails(kind, at(now), first_batch(10)).await.expect("read")
}

fn erasure(user: &User, from: PasswordHash) -> Write {
    let label = sample::next_number().to_string();
    let to = PasswordHash::new("*".to_owned());
    let erased = user.erase(&label, at(50));
    Write::EraseUser(Box::new(UserErasure { user: erased, read: user.changed_at, from, to, at: at(50) }))
}

/// By kind; a mail that is not due yet is not listed, and neither is one that waits for its next attempt.
pub async fn mails_are_due_by_kind_longest_due_first(backend: &Backend) {
    let late = mail(MailKind::PasswordReset, 9);
    let early = QueuedMail { user: Some(UserKey::new(7)), ..mail(MailKind::PasswordReset, 3) };
    let other = mail(MailKind::ResetRequest, 1);
    let all = [late.clone(), early.clone(), other.clone()].map(Write::QueueMail);
    backend.commit(all).await;
    assert_eq!(due(backend, MailKind::PasswordReset, 2).await, []);
    assert_eq!(due(backend, MailKind::PasswordReset, 3).await, std::slice::from_ref(&early));
    assert_eq!(due(backend, MailKind::PasswordReset, 9).await, [early.clone(), late.clone()]);
    assert_eq!(due(backend, MailKind::ResetRequest, 9).await, [other]);
    assert_eq!(due(backend, MailKind::EmailChanged, 9).await, []);
    backend.commit([Write::BeginMail { key: early.key, attempts: 0, due_at: at(20) }]).await;
    assert_eq!(due(backend, MailKind::PasswordReset, 19).await, [late]);
    let again = due(backend, MailKind::PasswordReset, 20).await;
    assert_eq!(again.last(), Some(&QueuedMail { attempts: 1, due_at: at(20), ..early }));
}

/// So two instances never send one mail at the same time.
pub async fn one_of_many_attempts_at_a_mail_begins(backend: &Backend) {
    let it = mail(MailKind::EmailChanged, 1);
    backend.commit([Write::QueueMail(it.clone())]).await;
    let begin = || Write::BeginMail { key: it.key, attempts: 0, due_at: at(9) };
    backend.race(|| UnitOfWork::new().with_write(begin())).await.assert_outcome(1, is_stale);
    let left = due(backend, MailKind::EmailChanged, 9).await;
    assert_eq!(left.iter().map(|it| it.attempts).collect::<Vec<_>>(), [1]);
}

/// An attempt that began meanwhile may still send it.
pub async fn a_mail_is_deleted_only_as_it_was_read(backend: &Backend) {
    let it = mail(MailKind::EmailChanged, 1);
    backend.commit([Write::QueueMail(it.clone())]).await;
    backend.expect_stale([Write::DeleteMail { key: it.key, attempts: 1 }]).await;
    backend.commit([Write::DeleteMail { key: it.key, attempts: 0 }]).await;
    assert_eq!(due(backend, MailKind::EmailChanged, 9).await, []);
    backend.expect_stale([Write::DeleteMail { key: it.key, attempts: 0 }]).await;
    backend.expect_stale([Write::BeginMail { key: it.key, attempts: 0, due_at: at(9) }]).await;
}

/// The new address logs in at once, and the old one is free; nothing else of the user changes.
pub async fn an_address_changes_only_from_the_stamp_that_was_read(backend: &Backend) {
    let user = backend.user().await;
    let next = user.with_email(Email::new("New@Example.com".to_owned()), at(5));
    backend.expect_stale([Write::ChangeEmail { user: next.clone(), read: Some(at(1)) }]).await;
    let written = User { role: domain::Role::Operator, ..next.clone() };
    backend.commit([Write::ChangeEmail { user: written, read: None }]).await;
    backend.expect_stale([Write::ChangeEmail { user: next.clone(), read: None }]).await;
    let found = backend.users.find_credentials("new@example.COM").await.expect("read").map(|it| it.user);
    assert_eq!(found, Some(next.clone()));
    let old = backend.users.find_credentials(user.email.as_str()).await.expect("read");
    assert!(old.is_none(), "the old address is free");
    let changed = backend.users.list_changed_users(at(5), None, 10).await.expect("read");
    assert_eq!(changed.into_iter().map(|it| it.user).collect::<Vec<_>>(), [Some(next.clone())]);
    let upper = next.with_email(Email::new("NEW@EXAMPLE.COM".to_owned()), at(6));
    backend.commit([Write::ChangeEmail { user: upper, read: Some(at(5)) }]).await;
}

/// Of two that take one address at once, one gets it.
pub async fn a_taken_address_is_named_and_the_own_name_is_not(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let upper = Email::new(other.email.as_str().to_uppercase());
    let taken =
        backend.expect_refusal([Write::ChangeEmail { user: user.with_email(upper, at(5)), read: None }]);
    let taken = taken.await;
    assert!(
        matches!(&taken, CommitError::AccountConflict(it) if *it == [AccountConflict::Email]),
        "{taken:?}"
    );
    let found = backend.users.find_user(&user.id).await.expect("read");
    assert_eq!(found, Some(user.clone()));
    let mut users = vec![];
    for _ in 0..crate::backend::RIVALS {
        users.push(backend.user().await);
    }
    let wanted = Email::new("wanted@example.com".to_owned());
    let race = backend.race(|| {
        let user = users.pop().expect("one for each").with_email(wanted.clone(), at(5));
        UnitOfWork::new().with_write(Write::ChangeEmail { user, read: None })
    });
    let is_taken = |it: &CommitError| matches!(it, CommitError::AccountConflict(_));
    race.await.assert_outcome(1, is_taken);
}

/// Name and address are free again, no password fits, and the row keeps its id.
pub async fn an_erased_user_is_found_by_nothing_it_had(backend: &Backend) {
    let user = backend.user().await;
    backend.commit([Write::InsertSession(sample::session(&user), sample::origin())]).await;
    backend.commit([erasure(&user, sample::hash("first"))]).await;
    for login in [user.username.as_str(), user.email.as_str()] {
        assert!(backend.users.find_credentials(login).await.expect("read").is_none(), "{login}");
    }
    let left = backend.users.find_account(&user.id).await.expect("read").expect("the row stays");
    assert!(left.user.is_erased() && left.user.disabled);
    assert_eq!((left.user.key, left.user.changed_at, left.last_login_at), (user.key, Some(at(50)), None));
    assert!(backend.users.find_password_hash(user.key).await.expect("read") != Some(sample::hash("first")));
    let namesake = User { username: user.username.clone(), email: user.email.clone(), ..sample::user() };
    backend.commit([Write::InsertUser(namesake, sample::hash("first"))]).await;
    let open = backend.account_tasks.list_open_erasures(first_batch(10)).await.expect("read");
    assert_eq!(open.iter().map(|it| (it.user, it.erased_at)).collect::<Vec<_>>(), [(user.key, at(50))]);
    assert_eq!(open.first().map(|it| &it.progress), Some(&ErasureProgress::Archive(None)));
}

/// A password or a role that changed meanwhile makes it stale, and an account is erased once.
pub async fn an_erasure_is_guarded_by_hash_and_stamp(backend: &Backend) {
    let user = backend.user().await;
    backend.expect_stale([erasure(&user, sample::hash("other"))]).await;
    let read = User { changed_at: Some(at(1)), ..user.clone() };
    backend.expect_stale([erasure(&read, sample::hash("first"))]).await;
    backend.commit([erasure(&user, sample::hash("first"))]).await;
    backend.expect_stale([erasure(&user, sample::hash("first"))]).await;
    backend
        .expect_stale([Write::UpdateUser { user: user.with_disabled_flag(false, at(60)), read: None }])
        .await;
    backend.expect_stale([Write::RequirePassword(user.key, sample::hash("first"))]).await;
}

/// Of a user who has placed orders, and of one who never has.
pub async fn a_closed_count_refuses_every_order(backend: &Backend) {
    for placed in [0, 1] {
        let (user, product) = (backend.user().await, backend.product(None).await);
        let order = sample::order(&user, &[(&product, 1)]);
        if placed > 0 {
            backend.commit([sample::counted(&order, 10, 10), sample::insert_order(&order)]).await;
            backend.commit([Write::RemoveOpenOrder { owner: user.key, lines: vec![] }]).await;
        }
        backend.commit([Write::CloseOpenOrders { owner: user.key, placed }]).await;
        let next = sample::order(&user, &[(&product, 1)]);
        let writes = [sample::counted(&next, u32::MAX, u32::MAX), sample::insert_order(&next)];
        let refused = backend.expect_refusal(writes).await;
        assert!(matches!(refused, CommitError::LimitReached(OpenLimit::Orders)), "{placed}: {refused:?}");
        let account = backend.users.find_account(&user.id).await.expect("read").expect("there");
        assert_eq!(account.order_count, placed);
    }
}

/// An unpaid order; one that was placed and paid since the count was read; or one fewer than was read.
pub async fn an_unpaid_or_uncounted_order_keeps_the_count_open(backend: &Backend) {
    let (user, product) = (backend.user().await, backend.product(None).await);
    let order = sample::order(&user, &[(&product, 1)]);
    let close = |placed| [Write::CloseOpenOrders { owner: user.key, placed }];
    backend.expect_stale(close(1)).await;
    backend.commit([sample::counted(&order, 10, 10), sample::insert_order(&order)]).await;
    backend.expect_stale(close(1)).await;
    backend.commit([Write::RemoveOpenOrder { owner: user.key, lines: vec![] }]).await;
    backend.expect_stale(close(0)).await;
    backend.commit(close(1)).await;
}

/// No order is placed by an account that is erased, and no account is erased that has just placed one.
pub async fn of_orders_and_an_erasure_at_once_one_side_wins(backend: &Backend) {
    let (user, product) = (backend.user().await, backend.product(None).await);
    let mut number = 0;
    let race = backend.race(|| {
        number += 1;
        let order = sample::order(&user, &[(&product, 1)]);
        UnitOfWork::new().with_writes(if number % 2 == 0 {
            vec![sample::counted(&order, 1, 10), sample::insert_order(&order)]
        } else {
            let close = Write::CloseOpenOrders { owner: user.key, placed: 0 };
            vec![erasure(&user, sample::hash("first")), close]
        })
    });
    let is_lost = |it: &CommitError| is_stale(it) || matches!(it, CommitError::LimitReached(_));
    race.await.assert_outcome(1, is_lost);
    let account = backend.users.find_account(&user.id).await.expect("read").expect("there");
    assert_eq!(account.user.is_erased(), account.order_count == 0);
}

/// So two instances do not overtake each other; one that is finished is listed no more.
pub async fn an_erasure_moves_on_only_from_where_it_was_read(backend: &Backend) {
    let user = backend.user().await;
    backend.commit([erasure(&user, sample::hash("first"))]).await;
    let cursor = OrderCursor { at: at(7), number: domain::OrderNumber::new("o-7".to_owned()) };
    let steps = [
        ErasureProgress::Archive(None),
        ErasureProgress::Orders(None),
        ErasureProgress::Orders(Some(cursor)),
        ErasureProgress::Waiting,
        ErasureProgress::Rows,
        ErasureProgress::Finished,
    ];
    for pair in steps.windows(2) {
        let [from, to] = pair else { continue };
        let step = || Write::AdvanceErasure { user: user.key, from: from.clone(), to: to.clone() };
        backend.commit([step()]).await;
        backend.expect_stale([step()]).await;
        let open = backend.account_tasks.list_open_erasures(first_batch(10)).await.expect("read");
        let open: Vec<_> = open.into_iter().map(|it| it.progress).collect();
        assert_eq!(open, Vec::from_iter((!to.is_finished()).then(|| to.clone())));
    }
}

/// Stored replies, and the networks and user agents of sessions; the sessions themselves stay.
pub async fn personal_rows_are_erased_in_steps_and_only_those_of_the_user(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let network = Network::from_address("192.0.2.77".parse().expect("an address"));
    let origin = || SessionOrigin { network, ..sample::origin() };
    let mut kept = vec![];
    for owner in [&user, &user, &user, &other] {
        let (session, claim) = (sample::session(owner), sample::claim(owner));
        backend.commit([Write::InsertSession(session.clone(), origin()), Write::Claim(claim.clone())]).await;
        kept.push((session, claim));
    }
    for owner in [&user, &other] {
        let to = QueuedMail { user: Some(owner.key), ..mail(MailKind::EmailChanged, 1) };
        backend.commit([Write::QueueMail(to)]).await;
    }
    let has_rows = async |of: &User| backend.account_tasks.has_personal_rows(of.key).await.expect("read");
    let mut steps = 0;
    while has_rows(&user).await {
        steps += 1;
        assert!(steps < 10, "it ends");
        backend.commit([Write::ErasePersonalRows(user.key, 2)]).await;
    }
    assert_eq!(steps, 2);
    assert!(has_rows(&other).await, "of no other user");
    let mails = due(backend, MailKind::EmailChanged, 9).await;
    assert_eq!(mails.iter().map(|it| it.user).collect::<Vec<_>>(), [Some(other.key)]);
    for (session, claim) in &kept {
        let (own, since) = (session.user == user.key, Timestamp::from_millis(0));
        let found = backend.sessions.find_session(&session.id).await.expect("read");
        assert_eq!(found.as_ref(), Some(session), "the session stays");
        let known = backend.sessions.has_logged_in(session.user, network, since).await.expect("read");
        let replied = backend.claims.find_claim(&claim.key).await.expect("read").is_some();
        assert_eq!((known, replied), (!own, !own));
        let shown = backend.sessions.list_live_sessions(session.user, at(0), 9).await.expect("read");
        let shown = shown.into_iter().find(|it| it.session == *session).expect("it is live");
        assert_eq!((shown.network.is_some(), shown.user_agent.is_some()), (!own, !own));
    }
}
