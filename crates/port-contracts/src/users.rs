//! The suite for users: accounts, logins, passwords.

use domain::{Email, PasswordHash, Role, Timestamp, User, UserId, UserKey, Username};
use ports::{AccountConflict, CommitError, UnitOfWork, Write};

use crate::{
    Backend,
    backend::is_stale,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! users {
    ($($fixture:tt)+) => { $crate::stamp! { users:
        a_user_is_read_back_as_written
        a_login_is_a_name_or_an_address_in_any_case
        a_name_wins_over_an_address
        case_is_folded_as_the_domain_folds_it
        a_taken_name_or_address_is_named_regardless_of_case
        names_and_addresses_do_not_take_each_other
        one_of_many_accounts_of_one_name_is_made
        a_password_changes_only_from_the_hash_that_was_checked
        one_of_many_password_changes_wins
        a_required_password_writes_nothing
        what_is_taken_can_be_read_before
        the_highest_cost_is_that_of_all_hashes_as_they_are
        a_closed_account_passes_no_required_password
        a_user_changes_only_from_the_stamp_that_was_read
        one_of_many_changes_of_a_user_wins
        an_address_is_verified_as_it_was_read_and_until_it_changes
        users_who_changed_are_read_oldest_change_first_and_page_by_page
        operators_are_listed_by_row
        ; $($fixture)+
    } };
}

async fn login(backend: &Backend, login: &str) -> Option<User> {
    backend.users.find_credentials(login).await.expect("read").map(|it| it.user)
}

fn account(user: &User) -> Write {
    Write::InsertUser(user.clone(), sample::hash("first"))
}

fn named(username: &str, email: &str) -> User {
    User { username: Username::new(username.into()), email: Email::new(email.into()), ..sample::user() }
}

async fn taken(backend: &Backend, user: &User) -> Vec<AccountConflict> {
    match backend.expect_refusal([account(user)]).await {
        CommitError::AccountConflict(taken) => taken,
        error @ (CommitError::Stale
        | CommitError::OutOfStock(_)
        | CommitError::LimitReached(_)
        | CommitError::Claimed(_)
        | CommitError::DuplicateEvent
        | CommitError::Failed(_)) => panic!("refused as taken, not as {error:?}"),
    }
}

/// By id, by login and by key; customers and operators.
pub async fn a_user_is_read_back_as_written(backend: &Backend) {
    for role in [Role::Customer, Role::Operator] {
        let user = User { role, ..sample::user() };
        assert_eq!(backend.users.find_user(&user.id).await.expect("read"), None, "not there yet");
        assert_eq!(backend.users.find_password_hash(user.key).await.expect("read"), None, "no hash yet");
        backend.commit([Write::InsertUser(user.clone(), sample::hash("secret"))]).await;
        assert_eq!(backend.users.find_user(&user.id).await.expect("read").as_ref(), Some(&user), "by id");
        assert_eq!(
            backend.users.find_user_by_key(user.key).await.expect("read").as_ref(),
            Some(&user),
            "by key"
        );
        let found =
            backend.users.find_credentials(user.username.as_str()).await.expect("read").expect("by name");
        assert_eq!(found.user, user, "by name");
        assert!(found.hash == sample::hash("secret"), "with the hash");
        let hash = backend.users.find_password_hash(user.key).await.expect("read");
        assert!(hash == Some(sample::hash("secret")), "the hash by key");
    }
    assert_eq!(backend.users.find_user(&UserId::new("nobody".into())).await.expect("read"), None);
    assert_eq!(backend.users.find_user_by_key(UserKey::new(1)).await.expect("read"), None);
    assert_eq!(backend.users.find_password_hash(UserKey::new(1)).await.expect("read"), None);
}

/// A login is found however the user writes its case.
pub async fn a_login_is_a_name_or_an_address_in_any_case(backend: &Backend) {
    let user = backend.user().await;
    for text in [user.username.as_str(), user.email.as_str()] {
        for spelling in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
            assert_eq!(login(backend, &spelling).await.as_ref(), Some(&user), "{spelling}");
        }
    }
    let name = user.username.as_str();
    for wrong in ["", "nobody", "%", "Ada_", &format!("{name}x"), &format!("{name} "), &format!(" {name}")] {
        assert_eq!(login(backend, wrong).await, None, "{wrong}");
    }
}

