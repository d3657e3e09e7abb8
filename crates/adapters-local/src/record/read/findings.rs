use std::cmp::Reverse;

use async_trait::async_trait;
use domain::{Finding, FindingId, FindingKey, OrderNumber, Timestamp, finding::ResolvedBy};
use ports::{FindingRepository, Page};

use super::{Read, sort_behind};
use crate::{
    MemoryRecord,
    record::{
        rows::{FindingKeys, FindingRow},
        tables::Tables,
    },
};

#[async_trait]
impl FindingRepository for MemoryRecord {
    async fn find_finding(&self, id: &FindingId) -> Read<Option<Finding>> {
        let tables = self.tables();
        self.read_found(tables.findings.find(&FindingKeys::Id(id.clone())), |row| read_finding(&tables, row))
    }

    async fn list_findings(
        &self,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> Read<Page<Finding>> {
        self.page_findings(|_| true, resolved, after, limit)
    }

    async fn list_findings_of_order(
        &self,
        order: &OrderNumber,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> Read<Page<Finding>> {
        self.page_findings(|it| it.order.as_ref() == Some(order), resolved, after, limit)
    }
}

impl MemoryRecord {
    fn page_findings(
        &self,
        fits: impl Fn(&Finding) -> bool,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> Read<Page<Finding>> {
        let tables = self.tables();
        let last = after.map(|id| tables.findings.find(&FindingKeys::Id(id)).map(sort_place));
        if last == Some(None) {
            return Ok(Page::EMPTY);
        }
        let wanted = |it: &&FindingRow| {
            fits(&it.finding) && resolved.is_none_or(|wanted| it.finding.resolved_at.is_some() == wanted)
        };
        let rows = sort_behind(tables.findings.rows().filter(wanted), sort_place, last.flatten().as_ref());
        let id = |it: &FindingRow| it.finding.id.to_string();
        Ok(self.read_page(rows, limit, id, |row| read_finding(&tables, row)))
    }
}

/// The sort key of findings: newest first.
const fn sort_place(row: &FindingRow) -> Reverse<(Timestamp, FindingKey)> {
    Reverse((row.finding.created_at, row.finding.key))
}

/// Returns the finding with the public id of who resolved it.
fn read_finding(tables: &Tables, row: &FindingRow) -> Finding {
    let resolver = row.finding.resolved_by.as_ref();
    let resolved_by = resolver.map(|it| ResolvedBy { by: it.by, author: tables.author_id(it.by) });
    Finding { resolved_by, ..row.finding.clone() }
}
