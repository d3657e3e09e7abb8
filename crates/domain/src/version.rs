//! The counters of an order.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(i64);

        impl $name {
            /// The first one.
            pub const FIRST: Self = Self(1);

            /// Wraps a number from the record.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number itself.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The one after this.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }
    )* };
}

counters! {
    /// What a client sees as `version` and as `ETag`: it grows when the representation changes.
    Version
    /// The guard of an order and of everything that belongs to it (payments, refunds, stock): each unit of work that
    /// touches any of them names the revision it decided on and moves it on by one. Never shown.
    Revision
    /// The place of an entry in the path of its order: 1 for its placing, then 2, 3 and so on without a gap, whatever
    /// the clocks of those who made them say.
    Sequence
}
