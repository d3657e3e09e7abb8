//! `cargo xtask fuzz`: the fuzz targets that the tests run for a moment, for as long as there is time.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cargo;

/// The crates that have fuzz targets: tests whose names begin with `fuzz`.
const PACKAGES: [&str; 4] = ["port-contracts", "adapters-crypto", "adapters-gateways", "api"];
/// A round has the inputs of the tests this many times; read by `port_contracts::fuzz`.
const TIMES: (&str, &str) = ("FUZZ_TIMES", "10");
/// The choice of the inputs; read by `port_contracts::fuzz`.
const SEED: &str = "FUZZ_SEED";
const MINUTE: Duration = Duration::from_secs(60);

/// Rounds of every target, each with other inputs: `--minutes N` (1), and `--seed S` of the first round (1). False if a
/// target failed.
#[expect(clippy::disallowed_methods, reason = "the length of a run is asked for in minutes")]
pub(crate) fn run(root: &Path, extra: &[String]) -> io::Result<bool> {
    let (mut minutes, mut seed): (u32, u32) = (1, 1);
    for pair in extra.chunks(2) {
        match pair {
            [name, number] if name == "--minutes" => minutes = number.parse().unwrap_or(1),
            [name, number] if name == "--seed" => seed = number.parse().unwrap_or(1),
            _ => {
                writeln!(io::stderr(), "usage: cargo xtask fuzz [--minutes N] [--seed S]")?;
                return Ok(false);
            }
        }
    }
    let began = Instant::now();
    loop {
        if !run_round(root, seed)? {
            return Ok(false);
        }
        if began.elapsed() >= MINUTE.saturating_mul(minutes) {
            return Ok(true);
        }
        seed = seed.wrapping_add(1);
    }
}

fn run_round(root: &Path, seed: u32) -> io::Result<bool> {
    for package in PACKAGES {
        let args = ["test", "--release", "--package", package, "--tests", "fuzz"];
        writeln!(io::stdout(), "$ {SEED}={seed} {}={} cargo {}", TIMES.0, TIMES.1, args.join(" "))?;
        let mut command = cargo::cargo_command(root);
        command.args(args).env(SEED, seed.to_string()).env(TIMES.0, TIMES.1);
        if !command.status()?.success() {
            return Ok(false);
        }
    }
    Ok(true)
}
