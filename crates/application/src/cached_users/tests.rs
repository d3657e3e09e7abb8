use ports::{MockCache, MockUserRepository};

use super::*;
use crate::testing::{ada, away, bob};

fn record(times: usize) -> Arc<MockUserRepository> {
    let mut record = MockUserRepository::new();
    record.expect_find().times(times).returning(|_| Ok(Some(ada())));
    Arc::new(record)
}

fn holding(bytes: Vec<u8>) -> MockCache {
    let mut cache = MockCache::new();
    cache.expect_get().returning(move |_| Ok(Some(CacheEntry { version: VERSION, bytes: bytes.clone() })));
    cache.expect_put().returning(|_, _, _| Ok(()));
    cache
}

#[tokio::test]
async fn a_copy_is_the_user_as_the_record_has_it() {
    assert_eq!(read(&write(&ada())), Some(ada()));
    let mut cache = MockCache::new();
    cache.expect_get().returning(|_| Ok(None));
    let kept = |name: &str, entry: &CacheEntry| name == "user:user-ada" && read(&entry.bytes) == Some(ada());
    cache.expect_put().times(1).withf(move |name, entry, _| kept(name, entry)).returning(|_, _, _| Ok(()));
    let users = CachedUsers::new(record(1), Arc::new(cache));
    assert_eq!(users.find(&ada().id).await.unwrap(), Some(ada()));
    let users = CachedUsers::new(record(0), Arc::new(holding(write(&ada()))));
    assert_eq!(users.find(&ada().id).await.unwrap(), Some(ada()));
}

#[tokio::test]
async fn a_cache_that_is_away_is_as_good_as_an_empty_one() {
    let mut cache = MockCache::new();
    cache.expect_get().returning(|_| Err(away()));
    cache.expect_put().returning(|_, _, _| Err(away()));
    let users = CachedUsers::new(record(1), Arc::new(cache));
    assert_eq!(users.find(&ada().id).await.unwrap(), Some(ada()));
}

#[tokio::test]
async fn a_copy_that_is_corrupt_or_somebody_elses_does_not_count() {
    let cut = write(&ada()).into_iter().take(12).collect();
    for bytes in [Vec::new(), vec![0xff], b"nonsense".to_vec(), cut, write(&bob())] {
        let users = CachedUsers::new(record(1), Arc::new(holding(bytes)));
        assert_eq!(users.find(&ada().id).await.unwrap(), Some(ada()));
    }
}

#[tokio::test]
async fn who_does_not_exist_is_asked_for_each_time() {
    let mut record = MockUserRepository::new();
    record.expect_find().times(2).returning(|_| Ok(None));
    let mut cache = MockCache::new();
    cache.expect_get().returning(|_| Ok(None));
    let users = CachedUsers::new(Arc::new(record), Arc::new(cache));
    assert_eq!(users.find(&ada().id).await.unwrap(), None);
    assert_eq!(users.find(&ada().id).await.unwrap(), None);
}

#[tokio::test]
async fn logins_are_always_read_from_the_record() {
    let mut record = MockUserRepository::new();
    record.expect_find_by_key().times(1).returning(|_| Ok(Some(ada())));
    record.expect_find_by_login().times(1).returning(|_| Ok(None));
    record.expect_find_hash().times(1).returning(|_| Ok(None));
    let users = CachedUsers::new(Arc::new(record), Arc::new(MockCache::new()));
    users.find_by_key(ada().key).await.unwrap();
    users.find_by_login("ada").await.unwrap();
    users.find_hash(ada().key).await.unwrap();
}
