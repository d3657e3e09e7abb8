//! The counters of an order: what a client sees change, what commits are guarded by, and the order of its
//! history.
//!
//! Three numbers, because each answers another question (ADR 0005, ADR 0012):
//!
//! ```text
//!                        Version   Revision   Sequence
//! status changes          +1        +1         +1
//! payment changes          -        +1          -
//! ```

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(i64);

        impl $name {
            /// The value of a new order or product: 1.
            pub const FIRST: Self = Self(1);

            /// Wraps a number from the database.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number, for the database and JSON.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The number after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                // At one change each microsecond the end is 290,000 years away; saturating only keeps `next`
                // free of panics.
                Self(self.0.saturating_add(1))
            }
        }
    )* };
}

counters! {
    /// The `version` and `ETag` that a client sees: it grows when the representation changes.
    Version
    /// The guard of an order and of everything that belongs to it (payments, refunds, stock). Each unit of
    /// work that changes any of them names the revision it was decided on and increments it. Never shown.
    Revision
    /// The position of an entry in an order's history: 1 for its placing, then 2, 3 and so on without a gap,
    /// whatever the clocks of the instances say.
    Sequence
}
