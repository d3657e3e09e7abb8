//! The suite for accounts: what operators see of users, and how they find them.

use domain::{Email, User, UserId, Username};
use ports::{Account, AccountCursor, AccountFilter, Prunable, UnitOfWork, Write};

use crate::{
    Backend,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! accounts {
    ($($fixture:tt)+) => { $crate::stamp! { accounts:
        the_last_login_stays_when_its_session_is_forgotten
        every_order_is_counted_once_whatever_becomes_of_it
        accounts_are_listed_newest_first
        an_exact_name_or_address_is_one_account
        a_prefix_finds_each_account_once
        a_search_goes_on_while_accounts_are_made
        a_search_comes_to_its_end_however_many_match_twice
        ; $($fixture)+
    } };
}

/// The most pages that a test reads.
const PAGES_MAX: usize = 1_000;

async fn account(backend: &Backend, user: &User) -> Account {
    backend.users.find_account(&user.id).await.expect("read").expect("the account is there")
}

/// Stores a user with this name and address, made that many seconds after the start.
async fn register(backend: &Backend, username: &str, email: &str, seconds: i64) -> User {
    let user = User {
        username: Username::new(username.into()),
        email: Email::new(email.into()),
        created_at: at(seconds),
        ..sample::user()
    };
    backend.commit([Write::InsertUser(user.clone(), sample::hash("first"))]).await;
    user
}

fn up_to(limit: u32) -> AccountFilter {
    AccountFilter { limit, ..AccountFilter::default() }
}

fn beginning(prefix: &str, limit: u32) -> AccountFilter {
    AccountFilter { prefix: Some(prefix.to_owned()), ..up_to(limit) }
}

fn names(accounts: &[Account]) -> Vec<String> {
    accounts.iter().map(|it| it.user.username.as_str().to_owned()).collect()
}

async fn list(backend: &Backend, filter: AccountFilter) -> Vec<String> {
    let page = backend.users.list_accounts(filter).await.expect("read");
    assert_eq!(page.next, None, "all on one page");
    names(&page.data)
}

/// The accounts of all pages. Before each page but the first, `meanwhile` is called.
async fn walk(backend: &Backend, filter: AccountFilter, meanwhile: impl AsyncFn()) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page = AccountFilter { after, ..filter.clone() };
        let page = backend.users.list_accounts(page).await.expect("read");
        assert!(page.data.len() <= usize::try_from(filter.limit).expect("small"), "{page:?}");
        all.extend(names(&page.data));
        let Some(next) = page.next else { return all };
        after = Some(AccountCursor::parse(&next).expect("a cursor"));
        meanwhile().await;
    }
    panic!("the list has no end: {all:?}");
}

/// It only moves forward, whatever the clocks of instances say.
pub async fn the_last_login_stays_when_its_session_is_forgotten(backend: &Backend) {
    assert_eq!(backend.users.find_account(&UserId::new("nobody".into())).await.expect("read"), None);
    let (user, other) = (backend.user().await, backend.user().await);
    let fresh = Account { user: user.clone(), last_login_at: None, order_count: 0 };
    assert_eq!(account(backend, &user).await, fresh);
    for (seconds, last) in [(5, 5), (9, 9), (3, 9)] {
        let mut session = sample::session(&user);
        session.created_at = at(seconds);
        backend.commit([Write::InsertSession(session, sample::origin())]).await;
        assert_eq!(account(backend, &user).await.last_login_at, Some(at(last)));
    }
    backend.commit([Write::RevokeSessions { user: user.key, except: None, at: at(10) }]).await;
    backend.commit([Write::Prune(Prunable::Sessions, at(1_000_000), 10)]).await;
    assert_eq!(backend.sessions.list_live_sessions(user.key, at(0), 9).await.expect("read"), []);
    assert_eq!(account(backend, &user).await.last_login_at, Some(at(9)));
    assert_eq!(account(backend, &other).await.last_login_at, None);
}

/// One by one and in batches; a refused order is none.
pub async fn every_order_is_counted_once_whatever_becomes_of_it(backend: &Backend) {
    let (user, other, product) =
        (backend.user().await, backend.user().await, backend.product(Some(1_000)).await);
    let unit = |owner: &User, limit: u32| {
        let order = sample::order(owner, &[(&product, 2)]);
        let writes = [sample::counted(&order, limit, 1_000_000), sample::insert_order(&order)];
        (UnitOfWork::new().with_writes(writes), order)
    };
    let (first, order) = unit(&user, 10);
    backend.store.commit(first).await.expect("the first order");
    let paid = Write::RemoveOpenOrder { owner: user.key, lines: order.lines_in_stock().collect() };
    backend.commit([paid]).await;
    assert_eq!(account(backend, &user).await.order_count, 1);
    let batch = (0..5).map(|_| unit(&user, 10).0).chain([unit(&other, 10).0]).collect();
    for outcome in backend.store.commit_all(batch).await {
        outcome.expect("all of the batch");
    }
    let refused = backend.store.commit(unit(&user, 5).0).await;
    assert!(refused.is_err(), "five are unpaid");
    assert_eq!(account(backend, &user).await.order_count, 6);
    assert_eq!(account(backend, &other).await.order_count, 1);
    let page = backend.users.list_accounts(up_to(10)).await.expect("read");
    let listed = page.data.iter().find(|it| it.user == user).expect("listed");
    assert_eq!(listed.order_count, 6, "in a list as well");
}

