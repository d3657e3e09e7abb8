//! Running the service.

mod commands;
mod console;
mod documents;
mod gateways;
mod gauges;
mod pages;
mod people;
mod stopping;
