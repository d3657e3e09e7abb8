//! Running the service.

mod archive;
mod commands;
mod console;
mod data_commands;
mod documents;
mod gateways;
mod gauges;
mod overview;
mod pages;
mod people;
mod stopping;
mod terminal;
