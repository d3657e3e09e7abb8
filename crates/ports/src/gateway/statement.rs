//! Settlement files: what a gateway says it has paid out and taken back, as a list to compare.

use std::fmt;

use domain::{
    RefundId, Timestamp, TransactionId,
    payment::{GatewayReference, ReportedAmount},
};

/// The largest settlement file, in bytes.
pub const STATEMENT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most faults that are reported of one file.
const FAULTS_MAX: usize = 100;

/// A settlement file as its gateway's adapter reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// The payments, refunds and disputes, in the order of the file.
    pub entries: Vec<StatementEntry>,
    /// How many lines are neither: fees, payouts, refunds that are still under way.
    pub skipped: u64,
    /// The period that the file states for itself; `None` if it states none. Then the times of its entries are
    /// its period.
    pub period: Option<StatementPeriod>,
}

/// A period of time: from the first millisecond up to, and not including, the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementPeriod {
    /// The first time within.
    pub from: Timestamp,
    /// The first time after it.
    pub until: Timestamp,
}

impl Statement {
    /// Returns the period of the file: the stated one, otherwise from its first entry to its last. `None` if the
    /// file states none and no entry has a time.
    #[must_use]
    pub fn covered_period(&self) -> Option<StatementPeriod> {
        let times = || self.entries.iter().filter_map(|it| it.at);
        // Without a stated period nothing is known about the time before the first entry and after the last:
        // another file may hold what happened in the same second.
        self.period.or_else(|| Some(StatementPeriod { from: times().min()?, until: times().max()? }))
    }
}

/// One payment, refund or dispute of a settlement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementEntry {
    /// The line of the file at which it begins, from 1.
    pub line: u64,
    /// Whether money came in or went back.
    pub kind: StatementEntryKind,
    /// Our id of the payment; `None` if the line has none.
    pub transaction: Option<TransactionId>,
    /// The gateway's reference of the payment; `None` if the line has none.
    pub payment: Option<GatewayReference>,
    /// The gross amount, before fees, in the currency of the payment. Never negative. `None` if the file does not state
    /// it in that currency; then it is not compared.
    pub amount: Option<ReportedAmount>,
    /// When it happened, by the gateway's clock; `None` if the line has no time.
    pub at: Option<Timestamp>,
}

/// The kind of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementEntryKind {
    /// Captured money: all that was captured of the payment.
    Payment,
    /// A refund that succeeded.
    Refund {
        /// Our id of the refund; `None` if the line has none, or if the refund began at the gateway.
        id: Option<RefundId>,
        /// The gateway's reference of the refund; `None` if the line has none.
        reference: Option<GatewayReference>,
    },
    /// A buyer has disputed a payment, and the gateway has taken the money back. The amount is not compared: it may be
    /// in the currency of the payout.
    Dispute {
        /// The gateway's reference of the dispute; `None` if the line has none.
        reference: Option<GatewayReference>,
    },
}

/// Why a file is no settlement file of the gateway. It repeats no value of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", list_faults(_0))]
pub struct StatementFaults(Vec<StatementFault>);

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementFault {
    /// The line of the file, from 1; 0 if the fault is of the file as a whole.
    pub line: u64,
    /// The name of the column; empty if the fault is of the whole line.
    pub column: &'static str,
    /// What the value must be, as the end of a sentence.
    pub rule: &'static str,
}

impl fmt::Display for StatementFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, rule } = self;
        match (line, column.is_empty()) {
            (0, _) => write!(f, "{rule}"),
            (line, true) => write!(f, "line {line}: {rule}"),
            (line, false) => write!(f, "line {line}, column {column}: {rule}"),
        }
    }
}

fn list_faults(faults: &[StatementFault]) -> String {
    let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
    format!("the file cannot be read as a statement of this gateway:\n  {}", lines.join("\n  "))
}

impl StatementFaults {
    /// A single fault of the file as a whole.
    #[must_use]
    pub fn of_file(rule: &'static str) -> Self {
        Self(vec![StatementFault { line: 0, column: "", rule }])
    }

    /// The faults, at most 100, in the order of the file.
    #[must_use]
    pub fn as_slice(&self) -> &[StatementFault] {
        &self.0
    }
}

/// Collects the entries and the faults of a file while it is read.
#[derive(Debug, Default)]
pub struct StatementBuilder {
    statement: Statement,
    faults: Vec<StatementFault>,
}

impl StatementBuilder {
    /// Sets the period that the file states.
    pub const fn set_period(&mut self, period: StatementPeriod) {
        self.statement.period = Some(period);
    }

    /// Adds an entry.
    pub fn add_entry(&mut self, entry: StatementEntry) {
        self.statement.entries.push(entry);
    }

    /// Counts a line that is neither a payment nor a refund.
    pub const fn skip_line(&mut self) {
        self.statement.skipped = self.statement.skipped.saturating_add(1);
    }

    /// Adds a fault, up to the limit.
    pub fn add_fault(&mut self, fault: StatementFault) {
        if !self.is_full() {
            self.faults.push(fault);
        }
    }

    /// Whether no further fault is reported, so that reading on is of no use.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    /// Returns the statement.
    ///
    /// # Errors
    /// [`StatementFaults`] if any line has a fault: a file is compared whole or not at all.
    pub fn build(self) -> Result<Statement, StatementFaults> {
        if self.faults.is_empty() { Ok(self.statement) } else { Err(StatementFaults(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn entry(time: Option<Timestamp>) -> StatementEntry {
        StatementEntry {
            line: 1,
            kind: StatementEntryKind::Payment,
            transaction: None,
            payment: None,
            amount: None,
            at: time,
        }
    }

    #[test]
    fn a_file_covers_what_it_states_or_what_it_holds() {
        let entries = vec![entry(Some(at(7))), entry(None), entry(Some(at(3)))];
        let held = Statement { entries, ..Statement::default() };
        assert_eq!(held.covered_period(), Some(StatementPeriod { from: at(3), until: at(7) }));
        let stated = StatementPeriod { from: at(0), until: at(10) };
        assert_eq!(Statement { period: Some(stated), ..held }.covered_period(), Some(stated));
        assert_eq!(Statement { entries: vec![entry(None)], ..Statement::default() }.covered_period(), None);
    }

    #[test]
    fn a_fault_is_placed_and_only_so_many_are_kept() {
        let mut builder = StatementBuilder::default();
        for line in 1..=200 {
            builder.add_fault(StatementFault { line, column: "amount", rule: "must be a number" });
        }
        let faults = builder.build().unwrap_err();
        assert_eq!(faults.as_slice().len(), FAULTS_MAX);
        let text = faults.to_string();
        assert!(text.contains("\n  line 1, column amount: must be a number\n"), "{text}");
        assert_eq!(StatementFaults::of_file("must be text").as_slice()[0].to_string(), "must be text");
    }
}
