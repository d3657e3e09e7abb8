//! The report: tables, the page in `docs`, and the comparison with an earlier run.

mod baseline;
mod page;
mod ratio;
mod record;
mod table;

use crate::{
    footprint::Footprint, instructions::InstructionCount, machine::Circumstances, round::Round,
    statistics::Spread, workload::Name,
};

pub(crate) use self::{
    baseline::Baseline,
    page::{format_page, format_tables},
    record::{format_record, with_instructions},
};

/// The page, from the root of the repository.
pub(crate) const PAGE: &str = "docs/benchmarks.md";
/// The same for programs.
pub(crate) const RECORD: &str = "docs/benchmarks.json";

/// All rounds of one workload.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// The workload.
    pub(crate) name: Name,
    /// Its clients at once.
    pub(crate) clients: usize,
    /// The rounds, in the order in which they were run.
    pub(crate) rounds: Vec<Round>,
}

impl Series {
    /// The spread of a quantity over the rounds.
    fn spread(&self, quantity: impl Fn(&Round) -> f64) -> Spread {
        Spread::from_values(self.rounds.iter().map(quantity))
    }
}

/// A finished run.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// The command that repeats it.
    pub(crate) command: String,
    /// The length of a round, in seconds.
    pub(crate) seconds: u32,
    /// The machine and the program.
    pub(crate) circumstances: Circumstances,
    /// The workloads, in the order in which they were run.
    pub(crate) series: Vec<Series>,
    /// The instructions of hot paths; empty if they were not counted.
    pub(crate) instructions: Vec<InstructionCount>,
    /// The measurements of an idle service; `None` unless all workloads were asked for.
    pub(crate) footprint: Option<Footprint>,
}

impl Report {
    /// Whether any answer was wrong or missing.
    pub(crate) fn has_errors(&self) -> bool {
        self.series.iter().flat_map(|it| &it.rounds).any(|it| it.errors > 0)
    }

    fn find_series(&self, name: Name) -> Option<&Series> {
        self.series.iter().find(|it| it.name == name)
    }
}

#[cfg(test)]
mod testing {
    use super::*;
    use crate::round::CpuPerOperation;

    /// A report of three rounds each of `place` and `raw-place`; `scale` multiplies the first one's speed.
    pub(super) fn sample_report(scale: f64) -> Report {
        let round = |per_second: f64, others: f64| Round {
            per_second,
            p50_us: 1_500,
            p99_us: 20_250,
            cpu: CpuPerOperation { server: 300.0, mariadb: 150.0, redis: 20.0, memcached: 5.0, load: 25.0 },
            resident_kib: 40 * 1024,
            errors: 0,
            first_error: None,
            others,
        };
        let place = [900.0, 1000.0, 1100.0].map(|it| round(it * scale, 0.02)).to_vec();
        let raw = [1800.0, 2000.0, 2000.0].map(|it| round(it, 0.15)).to_vec();
        Report {
            command: "cargo xtask bench place raw-place".to_owned(),
            seconds: 10,
            circumstances: Circumstances {
                cores: 2,
                memory_gib: 24,
                commit: "0123456789ab".to_owned(),
                date: "2026-01-31".to_owned(),
            },
            series: vec![
                Series { name: Name::Place, clients: 64, rounds: place },
                Series { name: Name::RawPlace, clients: 64, rounds: raw },
            ],
            instructions: vec![InstructionCount { name: "fingerprint", count: 5_000.25 * scale }],
            footprint: Some(Footprint {
                start_ms: Spread { median: 81.0, min: 79.5, max: 90.0 },
                idle_mib: 21.5,
                program_mib: 40.25,
            }),
        }
    }
}
