use ports::{MockCache, MockUserRepository};
use tokio::task::JoinSet;

use super::*;
use crate::testing::*;

const NAME: &str = "user:user-ada";

/// A record that is asked so often, and each time finds this.
fn record(times: usize, found: Option<User>) -> Arc<MockUserRepository> {
    let mut record = MockUserRepository::new();
    record.expect_find_user().times(times).returning(move |_| Ok(found.clone()));
    Arc::new(record)
}

fn bytes(user: Option<&User>) -> Vec<u8> {
    serde_json::to_vec(&user).unwrap()
}

/// Whether a life is about as long as it should be.
fn is_about(life: Duration, ttl: Duration) -> bool {
    ttl.mul_f32(0.8) < life && life < ttl.mul_f32(1.2)
}

#[tokio::test]
async fn a_user_is_read_from_the_record_once() {
    let cache = Arc::<FakeCache>::default();
    let users = CachedUsers::new(record(1, Some(ada())), cache.clone());
    for _ in 0..3 {
        assert_eq!(users.find_user(&ada().id).await.unwrap(), Some(ada()));
    }
    let elsewhere = CachedUsers::new(record(0, None), cache.clone());
    assert_eq!(elsewhere.find_user(&ada().id).await.unwrap(), Some(ada()));
    assert!(is_about(cache.lock_entries()[NAME].1, TTL));
}

fn demoted() -> User {
    ada().with_role(domain::Role::Operator, NOW).with_role(domain::Role::Customer, NOW)
}

#[tokio::test]
async fn a_user_who_changed_takes_the_place_of_the_old_copy_also_when_that_one_is_loaded_late() {
    let mut record = MockUserRepository::new();
    record.expect_find_user().times(1).returning(|_| Ok(Some(ada())));
    record.expect_list_changed_users().times(1).returning(|_, _, _| Ok(vec![changed(Some(demoted()))]));
    let users = CachedUsers::new(Arc::new(record), Arc::<FakeCache>::default());
    assert_eq!(users.find_user(&ada().id).await.unwrap(), Some(ada()));
    assert_eq!(users.list_changed_users(NOW, None, 10).await.unwrap(), [changed(Some(demoted()))]);
    assert_eq!(users.find_user(&ada().id).await.unwrap(), Some(demoted()));
    // A load that began before the change ends after it was reported.
    users.cache.put_row(NAME, user_version(&ada()), &Some(ada()), TTL).await;
    assert_eq!(users.find_user(&ada().id).await.unwrap(), Some(demoted()));
}

fn changed(user: Option<User>) -> ChangedUser {
    ChangedUser { key: ada().key, id: ada().id, at: NOW, user }
}

#[tokio::test]
async fn a_user_who_changed_and_cannot_be_read_is_not_served() {
    let mut record = MockUserRepository::new();
    record.expect_find_user().times(1).returning(|_| Ok(Some(ada())));
    record.expect_list_changed_users().times(1).returning(|_, _, _| Ok(vec![changed(None)]));
    let users = CachedUsers::new(Arc::new(record), Arc::<FakeCache>::default());
    assert_eq!(users.find_user(&ada().id).await.unwrap(), Some(ada()));
    users.list_changed_users(NOW, None, 10).await.unwrap();
    assert_eq!(users.find_user(&ada().id).await.unwrap(), None);
}

#[tokio::test]
async fn a_missing_user_is_remembered_for_a_short_while() {
    let cache = Arc::<FakeCache>::default();
    let users = CachedUsers::new(record(1, None), cache.clone());
    for _ in 0..3 {
        assert_eq!(users.find_user(&ada().id).await.unwrap(), None);
    }
    assert!(is_about(cache.lock_entries()[NAME].1, ABSENT_TTL));
    users.cache.put_row(NAME, CREATED_VERSION, &Some(ada()), TTL).await;
    users.cache.put_row(NAME, ABSENT_VERSION, &None::<User>, TTL).await;
    assert_eq!(
        users.find_user(&ada().id).await.unwrap(),
        Some(ada()),
        "a missing user gives way to a user, for good"
    );
}

#[tokio::test]
async fn a_cache_that_is_away_is_as_good_as_an_empty_one() {
    let cache = Arc::<FakeCache>::default();
    cache.set_entry(NAME, ABSENT_VERSION, bytes(None));
    cache.set_unavailable(true);
    let users = CachedUsers::new(record(1, Some(ada())), cache);
    assert_eq!(users.find_user(&ada().id).await.unwrap(), Some(ada()));
}

#[tokio::test]
async fn a_copy_that_is_corrupt_or_of_another_user_does_not_count() {
    let cut = bytes(Some(&ada())).into_iter().take(12).collect();
    for bad in [Vec::new(), vec![0xff], b"nonsense".to_vec(), cut, bytes(Some(&bob()))] {
        let cache = Arc::<FakeCache>::default();
        cache.set_entry(NAME, CREATED_VERSION, bad);
        let users = CachedUsers::new(record(1, Some(ada())), cache);
        assert_eq!(users.find_user(&ada().id).await.unwrap(), Some(ada()));
        assert_eq!(users.find_user(&ada().id).await.unwrap(), Some(ada()));
    }
}

