//! The HTTP service: routes, views, problems, configuration, wiring, commands.
//!
//! It is thin on purpose: a handler decodes the request, calls one use case of `application`, and renders the
//! outcome.

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
pub mod webhook_tasks;
pub mod wiring;
