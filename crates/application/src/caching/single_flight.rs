//! Doing a thing once for all who want it at the same moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ports::PortError;
use tokio::sync::OnceCell;

/// What one flight brings to all who joined it. A failure is shared as well.
type SharedLoad<T> = OnceCell<Result<T, PortError>>;

/// The loads that are under way, by name. Nothing stays here when a load has ended: this is no cache.
pub(crate) struct SingleFlight<T> {
    loads: Mutex<HashMap<String, Arc<SharedLoad<T>>>>,
}

impl<T: Clone> SingleFlight<T> {
    pub(crate) fn new() -> Self {
        Self { loads: Mutex::default() }
    }

    /// What `load` gives, or what somebody else's load of the same name gives that is under way.
    ///
    /// That one may have begun before this call: whoever must not be given anything older has to look, and may join
    /// once more. What is under way then has begun after this call. If whoever leads gives up, the next one leads.
    pub(crate) async fn join_or_load(
        &self,
        name: &str,
        load: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        // Dropped after `flight`: whoever leaves last sees that nobody is left.
        let _leaving = LoadGuard { single_flight: self, name };
        let flight = Arc::clone(self.lock_loads().entry(name.to_owned()).or_default());
        flight.get_or_init(|| load).await.clone()
    }

    fn lock_loads(&self) -> MutexGuard<'_, HashMap<String, Arc<SharedLoad<T>>>> {
        self.loads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who leaves a flight: at its end, or having given up.
struct LoadGuard<'a, T: Clone> {
    single_flight: &'a SingleFlight<T>,
    name: &'a str,
}

impl<T: Clone> Drop for LoadGuard<'_, T> {
    /// Takes a flight off the table that has ended, or that nobody is on.
    fn drop(&mut self) {
        let mut under_way = self.single_flight.lock_loads();
        let over = |it: &Arc<SharedLoad<T>>| it.initialized() || Arc::strong_count(it) == 1;
        if under_way.get(self.name).is_some_and(over) {
            under_way.remove(self.name);
        }
    }
}

#[cfg(test)]
mod tests;
