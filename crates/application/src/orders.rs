//! Orders: placing, reading, and changing their status by hand.

mod place;
mod read;
mod transition;

pub use place::{OrderLineInput, PlaceError, place_order};
pub use read::{ListError, OrderQuery, find_history, find_order, list_orders};
pub use transition::{TransitionError, TransitionRequest, transition_order};

pub(crate) use {read::can_see_order, transition::with_payment_writes};
