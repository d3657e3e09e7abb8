//! The feed of events for other systems (ADR 0025).
//!
//! ```text
//! use case ─► unit of work ─► FeedStore: derive_events ─► the same unit with its events ─► commit
//!                                                                                           │ announces
//! FeedRepository ◄── numbers ◄── number_events, one at a time among all instances ◄─────────┘
//! ```
//!
//! No use case names an event. `derive_events` reads them from the writes of a unit, without a wildcard over the kinds of
//! writes, so nothing can change an order, a payment or an account and forget its event. The events are in the commit
//! that makes them true, and get their numbers after it: see [`number_events`].

mod derive;
mod numbering;
mod read;
mod render;
mod signal;
mod store;

pub use numbering::{NUMBERED_MAX, number_events, prune_events};
pub use read::{FeedError, find_feed_end, list_events};
pub use render::{FeedContent, FeedPeople, FeedRenderer};
pub use signal::FeedSignal;
pub use store::{FeedParts, FeedStore};
