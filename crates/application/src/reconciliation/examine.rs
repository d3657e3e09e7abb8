//! One payment compared with its gateway.

use domain::{
    ChangedBy, FindingKind, Money, RefundId, Transaction, TransactionId,
    payment::{KnownReference, PaymentStatus, ReferenceOwner, RefundStatus},
};
use ports::{
    AttemptOperation, Charge, ErrorChain, Lookup, LookupAnswer, LookupSubject, PortError, UnitOfWork, Write,
};

use super::{
    gaps::{SettledLookup, find_gaps},
    report::Difference,
};
use crate::{
    App,
    findings::{FindingContext, new_finding},
    gateways::Admission,
    payments::{Attempts, GatewayReport, assess, commit_report, look_up_open_requests},
    retry::{Attempt, retry_stale},
};

/// What the comparison of one payment has shown.
#[derive(Debug, Default)]
pub(super) struct Examination {
    /// Status or amounts are other ones than before.
    pub(super) is_changed: bool,
    /// The payment, or a refund of it, still has no result.
    pub(super) is_open: bool,
    /// The gateway could not tell something.
    pub(super) is_unclear: bool,
    /// A lookup had no answer.
    pub(super) has_failed: bool,
    /// The differences that were found.
    pub(super) differences: Vec<Difference>,
}

/// Looks up a payment with its refunds, the open ones as the sweep does and then those with a result, and commits
/// what the gateway says. `None` if there is no such payment.
///
/// # Errors
/// [`PortError`] if a read or a commit failed.
pub(super) async fn examine_payment(
    app: &App,
    admission: Admission<'_>,
    id: &TransactionId,
) -> Result<Option<Examination>, PortError> {
    let Some(before) = app.payments.find_transaction(id).await? else { return Ok(None) };
    let open = look_up_open_requests(app, &admission, &before).await?;
    let settled = look_up_settled(&admission, &before).await;
    // Its permit is free before the commits.
    drop(admission);
    if has_open_requests(&before) {
        commit_report(app, id, &open).await?;
    }
    let differences = retry_stale!(app, commit_settled(app, &before, &settled).await)?;
    let after = app.payments.find_transaction(id).await?.unwrap_or_else(|| before.clone());
    Ok(Some(Examination {
        is_changed: visible_state(&before) != visible_state(&after),
        is_open: has_open_requests(&after),
        is_unclear: settled.lookups.iter().any(|it| it.answer == LookupAnswer::CannotTell),
        has_failed: settled.has_failed,
        differences,
    }))
}

/// Whether the payment or one of its refunds has no result yet.
pub(super) fn has_open_requests(transaction: &Transaction) -> bool {
    transaction.is_open() || transaction.refunds.iter().any(|it| it.status() == RefundStatus::Pending)
}

/// The status and the amounts, as a client sees them.
fn visible_state(it: &Transaction) -> (PaymentStatus, [Money; 3], Vec<(RefundId, RefundStatus)>) {
    let refunds = it.refunds.iter().map(|it| (it.id.clone(), it.status())).collect();
    (it.status(), [it.captured_amount(), it.refunded_amount(), it.disputed_amount()], refunds)
}

/// The answers about what has a result here.
#[derive(Default)]
struct SettledReport {
    lookups: Vec<SettledLookup>,
    attempts: Attempts,
    /// Whether an answer is missing.
    has_failed: bool,
}

