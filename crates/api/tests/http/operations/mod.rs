//! Running the service.

mod commands;
mod pages;
mod people;
mod stopping;
