//! Running the service.

mod commands;
mod documents;
mod pages;
mod stopping;