/// Also those of one millisecond. Accounts that are made meanwhile change no page.
pub async fn accounts_are_listed_newest_first(backend: &Backend) {
    assert_eq!(list(backend, up_to(10)).await, [""; 0]);
    for (name, seconds) in [("ann", 1), ("ben", 2), ("cid", 2), ("dan", 0)] {
        register(backend, name, &format!("{name}@example.com"), seconds).await;
    }
    let expected = ["cid", "ben", "ann", "dan"];
    assert_eq!(list(backend, up_to(4)).await, expected);
    for limit in 1..4 {
        let meanwhile = async || {
            let name = format!("late-{}", sample::next_number());
            register(backend, &name, &format!("{name}@example.com"), 60).await;
        };
        let newest = list(backend, up_to(100)).await;
        assert!(newest.ends_with(&expected.map(str::to_owned)), "{newest:?}");
        assert_eq!(walk(backend, up_to(limit), meanwhile).await, newest, "in pages of {limit}");
    }
    let unknown = AccountCursor::parse("username:nobody").expect("a cursor");
    assert_eq!(list(backend, AccountFilter { after: Some(unknown), ..up_to(9) }).await, [""; 0]);
}

/// Whatever its case; with all other conditions.
pub async fn an_exact_name_or_address_is_one_account(backend: &Backend) {
    register(backend, "Ada", "Countess@Example.com", 1).await;
    register(backend, "ada-2", "ada@example.com", 2).await;
    let filter = |username: Option<&str>, email: Option<&str>, prefix: Option<&str>| AccountFilter {
        username: username.map(str::to_owned),
        email: email.map(str::to_owned),
        prefix: prefix.map(str::to_owned),
        ..up_to(9)
    };
    for (username, email, prefix, expected) in [
        (Some("ada"), None, None, &["Ada"][..]),
        (None, Some("countess@example.com"), None, &["Ada"]),
        (Some("ada"), Some("countess@example.com"), Some("cou"), &["Ada"]),
        (Some("ada"), Some("ada@example.com"), None, &[]),
        (Some("ada"), None, Some("bob"), &[]),
        (Some("ada-2"), None, Some("ada"), &["ada-2"]),
        (Some("ad"), None, None, &[]),
        (Some("ada "), None, None, &[]),
        (None, Some("ada@example.com "), None, &[]),
        (None, Some("ada"), None, &[]),
        (Some("%"), None, None, &[]),
    ] {
        let found = list(backend, filter(username, email, prefix)).await;
        assert_eq!(found, expected, "{username:?} {email:?} {prefix:?}");
    }
}

/// By the name that matches, in the order of these names; in pages of any length.
pub async fn a_prefix_finds_each_account_once(backend: &Backend) {
    for (username, email) in [
        ("Adam", "zed@example.com"),
        ("zoe", "ADA@example.com"),
        ("ada", "ada-too@example.com"),
        ("adb", "adaa@example.com"),
        ("xada", "xada@example.com"),
        ("ad", "ad@example.com"),
        ("ada_x", "nobody@example.com"),
        ("adaXx", "other@example.com"),
        ("ädam", "umlaut@example.com"),
    ] {
        register(backend, username, email, 0).await;
    }
    let expected = ["ada", "zoe", "ada_x", "adb", "Adam", "adaXx"];
    assert_eq!(list(backend, beginning("ada", 20)).await, expected);
    for limit in 1..7 {
        assert_eq!(walk(backend, beginning("ada", limit), async || ()).await, expected, "pages of {limit}");
    }
    assert_eq!(list(backend, beginning("ada_", 20)).await, ["ada_x"], "no wildcard");
    assert_eq!(list(backend, beginning("ada%", 20)).await, [""; 0], "no wildcard");
    assert_eq!(list(backend, beginning("äda", 20)).await, ["ädam"]);
    assert_eq!(list(backend, beginning("ada ", 20)).await, [""; 0], "no name goes on with a space");
    assert_eq!(list(backend, beginning("\u{10ffff}", 20)).await, [""; 0]);
}

/// What was there at the first page is found once.
pub async fn a_search_goes_on_while_accounts_are_made(backend: &Backend) {
    for number in 10..40 {
        register(backend, &format!("user-{number}"), &format!("mail-{number}@example.com"), 0).await;
    }
    let meanwhile = async || {
        let name = format!("use-{}", sample::next_number());
        register(backend, &name, &format!("user-0{name}@example.com"), 0).await;
    };
    let found = walk(backend, beginning("user", 4), meanwhile).await;
    let expected: Vec<_> = (10..40).map(|it| format!("user-{it}")).collect();
    assert_eq!(found, expected, "the new ones are sorted before them");
}

/// The addresses of all of them come after all of their names, so that a long part of the way shows nothing.
pub async fn a_search_comes_to_its_end_however_many_match_twice(backend: &Backend) {
    let mut expected = Vec::new();
    for number in 100..160 {
        register(backend, &format!("aaa-{number}"), &format!("aab-{number}@example.com"), 0).await;
        expected.push(format!("aaa-{number}"));
    }
    register(backend, "zzz", "aac@example.com", 0).await;
    expected.push("zzz".to_owned());
    for limit in [1, 3, 100] {
        assert_eq!(walk(backend, beginning("aa", limit), async || ()).await, expected, "pages of {limit}");
    }
}
