//! Findings: problems that an operator must look at, and how they are closed.

use domain::{
    EventId, Finding, FindingId, FindingKind, GatewayName, OrderNumber, Text, Transaction,
    finding::ResolvedBy, payment::Flag,
};
use ports::{Page, PortError, StoredReply, UnitOfWork, Write};

use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Staff,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    retry::Attempt,
};

/// Why a finding was not closed.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No finding has this id.
    #[error("there is no such finding")]
    NotFound,
    /// The system of record is unavailable, or the finding cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// A page of findings, newest first: of all, or of those that are about one order.
///
/// # Errors
/// [`PortError`].
pub async fn list_findings(
    app: &App,
    _by: &Staff,
    order: Option<&OrderNumber>,
    resolved: Option<bool>,
    after: Option<FindingId>,
    limit: u32,
) -> Result<Page<Finding>, PortError> {
    match order {
        Some(order) => app.findings.list_findings_of_order(order, resolved, after, limit).await,
        None => app.findings.list_findings(resolved, after, limit).await,
    }
}

impl UseCaseError for ResolveError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Closes a finding, and replies with it as `render` writes it. A closed finding stays as it was first
/// closed.
///
/// # Errors
/// [`ResolveError`].
pub async fn resolve_finding<R>(
    app: &App,
    by: &Staff,
    request: Option<IdempotentRequest>,
    id: &FindingId,
    note: Text,
    render: R,
) -> Result<IdempotentReply, ResolveError>
where
    R: Fn(&Finding) -> StoredReply + Send + Sync,
{
    let decide = || box_decision(decide_resolution(app, by, id, &note, &render));
    run_once(app, request.as_ref(), decide, Attempt::<ResolveError>::from_commit_error).await
}

async fn decide_resolution<R>(
    app: &App,
    by: &Staff,
    id: &FindingId,
    note: &Text,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<ResolveError>>
where
    R: Fn(&Finding) -> StoredReply + Send + Sync,
{
    let found = app.findings.find_finding(id).await.map_err(ResolveError::from)?;
    let finding = found.ok_or(ResolveError::NotFound)?;
    // Closed already, perhaps by another operator: nothing is written, and the reply shows the first note.
    if finding.resolved_at.is_some() {
        return Ok(Decision::with_reply(UnitOfWork::new(), id.to_string(), render(&finding)));
    }
    let at = app.clock.now();
    let caller = by.caller();
    let by = caller.changed_by();
    let work =
        UnitOfWork::new().with_write(Write::ResolveFinding { id: id.clone(), note: note.clone(), by, at });
    let resolved_by = Some(ResolvedBy { by, author: Some(caller.author_id()) });
    // If two operators close it at once, the guard of the write makes the second one stale, and its next
    // round ends above.
    let closed = Finding { resolved_at: Some(at), note: Some(note.clone()), resolved_by, ..finding };
    Ok(Decision::with_reply(work, id.to_string(), render(&closed)))
}

/// The subject of a finding, as far as it is known.
#[derive(Default)]
pub(crate) struct FindingContext<'a> {
    pub(crate) gateway: Option<&'a GatewayName>,
    pub(crate) event: Option<&'a EventId>,
    pub(crate) transaction: Option<&'a Transaction>,
}

/// Makes a finding. It is written in the commit of the change that causes it, so that neither exists without
/// the other.
pub(crate) fn new_finding(app: &App, kind: FindingKind, detail: &str, about: &FindingContext<'_>) -> Finding {
    let (key, id) = app.new_finding_ids();
    Finding {
        key,
        id,
        kind,
        gateway: about.gateway.cloned().or_else(|| about.transaction.map(|it| it.gateway.clone())),
        event: about.event.cloned(),
        transaction: about.transaction.map(|it| it.id.clone()),
        order: about.transaction.map(|it| it.order_number.clone()),
        detail: detail.to_owned(),
        created_at: app.clock.now(),
        resolved_at: None,
        note: None,
        resolved_by: None,
    }
}

/// How often a flag that no stored event raised becomes a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FindingFrequency {
    /// Each time: the flag comes with a change, which happens once.
    Always,
    /// Only while no open finding has its kind and transaction: without a change the same flag returns at the
    /// next check.
    OnceWhileOpen,
}

/// The findings for everything that was flagged about a transaction. A finding names its event only if that
/// is one of `notices`.
pub(crate) fn findings_from_flags<'a>(
    app: &'a App,
    flags: &'a [Flag],
    transaction: &'a Transaction,
    notices: &'a [EventId],
    frequency: FindingFrequency,
) -> impl Iterator<Item = Write> + 'a {
    flags.iter().map(move |flag| {
        let event = flag.event.as_ref().filter(|it| notices.contains(it));
        let about = FindingContext { event, transaction: Some(transaction), ..FindingContext::default() };
        let finding = new_finding(app, flag.kind, flag.detail, &about);
        // An event is stored once, so what it raised needs no limit.
        if event.is_some() || frequency == FindingFrequency::Always {
            return Write::InsertFinding(finding);
        }
        Write::InsertFindingOnce(finding, format!("{}:{}", flag.kind.as_str(), transaction.id))
    })
}

#[cfg(test)]
mod tests;
