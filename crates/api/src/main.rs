//! The Idem service: one binary, several commands.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    api::commands::run(api::commands::Arguments::parse()).await
}
