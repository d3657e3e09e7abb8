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
    let report = match app.find_gateway(&transaction.gateway) {
        Some(gateway) => {
            let admission = gateway.admit().await.map_err(PortError::unavailable)?;
            look_up_open_requests(app, &admission, &transaction).await?
        }
        None => GatewayReport::default(),
    };
    retry_stale!(app, reconcile_once(app, id, &report).await)
}

async fn reconcile_once(
    app: &App,
    id: &TransactionId,
    report: &GatewayReport,
) -> Result<(), Attempt<PortError>> {
    let Some(mut assessment) = assess(app, id, report).await? else { return Ok(()) };
    let idle = assessment.is_idle();
    let transaction = &mut assessment.case.transaction;
    let read = transaction.clone();
    let needs_finding = postpone_checks(transaction, app.clock.now());
    if idle && *transaction == read {
        // Another instance made this check in the meantime, or nothing is open any more.
        return Ok(());
    }
    let work = if needs_finding {
        let about = FindingContext { transaction: Some(transaction), ..FindingContext::default() };
        let detail = "The gateway gave no result for this payment, or for a refund of it, in eight attempts. \
                      The service keeps trying.";
        let finding = new_finding(app, FindingKind::Reconciliation, detail, &about);
        assessment.into_work(app).with_write(Write::InsertFinding(finding))
    } else if idle && keeps_all_checks(&read, transaction) {
        // Only delays change. Without the order's guard this commit makes no other commit of the order stale.
        UnitOfWork::new().with_write(Write::Postpone(Box::new(transaction.clone())))
    } else {
        assessment.into_work(app)
    };
    app.store.commit(work).await.map_err(Attempt::<PortError>::from_commit_error)
}

/// Sets the next check of everything that is due and still open, and removes the check of what is closed.
/// Returns whether one of the counts has reached [`CHECKS_BEFORE_FINDING`] now.
fn postpone_checks(transaction: &mut Transaction, now: Timestamp) -> bool {
    let mut needs_finding = false;
    let mut next = |open: bool, check_at: &mut Option<Timestamp>, checks: &mut u32| {
        if !open {
            *check_at = None;
        } else if check_at.is_none_or(|at| at <= now) {
            *checks = checks.saturating_add(1);
            *check_at = Some(now.saturating_add(check_delay(*checks)));
            needs_finding |= *checks == CHECKS_BEFORE_FINDING;
        }
    };
    let open = transaction.is_open();
    next(open, &mut transaction.check_at, &mut transaction.checks);
    for refund in &mut transaction.refunds {
        next(refund.status() == RefundStatus::Pending, &mut refund.check_at, &mut refund.checks);
    }
    needs_finding
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
