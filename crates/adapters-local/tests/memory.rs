//! The bound of a cache is the memory that it takes, not only that of the bytes which are put into it. It has a process of
//! its own, because other tests would take memory at the same time.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use std::{fs, time::Duration};

use adapters_local::LocalCache;
use ports::{Cache, CacheEntry};

const MEBIBYTE: u64 = 1 << 20;
const PAGE_BYTES: u64 = 4096;
const TTL: Duration = Duration::from_secs(600);

fn resident_bytes() -> u64 {
    let fields = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = fields.split(' ').nth(1).unwrap().parse().unwrap();
    pages * PAGE_BYTES
}

#[tokio::test]
async fn a_cache_full_of_small_entries_takes_no_more_memory_than_its_bound() {
    let cache = LocalCache::new(32 * MEBIBYTE);
    let before = resident_bytes();
    for number in 0..200_000 {
        let entry = CacheEntry { version: 1, bytes: Vec::new() };
        cache.put_entry(&format!("event:gateway:{number:016}"), entry, TTL).await.unwrap();
    }
    let taken = resident_bytes() - before;
    // What is written while the table evicts entries, and what the allocator keeps of it, comes on top.
    assert!(taken < 40 * MEBIBYTE, "{} MiB", taken / MEBIBYTE);
}
