//! Asking a gateway about everything that is open, until it knows.

use std::time::Duration;

use domain::{
    FindingKind, Timestamp, Transaction, TransactionId,
    payment::{PaymentEvent, PaymentStatus, PendingOperation, RefundStatus},
};
use ports::{Charge, ErrorChain, Gateway, NoResponse, PortError, UnitOfWork, Write};

use super::assess;
use crate::{
    App,
    findings::{FindingContext, new_finding},
    retry::{Attempt, retry_stale},
};

/// After so many questions in vain an operator is told; asking goes on.
const CHECKS_BEFORE_FINDING: u32 = 8;
/// The pause after the first question in vain; it doubles each time.
const CHECK_DELAY_MIN: Duration = Duration::from_secs(1);
/// The longest pause between two questions.
const CHECK_DELAY_MAX: Duration = Duration::from_secs(300);

/// What the gateway says about everything that it owes an answer for. What it does not answer is left out.
pub(crate) async fn ask_gateway(gateway: &dyn Gateway, transaction: &Transaction) -> Vec<PaymentEvent> {
    let charge = || Charge::from(transaction);
    let mut answers = Vec::new();
    match transaction.pending_operation {
        Some(PendingOperation::Capture(amount)) => answers.push(gateway.capture(charge(), amount).await),
        Some(PendingOperation::Void) => answers.push(gateway.void(charge()).await),
        None if transaction.status() == PaymentStatus::Pending => {
            answers.push(gateway.retry_charge(charge()).await)
        }
        None => {}
    }
    for refund in transaction.refunds.iter().filter(|it| it.status() == RefundStatus::Pending) {
        answers.push(gateway.refund(charge(), refund.id.clone(), refund.amount).await);
    }
    answers.into_iter().filter_map(event_or_log).collect()
}

/// An answer's event; a lost answer is told to the log and asked for again later.
pub(crate) fn event_or_log(answer: Result<Option<PaymentEvent>, NoResponse>) -> Option<PaymentEvent> {
    answer
        .inspect_err(|lost| tracing::warn!(fault = %ErrorChain(lost), "it will be asked again"))
        .ok()
        .flatten()
}

/// Asks the gateway about one transaction and makes true what it says; puts the next question off if it does not know.
///
/// # Errors
/// [`PortError`].
pub(crate) async fn reconcile_payment(app: &App, id: &TransactionId) -> Result<(), PortError> {
    let Some(transaction) = app.payments.find_transaction(id).await? else { return Ok(()) };
    let answers = match app.find_gateway(&transaction.gateway) {
        Some(gateway) => ask_gateway(gateway.as_ref(), &transaction).await,
        None => Vec::new(),
    };
    retry_stale!(app, reconcile_once(app, id, &answers).await)
}

async fn reconcile_once(
    app: &App,
    id: &TransactionId,
    answers: &[PaymentEvent],
) -> Result<(), Attempt<PortError>> {
    let Some(mut weighed) = assess(app, id, answers).await? else { return Ok(()) };
    let idle = weighed.is_idle();
    let transaction = &mut weighed.case.transaction;
    let read = transaction.clone();
    let told = postpone_checks(transaction, app.clock.now());
    if idle && *transaction == read {
        // Somebody else has asked in the meantime, or there is nothing to ask any more.
        return Ok(());
    }
    let work = if told {
        let about = FindingContext { transaction: Some(transaction), ..FindingContext::default() };
        let detail =
            "The gateway could not say for some time what became of this; it is asked again and again.";
        let finding = new_finding(app, FindingKind::Reconciliation, detail, &about);
        weighed.into_work(app).with_write(Write::InsertFinding(finding))
    } else if idle && keeps_all_checks(&read, transaction) {
        // Nothing is new, so nothing needs the order's guard.
        UnitOfWork::new().with_write(Write::Postpone(Box::new(transaction.clone())))
    } else {
        weighed.into_work(app)
    };
    app.store.commit(work).await.map_err(Attempt::<PortError>::from_commit_error)
}

/// Sets the next question about everything that is due and still open, closes what is not; `true` when an operator
/// should hear of it.
fn postpone_checks(transaction: &mut Transaction, now: Timestamp) -> bool {
    let mut told = false;
    let mut next = |open: bool, check_at: &mut Option<Timestamp>, checks: &mut u32| {
        if !open {
            *check_at = None;
        } else if check_at.is_none_or(|at| at <= now) {
            *checks = checks.saturating_add(1);
            *check_at = Some(now.saturating_add(check_delay(*checks)));
            told |= *checks == CHECKS_BEFORE_FINDING;
        }
    };
    let open = transaction.is_open();
    next(open, &mut transaction.check_at, &mut transaction.checks);
    for refund in &mut transaction.refunds {
        next(refund.status() == RefundStatus::Pending, &mut refund.check_at, &mut refund.checks);
    }
    told
}

/// Whether everything that was to be asked about still is. What is no longer may only be said under the order's guard:
/// somebody may be asking for something new at this moment.
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