/// An adopted name, which follows no rule of today, can be the address of another user.
pub async fn a_name_wins_over_an_address(backend: &Backend) {
    let addressed = named("first", "Bob@Example.com");
    let namesake = named("bob@example.COM", "second@example.com");
    backend.commit([account(&addressed)]).await;
    assert_eq!(login(backend, "bob@example.com").await, Some(addressed), "while no name is like it");
    backend.commit([account(&namesake)]).await;
    assert_eq!(login(backend, "bob@example.com").await, Some(namesake), "the name wins");
}

/// Also beyond ASCII. Accents are not a matter of case and stay different.
pub async fn case_is_folded_as_the_domain_folds_it(backend: &Backend) {
    let user = named("JÜRGEN", "juergen@example.com");
    backend.commit([account(&user)]).await;
    for spelling in ["jürgen", "JÜRGEN"] {
        assert_eq!(login(backend, spelling).await.as_ref(), Some(&user), "{spelling}");
    }
    assert_eq!(login(backend, "jurgen").await, None, "without the accent it is another name");
    assert_eq!(taken(backend, &named("Jürgen", "other@example.com")).await, [AccountConflict::Username]);
    backend.commit([account(&named("jurgen", "third@example.com"))]).await;
}

/// The name, the address, or both, of one account or of two.
pub async fn a_taken_name_or_address_is_named_regardless_of_case(backend: &Backend) {
    backend
        .commit([account(&named("Ada", "ada@example.com")), account(&named("Bob", "bob@example.com"))])
        .await;
    assert_eq!(taken(backend, &named("aDA", "new@example.com")).await, [AccountConflict::Username]);
    assert_eq!(taken(backend, &named("new", "ADA@example.COM")).await, [AccountConflict::Email]);
    for (name, address) in [("ADA", "Ada@Example.com"), ("ada", "BOB@example.com")] {
        let both = taken(backend, &named(name, address)).await;
        let named = both.contains(&AccountConflict::Username)
            && both.contains(&AccountConflict::Email)
            && both.len() == 2;
        assert!(named, "both are named once, not {both:?}");
    }
    assert_eq!(login(backend, "new").await, None, "and no account was made");
}

/// Names are unique among names, and addresses among addresses.
pub async fn names_and_addresses_do_not_take_each_other(backend: &Backend) {
    backend.commit([account(&named("first", "cy@example.com"))]).await;
    backend.commit([account(&named("cy@example.com", "dee@example.com"))]).await;
}

/// The other units are refused with the name that is taken.
pub async fn one_of_many_accounts_of_one_name_is_made(backend: &Backend) {
    let race = backend.race(|| {
        UnitOfWork::new()
            .with_write(account(&User { username: Username::new("Eve".into()), ..sample::user() }))
    });
    race.await.assert_outcome(
        1,
        |error| matches!(error, CommitError::AccountConflict(taken) if *taken == [AccountConflict::Username]),
    );
}

/// A change from any other hash is stale.
pub async fn a_password_changes_only_from_the_hash_that_was_checked(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let change = |from: &str, to: &str| Write::ChangePassword {
        user: user.key,
        from: sample::hash(from),
        to: sample::hash(to),
    };
    backend.expect_stale([change("wrong", "second")]).await;
    backend.expect_stale([change("FIRST", "second")]).await;
    backend.commit([change("first", "second")]).await;
    backend.expect_stale([change("first", "third")]).await;
    let hash = backend.users.find_password_hash(user.key).await.expect("read");
    assert!(hash == Some(sample::hash("second")), "the one change that was allowed");
    let hash = backend.users.find_password_hash(other.key).await.expect("read");
    assert!(hash == Some(sample::hash("first")), "no other user's");
}

/// All others checked an outdated hash and are stale.
pub async fn one_of_many_password_changes_wins(backend: &Backend) {
    let user = backend.user().await;
    let race = backend.race(|| {
        let to = sample::hash(&sample::next_number().to_string());
        UnitOfWork::new().with_write(Write::ChangePassword {
            user: user.key,
            from: sample::hash("first"),
            to,
        })
    });
    race.await.assert_outcome(1, is_stale);
}

