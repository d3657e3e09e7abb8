//! Caches before ports, as decorators. Each may be lost at any moment: it makes things fast, and the record keeps them
//! right.

mod copies;
mod flights;
mod orders;
mod publishing;
mod scoped;
mod sessions;
mod shape;
mod tiered;
mod users;

pub use orders::CachedOrders;
pub use publishing::PublishingStore;
pub use scoped::ScopedCache;
pub use sessions::CachedSessions;
pub use shape::shape;
pub use tiered::TieredCache;
pub use users::CachedUsers;

use copies::Copies;
use flights::Flights;
