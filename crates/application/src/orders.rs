//! Orders: placing, following and moving them.

mod place;
mod read;
mod transition;

pub use place::{Line, PlaceError, place};
pub use read::{ListError, OrderQuery, find, history, list};
pub use transition::{Transition, TransitionError, transition};

pub(crate) use {read::sees, transition::with_payment};
