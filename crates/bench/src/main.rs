//! The benchmark, which `cargo xtask bench` builds and runs from the root of the repository.
//!
//! ```text
//! options ─► stacks (private servers, the service in release) ─► shop (customers, products, orders)
//!         ─► rounds: workload A, B, C, then A, B, C again ─► medians, ratios, report
//! ```
//!
//! Every answer is checked, not only counted: status, body, and whether it is a replay. A wrong answer is an
//! error, and a run with errors fails.

mod clock;
mod error;
mod footprint;
mod growth;
mod hello;
mod hot_path;
mod http;
mod instructions;
mod machine;
mod options;
mod process_stats;
mod report;
mod round;
mod run;
mod service;
mod shop;
mod signature;
mod stack;
mod statistics;
mod workload;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use mimalloc::MiMalloc;

use crate::{error::BenchResult, options::Options};

/// That of the service, so that the ceiling has the same.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const USAGE: &str = "\
usage: cargo xtask bench [workload …] [options]

  --seconds N      length of a round (10)
  --rounds N       rounds of each workload (3)
  --clients N      clients at once (64); the idle workloads have one, mixed has 20 more
  --rows N         orders of `growth` (1000000)
  --instructions   counts the instructions of hot paths, and runs only the workloads that are named
  --quick          one round of a second with 1000 orders: shows that everything works
  --write          writes docs/benchmarks.md and docs/benchmarks.json
  --baseline FILE  compares ratios and instructions with a docs/benchmarks.json
  --log FILE       where the service's log goes (nowhere)

`growth` runs alone: the speed of requests among 10000 orders, and among `--rows`, as a ratio.

workloads: ";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run_command(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // May be dropped: there is nowhere else to say it.
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_command(args: &[String]) -> BenchResult<bool> {
    if let Some((command, [length])) = args.split_first()
        && command == hello::COMMAND
    {
        return hello::serve(length.parse()?).map(|()| true);
    }
    if let Some((command, [name, times])) = args.split_first()
        && command == hot_path::COMMAND
    {
        return hot_path::run(name, times).map(|()| true);
    }
    let options = match Options::parse(args) {
        Ok(options) => options,
        Err(fault) => {
            writeln!(io::stderr(), "bench: {fault}\n{USAGE}{}", workload::all_names())?;
            return Ok(false);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(machine::load_threads())
        .enable_all()
        .build()?;
    match options.growth {
        Some(rows) => runtime.block_on(growth::run_growth(&options, rows)),
        None => runtime.block_on(run::run_benchmark(&options)),
    }
}
