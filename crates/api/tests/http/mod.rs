//! The real binary, started as its users start it and talked to over HTTP and nothing else.
//!
//! Every response that passes through the client of [`harness`] is checked against the conventions of the contract and
//! against the OpenAPI document that the server itself publishes. What the binary stands on, the root of each test
//! target says in its `stack`.

mod api_keys;
mod auth;
mod callbacks;
mod cards;
mod catalogue;
mod clients;
mod clocks;
mod compression;
mod cors;
mod crash;
mod described;
mod errors;
mod feed;
mod fuzz;
pub(crate) mod harness;
mod hostile;
mod instances;
mod once;
mod operations;
mod orders;
mod payments;
mod request_limits;
mod sales;
mod stock;
mod storms;
mod sweeps;
mod tls;
mod traces;
mod transitions;
mod unreadable;
mod users;
mod webhooks;
