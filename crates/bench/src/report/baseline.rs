//! The ratios of an earlier run.

use std::{fs, path::Path};

use serde_json::Value;

use super::{
    Report,
    ratio::{Direction, RATIOS},
    record::{INSTRUCTIONS_MEMBER, RATIOS_MEMBER},
    table::Table,
};
use crate::error::BenchResult;

/// A ratio may be worse by this share. Less is within what differs between two runs on one machine.
const WORSE_MAX: f64 = 0.2;
/// A hot path may take this share more instructions. They differ by less between two builds of the same code.
const MORE_INSTRUCTIONS_MAX: f64 = 0.05;

/// The record of an earlier run.
#[derive(Debug)]
pub(crate) struct Baseline(Value);

impl Baseline {
    /// Reads a file that `--write` has written.
    pub(crate) fn read(file: &Path) -> BenchResult<Self> {
        let text = fs::read_to_string(file).map_err(|it| format!("{}: {it}", file.display()))?;
        Ok(Self::parse(&text).map_err(|it| format!("{}: {it}", file.display()))?)
    }

    fn parse(text: &str) -> BenchResult<Self> {
        let record: Value = serde_json::from_str(text)?;
        match record.get(RATIOS_MEMBER) {
            Some(Value::Object(_)) => Ok(Self(record)),
            Some(_) | None => Err("there are no ratios in it".into()),
        }
    }

    /// Tables of the ratios and the instructions that both runs have, and whether none is much worse than before.
    pub(crate) fn compare(&self, report: &Report) -> (String, bool) {
        let (ratios, ratios_hold) = self.compare_ratios(report);
        let (instructions, instructions_hold) = self.compare_instructions(report);
        (format!("{ratios}\n{instructions}"), ratios_hold && instructions_hold)
    }

    fn compare_instructions(&self, report: &Report) -> (String, bool) {
        let mut table = Table::new(&["hot path", "baseline", "now", "change %", "verdict"]);
        let mut holds = true;
        for it in &report.instructions {
            let before =
                self.0.get(INSTRUCTIONS_MEMBER).and_then(|all| all.get(it.name)).and_then(Value::as_f64);
            let Some(before) = before.filter(|it| *it > 0.0) else { continue };
            let change = it.count / before - 1.0;
            let is_worse = change > MORE_INSTRUCTIONS_MAX;
            holds &= !is_worse;
            table.push(vec![
                it.name.to_owned(),
                format!("{before:.0}"),
                format!("{:.0}", it.count),
                format!("{:+.1}", change * 100.0),
                if is_worse { "worse" } else { "ok" }.to_owned(),
            ]);
        }
        (table.render(), holds)
    }

    fn compare_ratios(&self, report: &Report) -> (String, bool) {
        let mut table = Table::new(&["ratio", "baseline", "now", "change %", "verdict"]);
        let mut holds = true;
        for ratio in RATIOS {
            let before = self.0.get(RATIOS_MEMBER).and_then(|it| it.get(ratio.name)).and_then(Value::as_f64);
            let Some((before, now)) = before.filter(|it| *it > 0.0).zip(ratio.measure(report)) else {
                continue;
            };
            let change = now.median / before - 1.0;
            let worse = match ratio.direction {
                Direction::HigherIsBetter => -change,
                Direction::LowerIsBetter => change,
            };
            holds &= worse <= WORSE_MAX;
            table.push(vec![
                ratio.name.to_owned(),
                format!("{before:.2}"),
                format!("{:.2}", now.median),
                format!("{:+.0}", change * 100.0),
                if worse > WORSE_MAX { "worse" } else { "ok" }.to_owned(),
            ]);
        }
        (table.render(), holds)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{record::format_record, testing::sample_report},
        *,
    };

    #[test]
    fn a_ratio_that_became_much_worse_is_a_fault() {
        let baseline = Baseline::parse(&format_record(&sample_report(1.0)).unwrap()).unwrap();
        for (scale, holds, verdict) in
            [(1.0, true, "ok"), (0.85, true, "ok"), (2.0, true, "ok"), (0.7, false, "worse")]
        {
            let (table, held) = baseline.compare_ratios(&sample_report(scale));
            assert_eq!(held, holds, "{table}");
            assert!(table.contains("place / raw-place") && table.contains(verdict), "{table}");
        }
    }

    #[test]
    fn a_hot_path_that_takes_more_instructions_is_a_fault() {
        let baseline = Baseline::parse(&format_record(&sample_report(1.0)).unwrap()).unwrap();
        for (scale, holds) in [(1.0, true), (1.04, true), (0.5, true), (1.06, false)] {
            let (table, held) = baseline.compare_instructions(&sample_report(scale));
            assert_eq!(held, holds, "{table}");
            assert!(table.contains("fingerprint") && table.contains("5000"), "{table}");
        }
    }

    #[test]
    fn a_file_without_ratios_is_an_error() {
        assert!(Baseline::parse("{}").is_err() && Baseline::parse("ratios").is_err());
    }
}