/// It only refuses a login whose password was changed since it was checked.
pub async fn a_required_password_writes_nothing(backend: &Backend) {
    let user = backend.user().await;
    backend.commit([Write::RequirePassword(user.key, sample::hash("first"))]).await;
    assert!(
        backend.users.find_password_hash(user.key).await.expect("read") == Some(sample::hash("first")),
        "unchanged"
    );
    backend.expect_stale([Write::RequirePassword(user.key, sample::hash("second"))]).await;
    backend.expect_stale([Write::RequirePassword(UserKey::new(1), sample::hash("first"))]).await;
}

/// The read gives the same conflicts as a commit would.
pub async fn what_is_taken_can_be_read_before(backend: &Backend) {
    let read = async |user: &User| {
        backend.users.find_account_conflicts(&user.username, &user.email).await.expect("read")
    };
    let cases = [
        ("aDA", "new@example.com"),
        ("new", "ADA@example.COM"),
        ("ADA", "Ada@Example.com"),
        ("ada", "BOB@example.com"),
    ];
    for (name, address) in cases {
        assert_eq!(read(&named(name, address)).await, [], "no account yet");
    }
    backend
        .commit([account(&named("Ada", "ada@example.com")), account(&named("Bob", "bob@example.com"))])
        .await;
    for (name, address) in cases {
        let candidate = named(name, address);
        assert_eq!(read(&candidate).await, taken(backend, &candidate).await, "{name} {address}");
    }
    assert_eq!(read(&named("ada@example.com", "cy@example.com")).await, [], "an address is no name");
}

/// After a new account, and after a change of a password.
pub async fn the_highest_cost_is_that_of_all_hashes_as_they_are(backend: &Backend) {
    let cost = async || backend.users.highest_hash_cost().await.expect("read");
    let hash = |cost: u32| PasswordHash::new(format!("$2b${cost:02}${:.>53}", ""));
    assert_eq!(cost().await, 0, "no account yet");
    let (first, second) = (sample::user(), sample::user());
    backend.commit([Write::InsertUser(first.clone(), hash(12))]).await;
    backend.commit([Write::InsertUser(second, PasswordHash::new("none".into()))]).await;
    assert_eq!(cost().await, 12);
    backend.commit([Write::ChangePassword { user: first.key, from: hash(12), to: hash(9) }]).await;
    assert_eq!(cost().await, 9);
}

fn update(user: &User, read: Option<Timestamp>) -> Write {
    Write::UpdateUser { user: user.clone(), read }
}

async fn read_back(backend: &Backend, user: &User) -> Option<User> {
    backend.users.find_user_by_key(user.key).await.expect("read")
}

/// A login that was checked just before the account was disabled starts no session.
pub async fn a_closed_account_passes_no_required_password(backend: &Backend) {
    let user = backend.user().await;
    backend.commit([update(&user.with_disabled_flag(true, at(9)), None)]).await;
    backend.expect_stale([Write::RequirePassword(user.key, sample::hash("first"))]).await;
    let open = user.with_disabled_flag(true, at(9)).with_disabled_flag(false, at(10));
    backend.commit([update(&open, Some(at(9)))]).await;
    backend.commit([Write::RequirePassword(user.key, sample::hash("first"))]).await;
}

/// Only role, `disabled` and `changed_at` change, and only of this user.
pub async fn a_user_changes_only_from_the_stamp_that_was_read(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let operator = user.with_role(Role::Operator, at(9));
    backend.expect_stale([update(&operator, Some(at(9)))]).await;
    backend.commit([update(&operator, None)]).await;
    assert_eq!(read_back(backend, &user).await.as_ref(), Some(&operator));
    backend.expect_stale([update(&user.with_role(Role::Customer, at(10)), None)]).await;
    let closed =
        User { username: Username::new("other".into()), ..operator.with_disabled_flag(true, at(10)) };
    backend.commit([update(&closed, Some(at(9)))]).await;
    let closed = User { username: user.username.clone(), ..closed };
    assert_eq!(read_back(backend, &user).await, Some(closed), "the name stays");
    assert_eq!(read_back(backend, &other).await.as_ref(), Some(&other), "no other user");
    backend.expect_stale([update(&sample::user(), None)]).await;
}

