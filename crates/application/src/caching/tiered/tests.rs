use tokio::sync::Barrier;

use super::*;
use crate::testing::*;

const LONG: Duration = Duration::from_secs(60);

fn entry(version: i64) -> CacheEntry {
    CacheEntry { version, bytes: version.to_be_bytes().to_vec() }
}

fn levels() -> (Arc<FakeCache>, Arc<FakeCache>, TieredCache) {
    let (near, far) = (Arc::<FakeCache>::default(), Arc::<FakeCache>::default());
    (near.clone(), far.clone(), TieredCache::new(near, far))
}

#[tokio::test]
async fn what_is_put_and_removed_is_so_on_both_levels() {
    let (near, far, cache) = levels();
    cache.put_entry("key", entry(2), LONG).await.unwrap();
    for level in [&near, &far] {
        assert_eq!(level.lock_entries().get("key"), Some(&(entry(2), LONG)));
    }
    cache.put_entry("key", entry(1), LONG).await.unwrap();
    assert_eq!((near.version("key"), far.version("key")), (Some(2), Some(2)), "no older one");
    cache.remove_entry("key").await.unwrap();
    assert_eq!((near.version("key"), far.version("key")), (None, None));
    assert_eq!(cache.get_entry("key").await.unwrap(), None);
}

#[tokio::test]
async fn a_far_copy_comes_near_for_a_short_while() {
    let (near, far, cache) = levels();
    far.put_entry("key", entry(1), LONG).await.unwrap();
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(entry(1)));
    assert_eq!(near.lock_entries().get("key"), Some(&(entry(1), BACKFILL_TTL)));
    far.set_unavailable(true);
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(entry(1)), "the far one is not asked again");
}

#[tokio::test]
async fn a_copy_on_its_way_near_takes_the_place_of_no_newer_one() {
    let mut far = ports::MockCache::new();
    let near = Arc::<FakeCache>::default();
    let somebody = near.clone();
    far.expect_get_entry().returning(move |_| {
        somebody.set_entry("key", 3, entry(3).bytes);
        Ok(Some(entry(2)))
    });
    TieredCache::new(near.clone(), Arc::new(far)).get_entry("key").await.unwrap();
    assert_eq!(near.version("key"), Some(3));
}

#[tokio::test]
async fn a_level_that_is_away_is_done_without() {
    let (near, far, cache) = levels();
    near.set_unavailable(true);
    assert!(cache.put_entry("key", entry(1), LONG).await.is_err(), "near may hold something older");
    assert_eq!(far.version("key"), Some(1), "far was tried all the same");
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(entry(1)));
    assert!(cache.remove_entry("key").await.is_err());
    assert_eq!(far.version("key"), None);
    near.set_unavailable(false);
    far.set_unavailable(true);
    assert!(cache.put_entry("key", entry(2), LONG).await.is_err());
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(entry(2)));
    assert!(cache.remove_entry("key").await.is_err(), "it may live on far");
    assert!(cache.get_entry("key").await.is_err(), "nobody knows");
}

#[tokio::test]
async fn a_tier_may_be_a_level() {
    let (first, second, inner) = levels();
    let third = Arc::<FakeCache>::default();
    let cache = TieredCache::new(Arc::new(inner), third.clone());
    third.put_entry("key", entry(1), LONG).await.unwrap();
    assert_eq!(cache.get_entry("key").await.unwrap(), Some(entry(1)));
    assert_eq!((first.version("key"), second.version("key")), (Some(1), Some(1)));
    cache.remove_entry("key").await.unwrap();
    assert!([first, second, third].iter().all(|it| it.lock_entries().is_empty()));
}

/// A level that says nothing before the other one was asked as well.
struct Hanging(Arc<Barrier>, Result<Option<CacheEntry>, ()>);

#[async_trait]
impl Cache for Hanging {
    async fn get_entry(&self, _: &str) -> Result<Option<CacheEntry>, PortError> {
        self.0.wait().await;
        self.1.clone().map_err(|()| unavailable_error())
    }

    async fn put_entry(&self, _: &str, _: CacheEntry, _: Duration) -> Result<(), PortError> {
        unreachable!("whoever hung is not given anything")
    }

    async fn remove_entry(&self, _: &str) -> Result<(), PortError> {
        unreachable!("nor is anything taken away")
    }
}

#[tokio::test]
async fn levels_that_hang_are_waited_for_side_by_side() {
    let copy = |version| Ok(Some(entry(version)));
    for (near, far, got) in [
        (Err(()), copy(2), Some(entry(2))),
        (copy(1), Err(()), Some(entry(1))),
        (copy(1), copy(2), Some(entry(1))),
        (Err(()), Ok(None), None),
    ] {
        let both = Arc::new(Barrier::new(2));
        let (near, far) = (Hanging(both.clone(), near), Hanging(both, far));
        let cache = TieredCache::new(Arc::new(near), Arc::new(far));
        assert_eq!(timeout(seconds(5), cache.get_entry("key")).await.unwrap().unwrap(), got);
    }
}
