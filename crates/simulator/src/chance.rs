//! The one source of chance of a history.

use std::sync::Mutex;

use crate::lock::lock;

/// Draws from a generator with a seed. Every decision of a history comes from here, in the order in which it is made,
/// so that a seed is a history.
pub(crate) struct Chance(Mutex<fastrand::Rng>);

impl Chance {
    /// The draws that belong to this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// A number from 0 to `limit - 1`; 0 if the limit is 0.
    pub(crate) fn below(&self, limit: u64) -> u64 {
        lock(&self.0).u64(0..limit.max(1))
    }

    /// True in this many of ten thousand draws.
    pub(crate) fn hits(&self, of_ten_thousand: u64) -> bool {
        self.below(10_000) < of_ten_thousand
    }

    /// A position in a list of this length; `None` if it is empty.
    pub(crate) fn index(&self, length: usize) -> Option<usize> {
        (length > 0).then(|| lock(&self.0).usize(0..length))
    }

    /// One of the values; `None` if there are none.
    pub(crate) fn pick<'a, T>(&self, values: &'a [T]) -> Option<&'a T> {
        values.get(self.index(values.len())?)
    }
}
