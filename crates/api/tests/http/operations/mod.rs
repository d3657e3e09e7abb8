//! Running the service.

mod commands;
mod documents;
mod gateways;
mod pages;
mod people;
mod stopping;