/// A record that lets others ask before it answers.
struct Slow(Arc<MockUserRepository>);

#[async_trait]
impl UserRepository for Slow {
    async fn find_user(&self, id: &UserId) -> Result<Option<User>, PortError> {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        self.0.find_user(id).await
    }

    async fn list_users_by_key(&self, _: &[UserKey]) -> Result<Vec<User>, PortError> {
        unreachable!("not asked")
    }

    async fn find_user_by_key(&self, _: UserKey) -> Result<Option<User>, PortError> {
        unreachable!("only asked by id")
    }

    async fn find_credentials(&self, _: &str) -> Result<Option<Credentials>, PortError> {
        unreachable!("only asked by id")
    }

    async fn list_changed_users(
        &self,
        _: Timestamp,
        _: Option<UserKey>,
        _: u32,
    ) -> Result<Vec<ChangedUser>, PortError> {
        unreachable!("only asked by id")
    }

    async fn find_account(&self, _: &UserId) -> Result<Option<Account>, PortError> {
        unreachable!("only asked by id")
    }

    async fn list_accounts(&self, _: AccountFilter) -> Result<Page<Account>, PortError> {
        unreachable!("only asked by id")
    }

    async fn list_operators(&self, _: Option<UserKey>, _: u32) -> Result<Vec<User>, PortError> {
        unreachable!("only asked by id")
    }

    async fn find_password_hash(&self, _: UserKey) -> Result<Option<PasswordHash>, PortError> {
        unreachable!("only asked by id")
    }

    async fn find_account_conflicts(
        &self,
        _: &Username,
        _: &Email,
    ) -> Result<Vec<AccountConflict>, PortError> {
        unreachable!("only asked by id")
    }

    async fn highest_hash_cost(&self) -> Result<u32, PortError> {
        unreachable!("only asked by id")
    }
}

#[tokio::test]
async fn many_who_ask_at_once_are_one_load() {
    let slow = Slow(record(1, Some(ada())));
    let users = Arc::new(CachedUsers::new(Arc::new(slow), Arc::<FakeCache>::default()));
    let mut asking = JoinSet::new();
    for _ in 0..64 {
        let users = users.clone();
        asking.spawn(async move { users.find_user(&ada().id).await.unwrap() });
    }
    assert!(asking.join_all().await.into_iter().all(|it| it == Some(ada())));
}

#[tokio::test]
async fn logins_are_always_read_from_the_record() {
    let mut record = MockUserRepository::new();
    record.expect_find_user_by_key().times(1).returning(|_| Ok(Some(ada())));
    record.expect_find_credentials().times(1).returning(|_| Ok(None));
    record.expect_find_password_hash().times(1).returning(|_| Ok(None));
    record.expect_find_account_conflicts().times(1).returning(|_, _| Ok(Vec::new()));
    record.expect_highest_hash_cost().times(1).returning(|| Ok(12));
    let users = CachedUsers::new(Arc::new(record), Arc::new(MockCache::new()));
    users.find_user_by_key(ada().key).await.unwrap();
    users.find_credentials("ada").await.unwrap();
    users.find_password_hash(ada().key).await.unwrap();
    users.find_account_conflicts(&ada().username, &ada().email).await.unwrap();
    assert_eq!(users.highest_hash_cost().await.unwrap(), 12);
}

#[tokio::test]
async fn users_are_listed_by_row_with_one_load_of_those_that_are_not_cached() {
    let bob = crate::testing::bob;
    let mut record = MockUserRepository::new();
    record.expect_find_user().times(1).returning(|_| Ok(Some(ada())));
    let asked = |keys: &[UserKey]| keys == [crate::testing::bob().key];
    record.expect_list_users_by_key().times(1).withf(asked).returning(move |_| Ok(vec![bob()]));
    let changed = ChangedUser { key: ada().key, id: ada().id, at: NOW, user: Some(ada()) };
    let renamed = User { changed_at: Some(NOW), disabled: true, ..ada() };
    let changed = ChangedUser { user: Some(renamed.clone()), ..changed };
    record.expect_list_changed_users().returning(move |_, _, _| Ok(vec![changed.clone()]));
    let users = CachedUsers::new(Arc::new(record), Arc::<FakeCache>::default());
    users.find_user(&ada().id).await.unwrap();
    let keys = [ada().key, bob().key];
    assert_eq!(users.list_users_by_key(&keys).await.unwrap(), [ada(), bob()]);
    assert_eq!(users.list_users_by_key(&keys).await.unwrap(), [ada(), bob()]);
    users.list_changed_users(NOW, None, 9).await.unwrap();
    assert_eq!(users.list_users_by_key(&keys).await.unwrap(), [renamed, bob()], "a change is seen");
}
