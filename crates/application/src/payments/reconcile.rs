//! Asking a gateway about everything that is open, until it knows.

use std::time::Duration;

use domain::{FindingKind, Timestamp, Transaction, TransactionId, payment::RefundStatus};
use ports::{PortError, UnitOfWork, Write};

use super::{
    ask::{Heard, ask_again},
    weigh,
};
use crate::{
    App,
    findings::{About, note},
    retry::{Tried, until_settled},
};

/// After so many questions in vain an operator is told; asking goes on.
const CHECKS_TOLD: u32 = 8;
/// The pause after the first question in vain; it doubles each time.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// The longest pause between two questions.
const PAUSE_LONGEST: Duration = Duration::from_secs(300);

/// Asks the gateway about one transaction and makes true what it says; puts the next question off if it does not know.
///
/// # Errors
/// [`PortError`]; away, when the gateway is left alone at this moment: then nothing was asked, and nothing is put off.
pub(crate) async fn reconcile(app: &App, id: &TransactionId) -> Result<(), PortError> {
    let Some(transaction) = app.payments.find(id).await? else { return Ok(()) };
    let heard = match app.gateway(&transaction.gateway) {
        Some(gateway) => {
            let admission = gateway.enter().await.map_err(PortError::away)?;
            ask_again(app, &admission, &transaction).await?
        }
        None => Heard::default(),
    };
    until_settled!(app, settle_once(app, id, &heard).await)
}

async fn settle_once(app: &App, id: &TransactionId, heard: &Heard) -> Result<(), Tried<PortError>> {
    let Some(mut weighed) = weigh(app, id, heard).await? else { return Ok(()) };
    let idle = weighed.is_idle();
    let transaction = &mut weighed.case.transaction;
    let read = transaction.clone();
    let told = put_off(transaction, app.clock.now());
    if idle && *transaction == read {
        // Somebody else has asked in the meantime, or there is nothing to ask any more.
        return Ok(());
    }
    let work = if told {
        let about = About { transaction: Some(transaction), ..About::default() };
        let detail =
            "The gateway could not say for some time what became of this; it is asked again and again.";
        let finding = note(app, FindingKind::Reconciliation, detail, &about);
        weighed.work(app).with(Write::InsertFinding(finding))
    } else if idle && only_later(&read, transaction) {
        // Nothing is new, so nothing needs the order's guard.
        UnitOfWork::new().with(Write::Postpone(Box::new(transaction.clone())))
    } else {
        weighed.work(app)
    };
    app.store.commit(work).await.map_err(Tried::<PortError>::commit)
}

/// Sets the next question about everything that is due and still open, closes what is not; `true` when an operator
/// should hear of it.
fn put_off(transaction: &mut Transaction, now: Timestamp) -> bool {
    let mut told = false;
    let mut next = |open: bool, check_at: &mut Option<Timestamp>, checks: &mut u32| {
        if !open {
            *check_at = None;
        } else if check_at.is_none_or(|at| at <= now) {
            *checks = checks.saturating_add(1);
            *check_at = Some(now.plus(pause(*checks)));
            told |= *checks == CHECKS_TOLD;
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
fn only_later(read: &Transaction, after: &Transaction) -> bool {
    let closed = |before: Option<Timestamp>, after: Option<Timestamp>| before.is_some() && after.is_none();
    let mut refunds = read.refunds.iter().zip(&after.refunds);
    !closed(read.check_at, after.check_at)
        && !refunds.any(|(read, after)| closed(read.check_at, after.check_at))
}

fn pause(checks: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(checks.saturating_sub(1))).min(PAUSE_LONGEST)
}

#[cfg(test)]
mod tests;
