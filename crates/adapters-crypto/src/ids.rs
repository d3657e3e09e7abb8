//! Keys of rows and public ids.
//!
//! ```text
//! key, 63 bits:  | 41 bits: ms since 2024 | 10 bits: process | 12 bits: count |
//! id, 128 bits:  26 characters of a-z and 2-7 such as xzfsxuuh2mf2ziahjggqqxo52m
//! ```
//!
//! A key never leaves the service, because it tells when a row was made; an id tells nothing and cannot be
//! guessed.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use data_encoding::BASE32_NOPAD;
use domain::Timestamp;
use ports::{Clock, IdGenerator};

use crate::random;

/// 2024-01-01T00:00:00Z, from which keys count milliseconds: 41 bits of them last until 2093.
const EPOCH: Timestamp = Timestamp::from_millis(1_704_067_200_000);
/// Largest number of milliseconds that fits into a key.
const MILLIS_MAX: i64 = (1 << 41) - 1;
/// Bits of a key that tell which process made it.
const PROCESS_BITS: u32 = 10;
/// Bits of a key that number the keys of one millisecond.
const COUNT_BITS: u32 = 12;

/// Makes keys of 63 bits: from the highest, 41 for the millisecond, 10 drawn once for this process, 12 for a
/// count within the millisecond (as in Twitter's Snowflake); and ids of 128 random bits.
///
/// One generator never makes a key twice, so a process must have only one. In each millisecond the count
/// starts at random in its lower half, so that even two processes that drew the same 10 bits seldom make the
/// same key.
pub struct RandomIds {
    clock: Arc<dyn Clock>,
    process: i64,
    starts: RandomState,
    /// Millisecond and count of the last key that was made; zero before the first.
    last: AtomicI64,
}

impl RandomIds {
    /// A generator that takes the millisecond from `clock`.
    ///
    /// # Panics
    /// When the operating system has no randomness.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let process = i64::from(u16::from_be_bytes(random::random_bytes())) % (1 << PROCESS_BITS);
        Self { clock, process, starts: RandomState::new(), last: AtomicI64::new(0) }
    }

    /// Millisecond and first count for a key of the present millisecond.
    fn current_tick(&self) -> i64 {
        let millis = self.clock.now().as_millis().saturating_sub(EPOCH.as_millis()).clamp(0, MILLIS_MAX);
        // Hashed, not drawn: one millisecond always starts at the same count, so that its second key is one
        // more than its first. A fresh draw would skip counts with each key. Only the lower half, so that at
        // least 2048 counts are left.
        let start = self.starts.hash_one(millis) % (1 << (COUNT_BITS - 1));
        (millis << COUNT_BITS) | i64::try_from(start).unwrap_or(0)
    }
}

impl IdGenerator for RandomIds {
    fn next_key(&self) -> i64 {
        let tick = self.current_tick();
        // The clock may step back, and many keys may fall into one millisecond: then a key is one more than
        // the last. A count that overflows carries into the millisecond, which stays ahead of the clock until
        // time catches up.
        let next = |last: i64| tick.max(last.saturating_add(1));
        let last = self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last)));
        let tick = next(last.unwrap_or_else(|last| last));
        let (millis, count) = (tick >> COUNT_BITS, tick % (1 << COUNT_BITS));
        (((millis << PROCESS_BITS) | self.process) << COUNT_BITS) | count
    }

    fn next_id(&self) -> String {
        BASE32_NOPAD.encode(&random::random_bytes::<16>()).to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Shows what it is set to.
    struct Hands(Mutex<i64>);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(*self.0.lock().unwrap())
        }
    }

    fn ids_at(millis: i64) -> (Arc<Hands>, RandomIds) {
        let clock = Arc::new(Hands(Mutex::new(millis)));
        (Arc::clone(&clock), RandomIds::new(clock))
    }

    const NOW: i64 = 1_790_000_000_000;

    #[test]
    fn a_later_key_is_larger_though_the_clock_steps_back() {
        let (clock, ids) = ids_at(NOW);
        let mut last = ids.next_key();
        for millis in [NOW, NOW - 5_000, NOW - 4_999, 0, NOW + 1] {
            *clock.0.lock().unwrap() = millis;
            let key = ids.next_key();
            assert!(key > last, "{millis}");
            last = key;
        }
    }

    #[test]
    fn a_count_that_overflows_its_millisecond_repeats_nothing() {
        let (_, ids) = ids_at(NOW);
        let keys: Vec<_> = (0..10_000).map(|_| ids.next_key()).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_key_tells_its_millisecond_and_its_process() {
        let ((_, one), (clock, other)) = (ids_at(NOW), ids_at(NOW));
        let millis = |key: i64| key >> (PROCESS_BITS + COUNT_BITS);
        assert_eq!(millis(one.next_key()), NOW - EPOCH.as_millis());
        assert_eq!((other.next_key() >> COUNT_BITS) % (1 << PROCESS_BITS), other.process);
        *clock.0.lock().unwrap() = NOW + 7;
        assert_eq!(millis(other.next_key()), NOW + 7 - EPOCH.as_millis());
    }

    #[test]
    fn keys_are_above_zero_from_the_epoch_to_the_end() {
        for millis in [i64::MIN, 0, EPOCH.as_millis(), EPOCH.as_millis() + MILLIS_MAX, i64::MAX] {
            let (_, ids) = ids_at(millis);
            assert!(ids.next_key() > 0, "{millis}");
        }
    }

    #[test]
    fn processes_that_drew_the_same_bits_seldom_make_the_same_key() {
        let ((clock, one), (_, mut other)) = (ids_at(NOW), ids_at(NOW));
        other.process = one.process;
        other.clock = clock.clone();
        let same = (0..1_000).filter(|turn| {
            *clock.0.lock().unwrap() = NOW + turn;
            one.next_key() == other.next_key()
        });
        assert!(same.count() < 20, "they begin to count alike");
    }
}
