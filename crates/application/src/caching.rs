//! Caches in front of repositories, as decorators of the ports.
//!
//! A cached entry may be old, lost or brought back at any moment, so no decorator relies on invalidation.
//!
//! Each decorator has another reason why what it returns is right:
//!
//! - `CachedOrders` (version: the order's revision): the system of record confirms the revision for each
//!   read.
//! - `CachedUsers` (version: time of the last change): changed users are read every 0.4 s, and entries are
//!   used only while that is fresh.
//! - `CachedSessions` (version: the session's generation): an entry serves one attempt, whose commit is
//!   guarded by the whole session.
//! - `RenderedOrders` (version: the order's revision): as `CachedOrders`.
//! - `CachedOverview`, `RecentBacklog` (no version): figures are shown with their time, and are at most 5 s old.
//! - `KnownReplies` (version: time of the claim): a stored reply never changes, and only this process writes them.
//! - `VerifiedTokens` (no version): a token stays genuine, and its expiry is compared at each use.
//! - `KnownEvents` (no version): a stored notice stays, and only this process writes them.
//!
//! `WriteThroughStore` puts new entries after a commit, and every cache refuses to replace a newer version by
//! an older one. `TieredCache` and `ScopedCache` combine and separate caches; `SingleFlight` loads once for
//! all concurrent readers. The promise: emptying, stopping or partitioning a cache makes reads slower and
//! never wrong.

mod cached_rows;
mod events;
mod orders;
mod overview;
mod rendered_orders;
mod replies;
mod scoped;
mod sessions;
mod shape;
mod single_flight;
mod tiered;
mod users;
mod verified_tokens;
mod write_through;

pub use events::KnownEvents;
pub use orders::CachedOrders;
pub(crate) use overview::Backlog;
pub use overview::{CachedOverview, RecentBacklog};
pub use rendered_orders::{RenderedOrder, RenderedOrders};
pub use replies::KnownReplies;
pub use scoped::ScopedCache;
pub use sessions::CachedSessions;
pub use shape::cache_shape;
pub use tiered::TieredCache;
pub use users::CachedUsers;
pub use verified_tokens::VerifiedTokens;
pub use write_through::WriteThroughStore;

use cached_rows::CachedRows;
use single_flight::SingleFlight;
