//! Running histories: one with its trace, many, or until a planted fault is found.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use crate::{
    faults::{Coverage, Fault},
    history::{Options, Outcome, Rows, STEPS, find_shortest, run_history},
    mutants::Mutant,
};

/// The most histories in which a planted fault must be found.
const MUTANT_HISTORIES_MAX: u64 = 500;
/// The lines of a trace that are printed, the last ones.
const TRACE_LINES: usize = 400;

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOptions {
    /// One history, printed whole.
    seed: Option<u64>,
    /// The first seed of many.
    from: u64,
    /// The number of histories.
    histories: u64,
    /// Until then, whatever their number.
    minutes: Option<u64>,
    steps: u32,
    mutants: bool,
}

impl RunOptions {
    /// Reads the arguments; `None` if they are not understood.
    #[must_use]
    pub fn parse(args: &[String]) -> Option<Self> {
        let mut it =
            Self { seed: None, from: 1, histories: 200, minutes: None, steps: STEPS, mutants: false };
        let mut rest = args.iter();
        while let Some(name) = rest.next() {
            if name == "--mutants" {
                it.mutants = true;
                continue;
            }
            let value = rest.next()?;
            match name.as_str() {
                "--seed" => it.seed = Some(value.parse().ok()?),
                "--from" => it.from = value.parse().ok()?,
                "--histories" => it.histories = value.parse().ok()?,
                "--minutes" => it.minutes = Some(value.parse().ok()?),
                "--steps" => it.steps = value.parse().ok()?,
                _ => return None,
            }
        }
        Some(it)
    }
}

/// Runs as the options say and prints the result; false if something failed that must hold.
///
/// # Errors
/// If it cannot be printed.
pub fn run_command(options: &RunOptions, out: &mut impl Write) -> io::Result<bool> {
    match options.seed {
        Some(seed) => run_seed(Options { steps: options.steps, ..Options::new(seed) }, out),
        None if options.mutants => find_mutants(out),
        None => explore(options, out),
    }
}

/// Runs one seed with its trace.
fn run_seed(options: Options, out: &mut impl Write) -> io::Result<bool> {
    let outcome = run_history(Options { traces: true, ..options });
    if outcome.violation.is_some() {
        return print_failure(options, &outcome, out);
    }
    for line in &outcome.trace {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "seed {}: {} steps, {}: all held", options.seed, outcome.steps, outcome.rows)?;
    Ok(true)
}

/// Prints the shortest history with this seed that fails, and how to see it again.
fn print_failure(options: Options, outcome: &Outcome, out: &mut impl Write) -> io::Result<bool> {
    let shortest = find_shortest(options, outcome.steps);
    let again = run_history(Options { traces: true, ..shortest });
    let skipped = again.trace.len().saturating_sub(TRACE_LINES);
    for line in again.trace.iter().skip(skipped) {
        writeln!(out, "{line}")?;
    }
    let fault = again.violation.or_else(|| outcome.violation.clone()).unwrap_or_default();
    writeln!(out, "seed {} fails: {fault}", options.seed)?;
    writeln!(out, "again: cargo xtask sim --seed {} --steps {}", options.seed, shortest.steps)?;
    Ok(false)
}

/// Runs seed after seed.
fn explore(options: &RunOptions, out: &mut impl Write) -> io::Result<bool> {
    let began = start_watch();
    let limit = options.minutes.map(|it| Duration::from_secs(it.saturating_mul(60)));
    let (mut coverage, mut count, mut rows) = (Coverage::new(), 0_u64, Rows::default());
    for seed in options.from.. {
        let is_over = limit.map_or(count >= options.histories, |it| began.elapsed() >= it);
        if is_over {
            break;
        }
        let history = Options { steps: options.steps, ..Options::new(seed) };
        let outcome = run_history(history);
        if outcome.violation.is_some() {
            return print_failure(history, &outcome, out);
        }
        count = count.saturating_add(1);
        rows = rows.plus(outcome.rows);
        for (place, times) in outcome.coverage {
            let known = coverage.entry(place).or_default();
            *known = known.saturating_add(times);
        }
    }
    print_coverage(&coverage, out)?;
    let seconds = began.elapsed().as_secs_f64();
    writeln!(out, "{count} histories, {rows} in {seconds:.1} s: all held")?;
    Ok(true)
}

#[expect(clippy::disallowed_methods, reason = "it measures how fast histories are, and decides when to stop")]
fn start_watch() -> Instant {
    Instant::now()
}

/// Prints which fault met which step how often; one that never struck is printed as such.
fn print_coverage(coverage: &Coverage, out: &mut impl Write) -> io::Result<()> {
    for fault in Fault::ALL {
        let met = coverage.iter().filter(|((it, _), _)| it == fault);
        let met: Vec<_> = met.map(|((_, step), times)| format!("{step} {times}")).collect();
        let met = if met.is_empty() { "never".to_owned() } else { met.join(", ") };
        writeln!(out, "{:<30} {met}", fault.as_str())?;
    }
    Ok(())
}

/// The number of histories until a planted fault is found, and what was found; `None` if it was not.
pub(crate) fn find_mutant(mutant: Mutant, histories_max: u64) -> Option<(u64, String)> {
    (1..=histories_max).find_map(|seed| {
        let options = Options { mutant: Some(mutant), ..Options::new(seed) };
        run_history(options).violation.map(|it| (seed, it))
    })
}

/// Plants each fault and prints a table of how many histories it took.
fn find_mutants(out: &mut impl Write) -> io::Result<bool> {
    writeln!(out, "| planted fault | histories | reported violation |\n| --- | --- | --- |")?;
    let mut all_found = true;
    for mutant in Mutant::ALL {
        match find_mutant(*mutant, MUTANT_HISTORIES_MAX) {
            Some((count, fault)) => {
                let fault: String = fault.chars().take(90).collect();
                writeln!(out, "| {} | {count} | {fault} |", mutant.as_str())?;
            }
            None => {
                all_found = false;
                writeln!(out, "| {} | NOT FOUND in {MUTANT_HISTORIES_MAX} | |", mutant.as_str())?;
            }
        }
    }
    Ok(all_found)
}
