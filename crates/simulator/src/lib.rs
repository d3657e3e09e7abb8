//! Deterministic simulation of the service.
//!
//! The use cases of `application` and the rules of `domain` run unchanged, on ports that fail in every way that their
//! traits allow. A history is one thread, virtual time and one seed: the same seed gives the same history, byte for byte.
//!
//! ```text
//! seed ─► Chance ─┬─► workload: requests, retries, buyers, sweeps, clocks ─► use cases of three instances
//!                 ├─► executor: which task goes on, which instance dies at this await       │
//!                 └─► ports: slow, refused, lost, late, twice ◄─────────────────────────────┘
//!                                   │
//!          MemoryRecord, gateway's books, what clients know ─► checks, written from the contract
//! ```
//!
//! After the steps the faults end, and everything must come to a state that waits for a person.

mod chance;
mod checks;
mod client;
mod command;
mod executor;
mod explore;
mod faults;
mod gateway;
mod history;
mod instance;
mod lock;
mod model;
mod mutants;
mod people;
mod ports;
mod sessions;
mod sweeps;
mod unreadable;
mod webhooks;
mod workload;
mod world;

pub use explore::{RunOptions, run_command};

#[cfg(test)]
mod tests;
