//! Orders: placing, reading, and changing their status and their details by hand.

mod customer;
mod edit;
mod place;
mod read;
mod transition;

pub(crate) use customer::find_owners;
pub use customer::{Customers, find_customer_of, find_customers};
pub use edit::{EditError, EditRequest, edit_order};
pub use place::{Buyer, OrderLineInput, PlaceError, find_excess_lines, place_order};
pub use read::{
    CustomerQuery, ListError, OrderQuery, find_history, find_order, find_rendered_order, list_orders,
};
pub use transition::{TransitionError, TransitionRequest, transition_order};

pub(crate) use {read::can_see_order, transition::with_payment_writes};
