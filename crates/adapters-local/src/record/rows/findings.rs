use domain::{Finding, FindingId, FindingKey};

use crate::record::table::Row;

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
