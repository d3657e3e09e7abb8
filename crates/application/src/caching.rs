//! Caches before ports, as decorators. Each may be lost at any moment: it makes things fast, and the record keeps them
//! right.

mod cached_rows;
mod orders;
mod scoped;
mod sessions;
mod shape;
mod single_flight;
mod tiered;
mod users;
mod write_through;

pub use orders::CachedOrders;
pub use scoped::ScopedCache;
pub use sessions::CachedSessions;
pub use shape::cache_shape;
pub use tiered::TieredCache;
pub use users::CachedUsers;
pub use write_through::WriteThroughStore;

use cached_rows::CachedRows;
use single_flight::SingleFlight;
