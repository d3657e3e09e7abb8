use std::convert::Infallible;

use domain::Timestamp;

use crate::record::table::Row;

/// The row that a probe writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeRow {
    /// The time of the last probe, from [`Write::Probe`](ports::Write::Probe).
    pub at: Timestamp,
}

impl Row for ProbeRow {
    const TABLE: &'static str = "commit_probe";
    /// The table has at most one row.
    type Key = ();
    type Unique = Infallible;

    fn key(&self) {}

    fn row_name(&self) -> String {
        "1".to_owned()
    }
}
