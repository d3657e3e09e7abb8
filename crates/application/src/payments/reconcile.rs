//! Reconciliation: looking up the open operations of a transaction at its gateway, until each has a result.

use std::{collections::BTreeSet, time::Duration};

use domain::{FindingKind, Refund, Timestamp, Transaction, TransactionId, payment::RefundStatus};
use ports::{PortError, UnitOfWork, Write};

use super::{
    assess,
    gateway_calls::{GatewayReport, RefundUnderWay, look_up_open_requests},
};
use crate::{
    App,
    findings::{FindingContext, new_finding},
    retry::{Attempt, retry_stale},
};

/// The number of checks without a result after which a finding is created. The checks continue.
const CHECKS_BEFORE_FINDING: u32 = 8;
/// The delay after the first check without a result; it doubles each time.
const CHECK_DELAY_MIN: Duration = Duration::from_secs(1);
/// How long a payment may wait for its buyer before its checks without a result count. The gateways' own limits are
/// shorter.
const BUYER_TIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the gateway may work on a refund before its checks without a result count. Gateways take 1 to 3 working days
/// for refunds to bank accounts, and a weekend or a holiday may lie between.
const REFUND_TIME_MAX: Duration = Duration::from_secs(4 * 24 * 60 * 60);
/// A check of a payment that waits for its buyer, or of a refund that the gateway works on, is delayed by one part of this number of the time waited so far.
const WAITED_PER_DELAY: u32 = 8;
/// The longest delay between two checks.
const CHECK_DELAY_MAX: Duration = Duration::from_secs(300);
/// The longest delay between two checks of a refund that the gateway works on. Its notice usually comes first.
const REFUND_DELAY_MAX: Duration = Duration::from_secs(60 * 60);
/// The detail of the finding about checks without a result.
const NO_RESULT: &str = "The gateway gave no result for this payment, or for a refund of it, in at least eight \
                         attempts. The service keeps trying.";

/// Looks up one transaction at its gateway and commits the result; postpones the next check of what stays
/// open. If the gateway is not configured, it only postpones.
///
/// # Errors
/// [`PortError`] if a read or the commit failed. `Unavailable` also if the gateway's circuit breaker is open
/// or it has no free permit: then nothing was looked up, and nothing is postponed.
pub(crate) async fn reconcile_payment(app: &App, id: &TransactionId) -> Result<(), PortError> {
    let Some(transaction) = app.payments.find_transaction(id).await? else { return Ok(()) };
    // The admission is dropped with its arm, so its permit is free before the commit.
    let report = match app.find_gateway(&transaction.gateway) {
        Some(gateway) => {
            let admission = gateway.admit().await.map_err(PortError::unavailable)?;
            look_up_open_requests(app, &admission, &transaction).await?
        }
        None => GatewayReport::default(),
    };
    commit_report(app, id, &report).await
}

/// Commits what a lookup of the open operations of a transaction brought, and postpones the next check of what
/// stays open.
///
/// # Errors
/// [`PortError`] if a read or the commit failed.
pub(crate) async fn commit_report(
    app: &App,
    id: &TransactionId,
    report: &GatewayReport,
) -> Result<(), PortError> {
    retry_stale!(app, reconcile_once(app, id, report).await)
}

async fn reconcile_once(
    app: &App,
    id: &TransactionId,
    report: &GatewayReport,
) -> Result<(), Attempt<PortError>> {
    let Some(mut assessment) = assess(app, id, report).await? else { return Ok(()) };
    let idle = assessment.is_idle();
    let attempts = report.attempts.to_write(app, assessment.case.transaction.key);
    let transaction = &mut assessment.case.transaction;
    let read = transaction.clone();
    let details = postpone_checks(transaction, report, app.clock.now());
    let work = if idle && *transaction == read {
        // Another instance made this check in the meantime, or nothing is open any more. Only what was asked is left
        // to be stored.
        if attempts.is_none() {
            return Ok(());
        }
        UnitOfWork::new()
    } else if !details.is_empty() {
        let about = FindingContext { transaction: Some(transaction), ..FindingContext::default() };
        let new = |detail: &&str| new_finding(app, FindingKind::Reconciliation, detail, &about);
        let findings: Vec<_> = details.iter().map(new).map(Write::InsertFinding).collect();
        assessment.into_work(app).with_writes(findings)
    } else if idle && keeps_all_checks(&read, transaction) {
        // Only delays change. Without the order's guard this commit makes no other commit of the order stale.
        UnitOfWork::new().with_write(Write::Postpone(Box::new(transaction.clone())))
    } else {
        assessment.into_work(app)
    };
    app.store.commit(work.with_writes(attempts)).await.map_err(Attempt::<PortError>::from_commit_error)
}

