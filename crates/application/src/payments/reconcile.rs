//! Reconciliation: looking up the open operations of a transaction at its gateway, until each has a result.

use std::time::Duration;

use domain::{FindingKind, Timestamp, Transaction, TransactionId, payment::RefundStatus};
use ports::{PortError, UnitOfWork, Write};

use super::{
    assess,
    gateway_calls::{GatewayReport, look_up_open_requests},
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
/// A check of a payment that waits for its buyer is delayed by one part of this number of the time waited so far.
const WAITED_PER_DELAY: u32 = 8;
/// The longest delay between two checks.
const CHECK_DELAY_MAX: Duration = Duration::from_secs(300);

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
    let needs_finding = postpone_checks(transaction, report.is_open_there, app.clock.now());
    let work = if idle && *transaction == read {
        // Another instance made this check in the meantime, or nothing is open any more. Only what was asked is left
        // to be stored.
        if attempts.is_none() {
            return Ok(());
        }
        UnitOfWork::new()
    } else if needs_finding {
        let about = FindingContext { transaction: Some(transaction), ..FindingContext::default() };
        let detail = "The gateway gave no result for this payment, or for a refund of it, in at least eight \
                      attempts. The service keeps trying.";
        let finding = new_finding(app, FindingKind::Reconciliation, detail, &about);
        assessment.into_work(app).with_write(Write::InsertFinding(finding))
    } else if idle && keeps_all_checks(&read, transaction) {
        // Only delays change. Without the order's guard this commit makes no other commit of the order stale.
        UnitOfWork::new().with_write(Write::Postpone(Box::new(transaction.clone())))
    } else {
        assessment.into_work(app)
    };
    app.store.commit(work.with_writes(attempts)).await.map_err(Attempt::<PortError>::from_commit_error)
}

/// Sets the next check of everything that is due and still open, and removes the check of what is closed.
/// Returns whether one of the counts has reached [`CHECKS_BEFORE_FINDING`] now.
fn postpone_checks(transaction: &mut Transaction, is_open_there: bool, now: Timestamp) -> bool {
    let mut needs_finding = false;
    let mut next = |open: bool, check_at: &mut Option<Timestamp>, checks: &mut u32, waited: Duration| {
        if !open {
            *check_at = None;
        } else if check_at.is_none_or(|at| at <= now) {
            // While the buyer is awaited the count stops before the one that makes a finding, so that the first check
            // after that time makes it. The delay grows with the time of waiting instead.
            if waited.is_zero() || checks.saturating_add(1) != CHECKS_BEFORE_FINDING {
                *checks = checks.saturating_add(1);
                needs_finding |= *checks == CHECKS_BEFORE_FINDING;
            }
            let delay = check_delay(*checks).max((waited / WAITED_PER_DELAY).min(CHECK_DELAY_MAX));
            *check_at = Some(now.saturating_add(delay));
        }
    };
    // Only if the gateway says that it waits: a gateway that does not answer is a case for operators at once.
    let waited = if is_open_there { buyer_awaited_for(transaction, now) } else { Duration::ZERO };
    let open = transaction.is_open();
    next(open, &mut transaction.check_at, &mut transaction.checks, waited);
    for refund in &mut transaction.refunds {
        let open = refund.status() == RefundStatus::Pending;
        next(open, &mut refund.check_at, &mut refund.checks, Duration::ZERO);
    }
    needs_finding
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
