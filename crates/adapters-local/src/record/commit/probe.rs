use std::convert::Infallible;

use domain::Timestamp;

use super::abort::Written;
use crate::record::{table::Row, tables::Tables};

/// What a probe wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeRow {
    /// The moment that was given with it.
    pub at: Timestamp,
}

impl Row for ProbeRow {
    const TABLE: &'static str = "commit_probe";
    /// There is one row.
    type Key = ();
    type Unique = Infallible;

    fn key(&self) {}

    fn row_name(&self) -> String {
        "1".to_owned()
    }
}

pub(super) fn write_probe(tables: &mut Tables, at: Timestamp) -> Written {
    tables.probes.remove(&());
    Ok(tables.probes.insert(ProbeRow { at })?)
}
