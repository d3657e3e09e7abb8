//! How many findings wait for an operator.

use std::collections::HashMap;

use application::App;
use domain::{FindingId, FindingKind};
use ports::PortError;

use crate::metrics::PrometheusMetrics;

/// The number of findings that are read at once.
const PAGE: u32 = 100;
/// Most pages that are read: the newest thousand open findings are counted.
const PAGES_MAX: u32 = 10;

/// Counts the open findings of each kind, and sets their gauges.
pub(super) async fn report_open_findings(app: &App, metrics: &PrometheusMetrics) -> Result<(), PortError> {
    let mut counts: HashMap<FindingKind, i64> = FindingKind::ALL.map(|it| (it, 0)).into();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = app.findings.list_findings(Some(false), after, PAGE).await?;
        for finding in page.data {
            let count = counts.entry(finding.kind).or_default();
            *count = count.saturating_add(1);
        }
        after = page.next.map(FindingId::new);
        if after.is_none() {
            break;
        }
    }
    // Set only now: a read that fails in the middle must not look like findings that were resolved.
    counts.into_iter().for_each(|(kind, count)| metrics.state().set_open_findings(kind, count));
    Ok(())
}
