//! Keys of rows and public ids.

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
/// Largest count of milliseconds that fits.
const MILLIS_MAX: i64 = (1 << 41) - 1;
/// Which process made a key.
const PROCESS_BITS: u32 = 10;
/// Which of a millisecond's keys it is.
const COUNT_BITS: u32 = 12;

/// Makes keys of 63 bits, largest first: 41 for the millisecond, 10 drawn once for this process, 12 for a count within
/// the millisecond (as in Twitter's Snowflake); and ids of 128 random bits.
///
/// No two keys of one of these are the same: have one a process. In each millisecond the count begins at random in its
/// lower half, so that even two processes that drew the same 10 bits seldom make the same key.
pub struct RandomIds {
    clock: Arc<dyn Clock>,
    process: i64,
    starts: RandomState,
    /// Millisecond and count of the last key given out.
    last: AtomicI64,
}

impl RandomIds {
    /// A generator that reads the millisecond off `clock`.
    ///
    /// # Panics
    /// When the operating system has no randomness.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let process = i64::from(u16::from_be_bytes(random::random_bytes())) % (1 << PROCESS_BITS);
        Self { clock, process, starts: RandomState::new(), last: AtomicI64::new(0) }
    }

    /// Millisecond and count of a key that is made now, if none has been made since.
    fn current_tick(&self) -> i64 {
        let millis = self.clock.now().as_millis().saturating_sub(EPOCH.as_millis()).clamp(0, MILLIS_MAX);
        let start = self.starts.hash_one(millis) % (1 << (COUNT_BITS - 1));
        (millis << COUNT_BITS) | i64::try_from(start).unwrap_or(0)
    }
}

impl IdGenerator for RandomIds {
    fn next_key(&self) -> i64 {
        let tick = self.current_tick();
        // One more than the last when that is larger: in the same millisecond, or after the clock stepped back. A count
        // that overflows runs on into the next millisecond.
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
