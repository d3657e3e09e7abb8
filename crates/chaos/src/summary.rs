//! What happened in a run, as text.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::{Judgement, fault::Fault, timeline::Window};

/// Most findings of a kind that are printed.
const SHOWN_MAX: usize = 10;

/// What happened in a run, and what was found.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// The seed of the plan.
    pub seed: u64,
    /// Orders that were placed and followed to an end.
    pub rounds: u32,
    /// Sessions that were begun, refreshed and ended.
    pub sessions: u32,
    /// Events that reached the receiver of webhooks.
    pub delivered: usize,
    /// Requests that were sent, repeated ones included.
    pub asked: u64,
    /// Those that were answered, with more than a request to come again later.
    pub answered: u64,
    /// What happened during each kind of fault, by its name.
    pub faults: BTreeMap<String, FaultSummary>,
    /// The time from the end of the load until no payment and no refund waited for the gateway.
    pub settled_after: Duration,
    /// Answers that the contract does not allow, and versions that went back.
    pub wrong: Vec<String>,
    /// What the comparison of history and record found.
    pub judgement: Judgement,
    /// What `api check` printed about a record that is not in order. None: it is.
    pub faults_of_record: Option<String>,
}

/// What happened during one kind of fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultSummary {
    /// How often it happened.
    pub times: u64,
    /// Requests that were sent while it was at work.
    pub asked: u64,
    /// Those of them that were answered, with more than a request to come again later.
    pub answered: u64,
    /// The longest time from its end until both instances had answered a write. None: the run ended before that.
    pub recovery_max: Option<Duration>,
}

impl Summary {
    /// Whether nothing happened that must never happen.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let Judgement { lost, doubled } = &self.judgement;
        lost.is_empty() && doubled.is_empty() && self.wrong.is_empty() && self.faults_of_record.is_none()
    }

    pub(crate) fn sum_faults(windows: &[Window]) -> BTreeMap<String, FaultSummary> {
        let mut faults: BTreeMap<Fault, FaultSummary> = BTreeMap::new();
        for window in windows {
            let sum = faults.entry(window.fault).or_default();
            sum.times = sum.times.saturating_add(1);
            sum.asked = sum.asked.saturating_add(window.asked);
            sum.answered = sum.answered.saturating_add(window.answered);
            sum.recovery_max = sum.recovery_max.max(window.recovery_time());
        }
        faults.into_iter().map(|(fault, sum)| (fault.to_string(), sum)).collect()
    }
}

/// A share in percent, rounded down.
fn compute_percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(100)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {} orders, {} sessions, {} events delivered, {} requests, {} answered",
            self.seed, self.rounds, self.sessions, self.delivered, self.asked, self.answered
        )?;
        writeln!(f, "\n| fault | times | requests | answered | recovery |\n| --- | --- | --- | --- | --- |")?;
        for (fault, it) in &self.faults {
            let share = compute_percent(it.answered, it.asked);
            let recovery = it.recovery_max.map_or("-".to_owned(), |it| format!("{} ms", it.as_millis()));
            writeln!(f, "| {fault} | {} | {} | {share} % | {recovery} |", it.times, it.asked)?;
        }
        let Judgement { lost, doubled } = &self.judgement;
        writeln!(f, "\neverything settled {} ms after the load", self.settled_after.as_millis())?;
        for (kind, all) in [("acknowledged, then lost", lost), ("doubled", doubled), ("wrong", &self.wrong)] {
            writeln!(f, "{kind}: {}", all.len())?;
            for one in all.iter().take(SHOWN_MAX) {
                writeln!(f, "  {one}")?;
            }
        }
        match &self.faults_of_record {
            None => writeln!(f, "api check: nothing is wrong"),
            Some(printed) => writeln!(f, "api check:\n{printed}"),
        }
    }
}
