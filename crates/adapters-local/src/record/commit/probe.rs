use domain::Timestamp;

use super::abort::Written;
use crate::record::{rows::ProbeRow, tables::Tables};

pub(super) fn write_probe(tables: &mut Tables, at: Timestamp) -> Written {
    tables.probes.remove(&());
    Ok(tables.probes.insert(ProbeRow { at })?)
}
