//! Things that are prepared before a round and used up in it.

use std::sync::{Mutex, PoisonError};

/// A stock of prepared things, which learns how many a round needs.
#[derive(Debug)]
pub(crate) struct Pool<T>(Mutex<PoolState<T>>);

#[derive(Debug)]
struct PoolState<T> {
    things: Vec<T>,
    /// The number that was taken since the last round began.
    taken: usize,
    /// The number that a second of a round is expected to take.
    per_second: usize,
    /// The length of the last round, in seconds; 0 before the first.
    seconds: usize,
}

impl<T> Pool<T> {
    /// An empty pool. The first round is expected to use that many things in a second.
    pub(crate) const fn new(per_second: usize) -> Self {
        let state = PoolState { things: Vec::new(), taken: 0, per_second, seconds: 0 };
        Self(Mutex::new(state))
    }

    /// The next thing, the one that was prepared last; `None` if all are used up.
    pub(crate) fn take(&self) -> Option<T> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let thing = state.things.pop();
        state.taken = state.taken.saturating_add(usize::from(thing.is_some()));
        thing
    }

    /// Adds prepared things.
    pub(crate) fn fill(&self, things: impl IntoIterator<Item = T>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).things.extend(things);
    }

    /// The number of things that are missing for a round of that many seconds: half more than the last round
    /// took in the same time, so that faster rounds do not run out of them.
    pub(crate) fn begin_round(&self, seconds: u32) -> usize {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(per_second) = state.taken.checked_div(state.seconds) {
            let expected = per_second.saturating_add(per_second / 2);
            // A round that used up everything tells only that it needs more.
            state.per_second = if state.things.is_empty() { expected.saturating_mul(2) } else { expected };
        }
        // One second more, for the time before the measurement begins.
        let seconds = usize::try_from(seconds).unwrap_or(usize::MAX).saturating_add(1);
        (state.taken, state.seconds) = (0, seconds);
        state.per_second.saturating_mul(seconds).saturating_sub(state.things.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_learns_how_many_are_needed() {
        let pool = Pool::new(400);
        let first = pool.begin_round(1);
        assert_eq!(first, 800);
        pool.fill(0..first);
        (0..200).for_each(|_| assert!(pool.take().is_some()));
        assert_eq!(pool.begin_round(1), 0, "150 a second for two seconds, and 600 are left");
        while pool.take().is_some() {}
        assert_eq!(pool.begin_round(1), 1800, "all 600 were used up");
    }
}
