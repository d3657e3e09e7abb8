//! What a run has found, and who follows it.

use std::ops::ControlFlow;

use domain::{FindingKind, OrderNumber, TransactionId};
use ports::StatementPeriod;

/// A run ends at this number of differences: more mean that the account or the file is another one.
pub(super) const DIFFERENCES_MAX: usize = 1_000;

/// A difference between the two ledgers. An open finding says the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The kind of the finding.
    pub kind: FindingKind,
    /// The payment here; `None` if it is unknown here.
    pub transaction: Option<TransactionId>,
    /// The order of that payment.
    pub order: Option<OrderNumber>,
    /// The sentence of the finding.
    pub detail: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunEnd {
    /// Everything was compared.
    #[default]
    Complete,
    /// The observer ended it.
    Stopped,
    /// The gateway's circuit breaker is open, or it has no free permit. The rest was not compared.
    GatewayUnavailable,
    /// There were as many differences as one run reports, or more. The rest was not compared.
    TooManyDifferences,
    /// There are more open payments than one run looks up. Run it again.
    TooManyOpen,
}

/// What a run over payments has found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentsReport {
    /// Payments that were looked up.
    pub looked_up: u64,
    /// Payments of them whose status or amounts changed.
    pub changed: u64,
    /// Payments of them that still have no result, or a refund without one.
    pub open: u64,
    /// Payments of which the gateway could not tell something.
    pub unclear: u64,
    /// Payments that could not be compared: the gateway gave no answer, or a row cannot be read.
    pub failed: u64,
    /// The differences, in the order in which they were found.
    pub differences: Vec<Difference>,
    /// How the run ended.
    pub end: RunEnd,
}

impl PaymentsReport {
    /// Whether everything was compared and nothing is left to do.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let left = [self.open, self.unclear, self.failed];
        self.end == RunEnd::Complete && self.differences.is_empty() && left.iter().all(|it| *it == 0)
    }
}

/// What the comparison with a settlement file has found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementReport {
    /// Lines of the file that were compared.
    pub compared: u64,
    /// Lines that agree with what is stored.
    pub matched: u64,
    /// Lines that are neither a payment nor a refund.
    pub skipped: u64,
    /// Captures and refunds here that were looked for in the file.
    pub expected: u64,
    /// Payments that could not be compared, because a row cannot be read.
    pub failed: u64,
    /// The period of the file, within which captures and refunds here were looked for; `None` if the file has no
    /// times.
    pub period: Option<StatementPeriod>,
    /// The differences, in the order in which they were found.
    pub differences: Vec<Difference>,
    /// How the run ended.
    pub end: RunEnd,
}

impl StatementReport {
    /// Whether everything was compared and agrees.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.end == RunEnd::Complete && self.differences.is_empty() && self.failed == 0
    }
}

/// Follows a run, and may end it between two payments.
pub trait RunObserver: Send {
    /// Called before each payment with the number of payments that are done. `Break` ends the run.
    fn before_payment(&mut self, done: u64) -> ControlFlow<()>;
}
