//! The simulator, which `cargo xtask sim` builds and runs.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use simulator::{RunOptions, run_command};

const USAGE: &str = "\
usage: cargo xtask sim [options]

  --seed N         runs one history with a trace, and shortens it if it fails
  --histories N    runs this many histories (200), from seed --from (1)
  --from N         the first seed
  --minutes M      runs histories until the time is over
  --steps N        steps of a history (290)
  --mutants        plants each fault, and counts the histories until it is found
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let Some(options) = RunOptions::parse(&args) else {
        // May be dropped: there is nowhere else to say it.
        let _ = write!(io::stderr(), "{USAGE}");
        return ExitCode::FAILURE;
    };
    match run_command(&options, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}
