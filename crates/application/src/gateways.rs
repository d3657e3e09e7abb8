//! Calling gateways without waiting for one that is away.
//!
//! A [`GuardedGateway`] stands around every gateway. Who wants to ask enters first, before anything is claimed, and gets an
//! [`Admission`] or hears at once that the gateway is not available:
//!
//! ```text
//!   enter ──► breaker open? ──yes──► 503, Retry-After
//!               │ no
//!               ▼
//!             room? ──no, not within QUEUE_WAIT──► 503
//!               │ yes
//!               ▼
//!           Admission ── call, at most `time_limit` ──► answer, or NoResponse
//! ```
//!
//! Each gateway has its own: one that hangs takes no room from the others, nor from orders.

mod guarded;

pub use guarded::{Admission, GatewayLimits, GatewayUnavailable, GuardedGateway};
