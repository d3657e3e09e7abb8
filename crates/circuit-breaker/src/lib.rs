//! A circuit breaker: after failures, calls to a dependency are refused at once for a while, and then one call probes it.
//!
//! A dependency that hangs costs every caller its whole time limit. The breaker sees the first failures and spares the
//! rest: callers learn at once that the dependency is unavailable and do without it, or answer that it is.
//!
//! ```text
//!              failures_to_open in a row
//!   ┌────────┐ ─────────────────────────► ┌────────┐
//!   │ Closed │                            │  Open  │◄─────────────┐
//!   └────────┘                            └────────┘              │
//!       ▲                                     │ open_period ends  │ the probe fails,
//!       │ a call succeeds                     ▼                   │ or is dropped
//!       │                                ┌──────────┐             │
//!       └─────────────────────────────── │ HalfOpen │─────────────┘
//!                                        └──────────┘
//!                                          one probe
//! ```
//!
//! [`CircuitBreaker`] knows no time limit and no kind of error: its caller asks for a [`CallPermit`], makes the call within
//! whatever limit it has, and reports the outcome. What counts as a failure is for the caller to decide; an answer that
//! refuses a request is a success here, for the dependency is there.
//!
//! ```
//! use std::time::Duration;
//!
//! use circuit_breaker::{CircuitBreaker, Settings, State};
//!
//! let settings = Settings { failures_to_open: 2, open_period: Duration::from_secs(5) };
//! let breaker = CircuitBreaker::new(settings);
//! for _ in 0..2 {
//!     breaker.acquire_permit()?.fail();
//! }
//! assert_eq!(breaker.state(), State::Open);
//! assert!(breaker.acquire_permit().is_err());
//! # Ok::<(), circuit_breaker::CircuitOpen>(())
//! ```
//!
//! A permit for which no call was made is returned by [`CallPermit::cancel`]. One that is dropped without an outcome, because the caller went away, says nothing about the dependency. If it was
//! the probe, the circuit opens for another period: a probe that is lost keeps the others out only that long.
//!
//! [`ServerGuard`] is what adapters of caches and locks put on top: a time limit for each call, and a generation that says
//! which connections were made before the last failure.

mod breaker;
mod server_guard;

pub use breaker::{CallPermit, CircuitBreaker, CircuitOpen, Settings, State};
pub use server_guard::{CallFailure, DEFAULT_TIMEOUT, ServerGuard};