/// Sets the next check of everything that is due and still open, and removes the check of what is closed.
/// Returns the details of the findings that follow, each once: [`NO_RESULT`] if one of the counts has reached
/// [`CHECKS_BEFORE_FINDING`] now, and what has to be decided about a refund.
fn postpone_checks(
    transaction: &mut Transaction,
    report: &GatewayReport,
    now: Timestamp,
) -> BTreeSet<&'static str> {
    let mut details = BTreeSet::new();
    // Only if the gateway says that it waits: a gateway that does not answer is a case for operators at once.
    let waited = if report.is_open_there { buyer_awaited_for(transaction, now) } else { Duration::ZERO };
    if !transaction.is_open() {
        transaction.check_at = None;
    } else if is_due(transaction.check_at, now) {
        // While the buyer is awaited the count stops before the one that makes a finding, so that the first check
        // after that time makes it. The delay grows with the time of waiting instead.
        if waited.is_zero() || transaction.checks.saturating_add(1) != CHECKS_BEFORE_FINDING {
            transaction.checks = transaction.checks.saturating_add(1);
            details.extend((transaction.checks == CHECKS_BEFORE_FINDING).then_some(NO_RESULT));
        }
        let delay = check_delay(transaction.checks).max((waited / WAITED_PER_DELAY).min(CHECK_DELAY_MAX));
        transaction.check_at = Some(now.saturating_add(delay));
    }
    for refund in &mut transaction.refunds {
        let under_way = report.refunds_under_way.iter().find(|it| it.id == refund.id);
        details.extend(postpone_refund(refund, under_way, now));
    }
    details
}

/// Sets or removes the next check of a refund. Returns the detail of a finding that follows.
fn postpone_refund(
    refund: &mut Refund,
    under_way: Option<&RefundUnderWay>,
    now: Timestamp,
) -> Option<&'static str> {
    if refund.status() != RefundStatus::Pending {
        refund.check_at = None;
        return None;
    }
    if !is_due(refund.check_at, now) {
        return None;
    }
    let age = now.saturating_duration_since(refund.created_at);
    // A count that has reached that of the finding makes no other one, so that each refund makes one at most.
    let has_finding = refund.checks >= CHECKS_BEFORE_FINDING;
    let decision = under_way.and_then(|it| it.decision).filter(|_| !has_finding);
    let waits = under_way.is_some() && !has_finding && age < REFUND_TIME_MAX;
    // What the gateway works on is not looked up in vain. So only answers that are missing count, and the lookups after
    // that time.
    refund.checks = match decision {
        Some(_) => CHECKS_BEFORE_FINDING,
        None if waits => 0,
        None => refund.checks.saturating_add(1),
    };
    let waited = under_way.map_or(Duration::ZERO, |_| (age / WAITED_PER_DELAY).min(REFUND_DELAY_MAX));
    refund.check_at = Some(now.saturating_add(check_delay(refund.checks).max(waited)));
    let is_counted = !has_finding && refund.checks == CHECKS_BEFORE_FINDING;
    decision.or(is_counted.then_some(NO_RESULT))
}

fn is_due(check_at: Option<Timestamp>, now: Timestamp) -> bool {
    check_at.is_none_or(|at| at <= now)
}

/// How long the payment has been waiting for its buyer; zero if it does not, or not any more.
fn buyer_awaited_for(transaction: &Transaction, now: Timestamp) -> Duration {
    let age = now.saturating_duration_since(transaction.created_at);
    if transaction.next_action().is_some() && age < BUYER_TIME_MAX { age } else { Duration::ZERO }
}

/// Whether every check that was set is still set. Only then may the commit do without the order's guard:
/// `Write::Postpone` overwrites `check_at` unconditionally, so removing a check that way could also remove
/// the check of an operation that another commit has just requested, and nothing would ever look that one up.
fn keeps_all_checks(read: &Transaction, after: &Transaction) -> bool {
    let closed = |before: Option<Timestamp>, after: Option<Timestamp>| before.is_some() && after.is_none();
    let mut refunds = read.refunds.iter().zip(&after.refunds);
    !closed(read.check_at, after.check_at)
        && !refunds.any(|(read, after)| closed(read.check_at, after.check_at))
}

fn check_delay(checks: u32) -> Duration {
    CHECK_DELAY_MIN.saturating_mul(2_u32.saturating_pow(checks.saturating_sub(1))).min(CHECK_DELAY_MAX)
}

#[cfg(test)]
mod tests;
