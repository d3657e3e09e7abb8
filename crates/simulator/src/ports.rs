//! The ports of simulated instances: each one keeps the promises of its trait, and fails in the ways that it allows.

pub(crate) mod cache;
pub(crate) mod identity;
pub(crate) mod locks;
pub(crate) mod reads;
pub(crate) mod store;
pub(crate) mod surroundings;
pub(crate) mod webhooks;

use ports::PortError;

/// The error of every port that is unavailable.
pub(crate) fn unavailable_error() -> PortError {
    PortError::unavailable("away")
}
