//! Calling gateways with limits, so that one that is slow or down does not block the service.
//!
//! A [`GuardedGateway`] wraps every gateway. A use case asks it for an [`Admission`] before it claims
//! anything, and is refused within a second if the gateway is busy or its circuit breaker is open:
//!
//! ```text
//!   admit ──► permit free? ──no, not within QUEUE_WAIT──► 503, Retry-After
//!               │ yes
//!               ▼
//!             breaker open? ──yes──► 503, Retry-After
//!               │ no
//!               ▼
//!           Admission ── call, at most `time_limit` ──► answer, or NoResponse
//! ```
//!
//! Each gateway has permits, a queue and a breaker of its own: one that hangs takes no capacity from the
//! others.

mod guarded;

pub use guarded::{Admission, GatewayLimits, GatewayUnavailable, GuardedGateway, NotAdmitted};
