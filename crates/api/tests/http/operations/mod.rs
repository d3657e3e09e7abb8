//! Running the service.

mod commands;
mod pages;
mod stopping;
