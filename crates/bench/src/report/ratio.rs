//! Ratios between workloads. They depend far less on the machine than the numbers that they are made of.

use super::{Report, Series};
use crate::{round::Round, statistics::Spread, workload::Name};

/// Whether more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The ratio of two speeds.
    HigherIsBetter,
    /// The ratio of two costs.
    LowerIsBetter,
}

/// A ratio that is reported if both workloads were run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ratio {
    /// The name in the report.
    pub(super) name: &'static str,
    of: Name,
    to: Name,
    quantity: fn(&Round) -> f64,
    /// Which direction is an improvement.
    pub(super) direction: Direction,
}

/// All ratios, in the order of the report.
pub(super) const RATIOS: [Ratio; 8] = [
    Ratio::of_speeds("read / hello", Name::Read, Name::Hello),
    Ratio::of_speeds("read-cold / hello", Name::ReadCold, Name::Hello),
    Ratio::of_speeds("replay / hello", Name::Replay, Name::Hello),
    Ratio::of_speeds("place / raw-place", Name::Place, Name::RawPlace),
    Ratio::of_speeds("place-hot / place", Name::PlaceHot, Name::Place),
    Ratio::of_speeds("callback / raw-callback", Name::Callback, Name::RawCallback),
    Ratio {
        name: "CPU of pay / CPU of place",
        of: Name::Pay,
        to: Name::Place,
        quantity: |it| it.cpu.without_load(),
        direction: Direction::LowerIsBetter,
    },
    Ratio {
        name: "p99 of mixed / p99 of mixed-quiet",
        of: Name::Mixed,
        to: Name::MixedQuiet,
        quantity: |it| it.p99_us.into(),
        direction: Direction::LowerIsBetter,
    },
];

impl Ratio {
    const fn of_speeds(name: &'static str, of: Name, to: Name) -> Self {
        Self { name, of, to, quantity: |it| it.per_second, direction: Direction::HigherIsBetter }
    }

    /// The ratio in each pair of rounds that ran one after the other; `None` unless both workloads were run.
    pub(super) fn measure(self, report: &Report) -> Option<Spread> {
        let (of, to) = (report.find_series(self.of)?, report.find_series(self.to)?);
        let values = |it: &Series| it.rounds.iter().map(self.quantity).collect::<Vec<_>>();
        let pairs = values(of).into_iter().zip(values(to)).filter(|(_, to)| *to > 0.0);
        let ratios: Vec<f64> = pairs.map(|(of, to)| of / to).collect();
        (!ratios.is_empty()).then(|| Spread::from_values(ratios))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::sample_report, *};

    #[test]
    fn a_ratio_compares_rounds_that_ran_side_by_side() {
        let report = sample_report(1.0);
        let measured: Vec<_> = RATIOS.iter().filter_map(|it| Some((it.name, it.measure(&report)?))).collect();
        assert_eq!(measured.len(), 1);
        let (name, spread) = measured[0];
        assert_eq!(name, "place / raw-place");
        assert_eq!(spread, Spread { median: 0.5, min: 0.5, max: 0.55 });
    }
}
