//! Loading a value once for all callers that want it at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ports::PortError;
use tokio::sync::OnceCell;

/// The result of one load, for all callers that joined it. A failure is shared as well.
type SharedLoad<T> = OnceCell<Result<T, PortError>>;

/// The running loads, by name. A load is removed when it ends: this is no cache.
pub(crate) struct SingleFlight<T> {
    loads: Mutex<HashMap<String, Arc<SharedLoad<T>>>>,
}

impl<T: Clone> SingleFlight<T> {
    pub(crate) fn new() -> Self {
        Self { loads: Mutex::default() }
    }

    /// The result of `load`, or of a load of the same name that is already running.
    ///
    /// A running load may have begun before this call. A caller that must not get an older value checks the
    /// result and may join once more: a load that runs then has begun after this call. If the caller that
    /// loads is dropped, the next one loads.
    pub(crate) async fn join_or_load(
        &self,
        name: &str,
        load: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        // Declared first, so dropped last: when it looks at the table, this caller's own `flight` is gone,
        // and a count of one means that no other caller is left.
        let _leaving = LoadGuard { single_flight: self, name };
        // The table's lock is held for this lookup only, never across the await. Holding it during a load
        // would make every other key wait for one slow row.
        let flight = Arc::clone(self.lock_loads().entry(name.to_owned()).or_default());
        flight.get_or_init(|| load).await.clone()
    }

    fn lock_loads(&self) -> MutexGuard<'_, HashMap<String, Arc<SharedLoad<T>>>> {
        // A panic cannot leave the map half changed, so a poisoned lock is used as it is.
        self.loads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller's part in a load. Dropping it removes the load from the table when it has ended or lost its last
/// caller.
struct LoadGuard<'a, T: Clone> {
    single_flight: &'a SingleFlight<T>,
    name: &'a str,
}

impl<T: Clone> Drop for LoadGuard<'_, T> {
    /// Removes a load that has ended, or that has no caller left.
    fn drop(&mut self) {
        let mut under_way = self.single_flight.lock_loads();
        // A dropped caller must not remove a load that others still run. And a load that has ended must not
        // stay, or later callers would get an old value as if this were a cache.
        let over = |it: &Arc<SharedLoad<T>>| it.initialized() || Arc::strong_count(it) == 1;
        if under_way.get(self.name).is_some_and(over) {
            under_way.remove(self.name);
        }
    }
}

#[cfg(test)]
mod tests;
