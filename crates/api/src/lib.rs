//! The HTTP service: routes, views, problems, configuration, wiring, commands.
//!
//! Thin on purpose: a handler reads what was sent, calls one use case of `application`, and shows what came of it.

pub mod commands;
pub mod config;
mod connections;
pub mod http;
pub mod log;
pub mod metrics;
pub mod serve;
pub mod service;
mod stopwatch;
pub mod sweeps;
pub mod tasks;
mod terminal;
pub mod wiring;
