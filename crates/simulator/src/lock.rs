//! Locking of what ports share. A history has one thread, so no lock is ever waited for.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic of a task: its history has failed then, and is only looked at.
pub(crate) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
