use domain::{ChangedBy, Finding, FindingId, FindingKey, Text, Timestamp, finding::ResolvedBy};

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::{
    table::{Duplicate, Row},
    tables::Tables,
};

/// A stored finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// The finding. The public id of the user who resolved it is looked up when it is read.
    pub finding: Finding,
    /// The subject of an open finding that may exist only once; `None` for all other findings.
    pub subject: Option<String>,
}

/// The unique keys of findings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) enum FindingKeys {
    Id(FindingId),
    Subject(String),
}

impl Row for FindingRow {
    const TABLE: &'static str = "findings";
    type Key = FindingKey;
    type Unique = FindingKeys;

    fn key(&self) -> FindingKey {
        self.finding.key
    }

    fn unique_keys(&self) -> Vec<FindingKeys> {
        let subject = self.subject.clone().map(FindingKeys::Subject);
        [FindingKeys::Id(self.finding.id.clone())].into_iter().chain(subject).collect()
    }

    fn row_name(&self) -> String {
        self.finding.key.get().to_string()
    }
}

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
        row.finding.resolved_by = Some(ResolvedBy { by, user: None });
    })
}