/// Looks up what has a result here.
async fn look_up_settled(admission: &Admission<'_>, transaction: &Transaction) -> SettledReport {
    let payment = (!transaction.is_open()).then_some(LookupSubject::Payment);
    // A refund that began at the gateway has no key of ours to look it up by.
    let settled = transaction.refunds.iter().filter(|it| it.status() != RefundStatus::Pending);
    let refunds = settled.filter(|it| it.requested_by != ChangedBy::GATEWAY).map(|it| {
        let owner = ReferenceOwner::Refund(it.id.clone());
        let reference = transaction.reference_of(&owner).cloned();
        LookupSubject::Refund { id: it.id.clone(), reference, amount: it.amount }
    });
    let mut report = SettledReport::default();
    for subject in payment.into_iter().chain(refunds) {
        let lookup = Lookup { charge: Charge::from(transaction), subject: subject.clone() };
        let refund = match &subject {
            LookupSubject::Payment => None,
            LookupSubject::Refund { id, .. } => Some(id.clone()),
        };
        let answer = admission.look_up(lookup).await;
        report.attempts.add(AttemptOperation::LookUp, refund, admission.take_attempts());
        match answer {
            Ok(answer) => report.lookups.push(SettledLookup { subject, answer }),
            Err(error) => {
                let (gateway, transaction) = (&transaction.gateway, &transaction.id);
                tracing::warn!(%gateway, %transaction, error = %ErrorChain(&error), "gateway did not answer a lookup");
                report.has_failed = true;
            }
        }
    }
    report
}

/// Puts the answers together as the fold takes them, without those events that only repeat what was known before.
/// Otherwise what is done would get the time of this comparison.
fn report_from(before: &Transaction, lookups: &[SettledLookup]) -> GatewayReport {
    let mut report = GatewayReport::default();
    for SettledLookup { subject, answer } in lookups {
        let LookupAnswer::Found { reference, events, .. } = answer else { continue };
        let owner = match subject {
            LookupSubject::Payment => ReferenceOwner::Payment,
            LookupSubject::Refund { id, .. } => ReferenceOwner::Refund(id.clone()),
        };
        report.references.extend(reference.clone().map(|reference| KnownReference { owner, reference }));
        report.events.extend(events.iter().cloned());
    }
    let (events, references) = before.without_repetitions(report.events);
    report.references.extend(references);
    GatewayReport { events, ..report }
}

async fn commit_settled(
    app: &App,
    before: &Transaction,
    settled: &SettledReport,
) -> Result<Vec<Difference>, Attempt<PortError>> {
    let Some(assessment) = assess(app, &before.id, &report_from(before, &settled.lookups)).await? else {
        return Ok(Vec::new());
    };
    let transaction = assessment.case.transaction.clone();
    let difference = |kind: FindingKind, detail: &str| Difference {
        kind,
        transaction: Some(transaction.id.clone()),
        order: Some(transaction.order_number.clone()),
        detail: detail.to_owned(),
    };
    let flags = assessment.case.flags.iter();
    let mut differences: Vec<_> = flags.map(|it| difference(it.kind, it.detail)).collect();
    let mut work =
        if assessment.repeats_stored_facts() { UnitOfWork::new() } else { assessment.into_work(app) };
    work = work.with_writes(settled.attempts.to_write(app, transaction.key));
    // Only what was so before the lookups: what an operator did since then is not in the answers.
    let known_before: Vec<_> = settled.lookups.iter().flat_map(|it| find_gaps(before, it)).collect();
    let now = settled.lookups.iter().flat_map(|it| find_gaps(&transaction, it));
    for gap in
        now.filter(|it| known_before.iter().any(|old| (old.code, &old.refund) == (it.code, &it.refund)))
    {
        let about = FindingContext { transaction: Some(&transaction), ..FindingContext::default() };
        let finding = new_finding(app, FindingKind::Reconciliation, gap.detail, &about);
        let refund = gap.refund.as_ref().map_or("", RefundId::as_str);
        let subject = format!("{}:{}:{refund}", gap.code, transaction.id);
        work = work.with_write(Write::InsertFindingOnce(finding, subject));
        differences.push(difference(FindingKind::Reconciliation, gap.detail));
    }
    if !work.writes().is_empty() {
        app.store.commit(work).await.map_err(Attempt::<PortError>::from_commit_error)?;
    }
    Ok(differences)
}
