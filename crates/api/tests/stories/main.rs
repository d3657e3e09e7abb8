//! A payment through the real binary and a real gateway's adapter, with a double of the gateway: the same double
//! that the adapter's own tests use.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly: that is what it is for"
)]
#![expect(dead_code, unused_imports, reason = "the harness and the double are those of other tests")]

#[path = "../../../adapters-gateways/tests/stripe/double/mod.rs"]
mod double;
#[path = "../http/harness/mod.rs"]
mod harness;
#[path = "../../../adapters-gateways/tests/stripe/http.rs"]
mod http;
#[path = "../embedded/stack.rs"]
mod stack;
mod stripe;
