//! The real binary, started as its users start it and talked to over HTTP and nothing else.
//!
//! Every response that passes through the client of [`harness`] is checked against the conventions of the contract and
//! against the OpenAPI document that the server itself publishes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly: that is what it is for"
)]

mod auth;
mod callbacks;
mod catalogue;
mod crash;
mod errors;
mod harness;
mod operations;
mod orders;
mod payments;
mod storms;
mod sweeps;
mod transitions;
