use domain::{ChangedBy, Finding, FindingId, Text, Timestamp, finding::ResolvedBy};

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::{
    rows::{FindingKeys, FindingRow},
    table::{Duplicate, Row},
    tables::Tables,
};

pub(super) fn insert_finding(tables: &mut Tables, finding: Finding) -> Written {
    Ok(tables.findings.insert(FindingRow { finding, subject: None })?)
}

/// Inserts a finding unless an open one has the same subject. A duplicate without such a finding is a key or
/// id that exists already.
pub(super) fn insert_finding_once(tables: &mut Tables, finding: Finding, subject: String) -> Written {
    let subject_key = FindingKeys::Subject(subject.clone());
    match tables.findings.insert(FindingRow { finding, subject: Some(subject) }) {
        Err(Duplicate) if tables.findings.find(&subject_key).is_none() => Err(Abort::Stale),
        Ok(()) | Err(Duplicate) => Ok(()),
    }
}

pub(super) fn resolve_finding(
    tables: &mut Tables,
    id: FindingId,
    note: Text,
    by: ChangedBy,
    at: Timestamp,
) -> Written {
    let key = tables.findings.find(&FindingKeys::Id(id)).map(Row::key).ok_or(Abort::Stale)?;
    let is_open = |row: &FindingRow| row.finding.resolved_at.is_none();
    update_guarded(&mut tables.findings, &key, is_open, |row| {
        row.subject = None;
        row.finding.resolved_at = Some(at);
        row.finding.note = Some(note);
        row.finding.resolved_by = Some(ResolvedBy { by, author: None });
    })
}
