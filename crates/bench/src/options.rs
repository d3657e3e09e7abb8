//! The command line.

use std::path::PathBuf;

use crate::workload::Name;

/// What to measure, and what to do with the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// The workloads, in the order in which a round runs them.
    pub(crate) workloads: Vec<Name>,
    /// The length of a round, in seconds; 1 to 3600.
    pub(crate) seconds: u32,
    /// The rounds of each workload; 1 to 100.
    pub(crate) rounds: u32,
    /// The clients at once; 1 to 400. The idle workloads have one.
    pub(crate) clients: usize,
    /// The orders that are read and replayed.
    pub(crate) orders: usize,
    /// Whether the start, the memory and the size of an idle service are measured: if all workloads are.
    pub(crate) footprint: bool,
    /// Whether the instructions of hot paths are counted.
    pub(crate) instructions: bool,
    /// The orders among which `growth` measures, 1 to 20,000,000; `None`: other workloads are run.
    pub(crate) growth: Option<u32>,
    /// Whether to write the report into `docs`.
    pub(crate) write: bool,
    /// The earlier result to compare the ratios with.
    pub(crate) baseline: Option<PathBuf>,
    /// Where the service's log goes. None: nowhere.
    pub(crate) log: Option<PathBuf>,
    /// The arguments as they were given, for the report.
    pub(crate) command: String,
}

const SECONDS: u32 = 10;
/// The word that measures how speed depends on the number of orders, and runs alone.
const GROWTH: &str = "growth";
const GROWTH_ROWS: u32 = 1_000_000;
const GROWTH_ROWS_MAX: u32 = 20_000_000;
const ROUNDS: u32 = 3;
const CLIENTS: usize = 64;
const ORDERS: usize = 10_000;
const ORDERS_QUICK: usize = 1_000;
/// Most clients: a private MariaDB takes 500 connections, and the raw workloads need one for each client.
const CLIENTS_MAX: u32 = 400;

impl Options {
    /// Reads the arguments. Without a workload all are run.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let quick = arguments.iter().any(|it| it == "--quick");
        let mut options = Self {
            workloads: Vec::new(),
            seconds: if quick { 1 } else { SECONDS },
            rounds: if quick { 1 } else { ROUNDS },
            clients: CLIENTS,
            orders: if quick { ORDERS_QUICK } else { ORDERS },
            footprint: false,
            instructions: false,
            growth: None,
            write: false,
            baseline: None,
            log: None,
            command: command_line(arguments),
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--quick" => {}
                "--instructions" => options.instructions = true,
                "--write" => options.write = true,
                GROWTH => options.growth = options.growth.or(Some(GROWTH_ROWS)),
                "--rows" => options.growth = Some(parse_number(argument, rest.next(), GROWTH_ROWS_MAX)?),
                "--seconds" => options.seconds = parse_number(argument, rest.next(), 3600)?,
                "--rounds" => options.rounds = parse_number(argument, rest.next(), 100)?,
                "--clients" => {
                    let clients = parse_number(argument, rest.next(), CLIENTS_MAX)?;
                    options.clients = usize::try_from(clients).map_err(|it| it.to_string())?;
                }
                "--baseline" => options.baseline = Some(parse_path(argument, rest.next())?),
                "--log" => options.log = Some(parse_path(argument, rest.next())?),
                name => options.workloads.push(Name::parse(name).ok_or(format!("`{name}` is not known"))?),
            }
        }
        if options.growth.is_some() {
            let is_alone = options.workloads.is_empty() && !options.instructions;
            return if is_alone { Ok(options) } else { Err(format!("`{GROWTH}` runs alone")) };
        }
        if options.workloads.is_empty() && !options.instructions {
            options.workloads = Name::ALL.to_vec();
            options.footprint = true;
            options.instructions = true;
        }
        Ok(options)
    }
}

/// The command as it can be repeated: paths are left out, because they are of one machine.
fn command_line(arguments: &[String]) -> String {
    let mut command = "cargo xtask bench".to_owned();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if ["--baseline", "--log"].contains(&argument.as_str()) {
            rest.next();
        } else {
            command.push(' ');
            command.push_str(argument);
        }
    }
    command
}

fn parse_number(name: &str, value: Option<&String>, max: u32) -> Result<u32, String> {
    let number = value.and_then(|it| it.parse().ok()).filter(|it| (1..=max).contains(it));
    number.ok_or_else(|| format!("{name} needs a number from 1 to {max}"))
}

fn parse_path(name: &str, value: Option<&String>) -> Result<PathBuf, String> {
    value.map(PathBuf::from).ok_or_else(|| format!("{name} needs a file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_arguments_everything_is_measured() {
        let options = parse("").unwrap();
        assert_eq!(options.workloads, Name::ALL);
        assert!(options.footprint && options.instructions);
        assert_eq!((options.seconds, options.rounds, options.clients, options.orders), (10, 3, 64, 10_000));
        assert_eq!(options.command, "cargo xtask bench");
    }

    #[test]
    fn instructions_can_be_counted_alone() {
        let options = parse("--instructions").unwrap();
        assert_eq!((options.workloads, options.footprint, options.instructions), (Vec::new(), false, true));
    }

    #[test]
    fn growth_runs_alone() {
        let options = parse("growth --rows 20000 --seconds 3").unwrap();
        assert_eq!((options.growth, options.workloads, options.footprint), (Some(20_000), Vec::new(), false));
        assert_eq!(parse("growth").unwrap().growth, Some(GROWTH_ROWS));
        assert!(parse("growth place").is_err() && parse("--rows 0 growth").is_err());
    }

    #[test]
    fn arguments_may_come_in_any_order() {
        let options = parse("--clients 256 place --quick raw-place --seconds 2 --log service.log").unwrap();
        assert_eq!(options.workloads, [Name::Place, Name::RawPlace]);
        assert_eq!((options.seconds, options.rounds, options.clients, options.orders), (2, 1, 256, 1_000));
        assert_eq!(options.command, "cargo xtask bench --clients 256 place --quick raw-place --seconds 2");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for line in ["nothing", "--seconds", "--seconds 0", "--clients 401", "--rounds many", "--baseline"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
