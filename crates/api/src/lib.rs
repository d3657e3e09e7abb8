//! The HTTP service: routes, views, problems, configuration, wiring, commands.
//!
//! It is thin on purpose: a handler decodes the request, calls one use case of `application`, and renders the
//! outcome.

mod build_info;
pub mod commands;
pub mod config;
mod connections;
mod gauges;
pub mod http;
pub mod limit_sharing;
pub mod log;
pub mod metrics;
pub mod serve;
pub mod service;
mod span_export;
mod stopwatch;
pub mod sweeps;
pub mod tasks;
mod terminal;
pub mod tls;
pub mod webhook_tasks;
pub mod wiring;
