//! The promises of [`ports::Cache`]. A fixture gives an empty cache with room for a few hundred small
//! entries.

use std::{sync::Arc, time::Duration};

use ports::{Cache, CacheEntry};
use tokio::{task::JoinSet, time};

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn Cache>`.
#[macro_export]
macro_rules! cache {
    ($($fixture:ident)::+) => {
        $crate::stamp! { cache:
            what_is_put_is_got
            what_was_never_put_is_not_there
            a_newer_version_takes_the_place_of_an_older
            an_older_version_never_takes_the_place_of_a_newer
            of_versions_put_at_once_the_newest_stays
            a_removed_copy_is_gone
            a_copy_is_gone_when_its_time_is_over
            a_copy_whose_time_is_over_holds_no_older_one_back
            ; $($fixture)::+
        }
    };
}

/// A lifetime that does not end within a test.
const LONG: Duration = Duration::from_secs(60);
/// A lifetime that ends within a test.
const SHORT: Duration = Duration::from_millis(30);
/// How often a test checks whether a lifetime is over: five seconds in all, as some adapters count whole
/// seconds.
const LOOKS_MAX: u32 = 250;

fn entry(version: i64) -> CacheEntry {
    CacheEntry { version, bytes: format!("copy {version}").into_bytes() }
}

async fn get(cache: &Arc<dyn Cache>, key: &str) -> Option<CacheEntry> {
    cache.get_entry(key).await.expect("the cache is available")
}

async fn put(cache: &Arc<dyn Cache>, key: &str, entry: CacheEntry, ttl: Duration) {
    cache.put_entry(key, entry, ttl).await.expect("the cache is available");
}

async fn gone(cache: &Arc<dyn Cache>, key: &str) -> bool {
    for _ in 0..LOOKS_MAX {
        if get(cache, key).await.is_none() {
            return true;
        }
        time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// A value comes back byte for byte, whatever the bytes are, and only under its own key.
pub async fn what_is_put_is_got(cache: &Arc<dyn Cache>) {
    let odd = CacheEntry { version: i64::MAX, bytes: (0..=255).chain(*b"\r\nEND\r\n\0").collect() };
    let empty = CacheEntry { version: 1, bytes: Vec::new() };
    put(cache, "odd", odd.clone(), LONG).await;
    put(cache, "empty", empty.clone(), LONG).await;
    assert_eq!(get(cache, "odd").await, Some(odd));
    assert_eq!(get(cache, "empty").await, Some(empty));
}

/// A key that was never stored gives nothing, and removing it changes nothing.
pub async fn what_was_never_put_is_not_there(cache: &Arc<dyn Cache>) {
    assert_eq!(get(cache, "never").await, None);
    cache.remove_entry("never").await.expect("the cache is available");
    assert_eq!(get(cache, "never").await, None);
}

/// The newer version is returned from the next read on.
pub async fn a_newer_version_takes_the_place_of_an_older(cache: &Arc<dyn Cache>) {
    put(cache, "key", entry(1), LONG).await;
    put(cache, "key", entry(2), LONG).await;
    assert_eq!(get(cache, "key").await, Some(entry(2)));
}

/// A slow reader may store what it read before a change; the newer entry must stay.
pub async fn an_older_version_never_takes_the_place_of_a_newer(cache: &Arc<dyn Cache>) {
    put(cache, "key", entry(10), LONG).await;
    put(cache, "key", entry(9), LONG).await;
    assert_eq!(get(cache, "key").await, Some(entry(10)));
}

/// The newest version wins in whatever order concurrent writes arrive.
pub async fn of_versions_put_at_once_the_newest_stays(cache: &Arc<dyn Cache>) {
    const VERSIONS: i64 = 101;
    let mut tasks = JoinSet::new();
    for turn in 1..VERSIONS {
        let cache = Arc::clone(cache);
        // 37 and 101 have no common divisor, so every version is stored once, and the newest in the middle.
        tasks.spawn(async move { put(&cache, "key", entry(turn * 37 % VERSIONS), LONG).await });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("a task ends well");
    }
    assert_eq!(get(cache, "key").await, Some(entry(VERSIONS - 1)));
}

/// Only the removed key is gone, and an older version may be stored under it afterwards.
pub async fn a_removed_copy_is_gone(cache: &Arc<dyn Cache>) {
    put(cache, "key", entry(2), LONG).await;
    put(cache, "other", entry(3), LONG).await;
    cache.remove_entry("key").await.expect("the cache is available");
    assert_eq!(get(cache, "key").await, None);
    assert_eq!(get(cache, "other").await, Some(entry(3)));
    put(cache, "key", entry(1), LONG).await;
    assert_eq!(get(cache, "key").await, Some(entry(1)));
}

/// Reading an entry does not prolong its lifetime; storing it again does.
pub async fn a_copy_is_gone_when_its_time_is_over(cache: &Arc<dyn Cache>) {
    put(cache, "new", entry(1), SHORT).await;
    put(cache, "replaced", entry(1), LONG).await;
    put(cache, "replaced", entry(2), SHORT).await;
    assert!(gone(cache, "new").await && gone(cache, "replaced").await);
}

/// An expired entry counts as absent, so an older version may be stored after it.
pub async fn a_copy_whose_time_is_over_holds_no_older_one_back(cache: &Arc<dyn Cache>) {
    put(cache, "key", entry(2), SHORT).await;
    assert!(gone(cache, "key").await);
    put(cache, "key", entry(1), LONG).await;
    assert_eq!(get(cache, "key").await, Some(entry(1)));
}