/// All others read an outdated `changed_at` and are stale.
pub async fn one_of_many_changes_of_a_user_wins(backend: &Backend) {
    let user = backend.user().await;
    let race = backend.race(|| {
        let stamp = at(sample::next_number().rem_euclid(1_000_000));
        UnitOfWork::new().with_write(update(&user.with_role(Role::Operator, stamp), None))
    });
    race.await.assert_outcome(1, is_stale);
}

/// Users that were never changed are not listed.
pub async fn users_who_changed_are_read_oldest_change_first_and_page_by_page(backend: &Backend) {
    let mut all = Vec::new();
    for seconds in [20, 20, 21, 5, 20] {
        let user = backend.user().await.with_role(Role::Operator, at(seconds));
        backend.commit([update(&user, None)]).await;
        all.push(user);
    }
    backend.user().await;
    all.sort_by_key(|it| (it.changed_at, it.key));
    let early = all.remove(0);
    let (mut since, mut after, mut read) = (at(20), None, Vec::new());
    for _ in 0..all.len() {
        let page = backend.users.list_changed_users(since, after, 1).await.expect("read");
        let last = page.first().expect("one more");
        (since, after) = (last.at, Some(last.key));
        read.extend(page.into_iter().filter_map(|it| it.user));
    }
    assert_eq!(read, all);
    assert_eq!(backend.users.list_changed_users(since, after, 1).await.expect("read"), []);
    let from_the_first = backend.users.list_changed_users(at(0), None, 100).await.expect("read");
    assert_eq!(from_the_first.first().and_then(|it| it.user.as_ref()), Some(&early));
    assert_eq!(from_the_first.len(), all.len() + 1, "and no one else");
}

/// Including disabled accounts, without customers.
pub async fn operators_are_listed_by_row(backend: &Backend) {
    backend.user().await;
    let mut all = Vec::new();
    for _ in 0..3 {
        let user = User { role: Role::Operator, disabled: all.len() == 1, ..sample::user() };
        backend.commit([account(&user)]).await;
        all.push(user);
    }
    let list =
        async |after: Option<UserKey>, limit| backend.users.list_operators(after, limit).await.expect("read");
    assert_eq!(list(None, 10).await, all);
    let [first, second, third] = all.as_slice() else { panic!("three were kept") };
    assert_eq!(list(None, 2).await, [first.clone(), second.clone()]);
    assert_eq!(list(Some(second.key), 2).await, std::slice::from_ref(third));
}

/// It changes with `changed_at`, so that every instance reads the change, and nothing else changes. Of many at once one
/// wins; a change of the address ends it.
pub async fn an_address_is_verified_as_it_was_read_and_until_it_changes(backend: &Backend) {
    let user = backend.user().await;
    let next = user.with_verified_email(at(5));
    let verify = |user: User, read| Write::VerifyEmail { user, read };
    backend.expect_stale([verify(next.clone(), Some(at(1)))]).await;
    let written = User { disabled: true, email_revision: 9, ..next.clone() };
    let race = backend.race(|| UnitOfWork::new().with_write(verify(written.clone(), None)));
    race.await.assert_outcome(1, is_stale);
    assert_eq!(backend.users.find_user(&user.id).await.expect("read"), Some(next.clone()));
    let changed = backend.users.list_changed_users(at(5), None, 10).await.expect("read");
    assert_eq!(changed.into_iter().map(|it| it.user).collect::<Vec<_>>(), [Some(next.clone())]);
    let moved = next.with_email(Email::new(format!("moved-{}", user.email.as_str())), at(6));
    backend.commit([Write::ChangeEmail { user: moved.clone(), read: next.changed_at }]).await;
    let found = backend.users.find_user(&user.id).await.expect("read").expect("it is there");
    assert_eq!((found.email_verified_at, found.email_revision, found), (None, 1, moved.clone()));
    let again = moved.with_verified_email(at(7));
    backend.commit([verify(again, moved.changed_at)]).await;
}
