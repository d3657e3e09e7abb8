//! A run over the payments of one gateway.

use std::{collections::HashSet, ops::ControlFlow};

use domain::{GatewayName, Timestamp, TransactionId};
use ports::{Batch, DatedPayment, ErrorChain, PaymentMoment, PaymentPeriod, PortError};

use super::{
    examine::{Examination, examine_payment},
    report::{DIFFERENCES_MAX, PaymentsReport, RunEnd, RunObserver},
};
use crate::{App, gateways::GuardedGateway};

/// The number of payments in one page.
const PAGE_SIZE: u32 = 100;
/// The most open payments that one run looks up. Their ids are in memory, 100 bytes each.
const OPEN_MAX: u32 = 10_000;

/// Looks up every open operation of a gateway, whatever its age, and every payment that was requested at or after
/// `since`, and compares the answers with what is stored. The observer is asked before each payment. `None` if the
/// gateway is not configured.
///
/// # Errors
/// [`PortError`] if the system of record is unavailable. What was done until then stays.
pub async fn reconcile_payments(
    app: &App,
    gateway: &GatewayName,
    since: Timestamp,
    observer: &mut dyn RunObserver,
) -> Result<Option<PaymentsReport>, PortError> {
    let Some(gateway) = app.find_gateway(gateway) else { return Ok(None) };
    let mut run = Run { app, gateway, observer, report: PaymentsReport::default() };
    let ended = match run.visit_open().await? {
        ControlFlow::Break(end) => ControlFlow::Break(end),
        ControlFlow::Continue(seen) => run.visit_since(since, &seen).await?,
    };
    if let ControlFlow::Break(end) = ended {
        run.report.end = end;
    }
    Ok(Some(run.report))
}

struct Run<'a> {
    app: &'a App,
    gateway: &'a GuardedGateway,
    observer: &'a mut dyn RunObserver,
    report: PaymentsReport,
}

/// Whether the run goes on, or how it ended.
type Progress<T> = Result<ControlFlow<RunEnd, T>, PortError>;

impl Run<'_> {
    /// Visits the payments with an open operation. Returns their ids, so that none is visited twice.
    async fn visit_open(&mut self) -> Progress<HashSet<TransactionId>> {
        // In one read: a payment that gets a result, or a later check, leaves its place in this list, and the
        // pages behind it would shift.
        let batch = Batch { skip: 0, limit: OPEN_MAX };
        let name = self.gateway.name();
        let open = self.app.payments.list_due_transactions(&name, Timestamp::MAX, batch).await?;
        for id in &open {
            if let ControlFlow::Break(end) = self.visit_payment(id).await? {
                return Ok(ControlFlow::Break(end));
            }
        }
        if open.len() >= usize::try_from(OPEN_MAX).unwrap_or(usize::MAX) {
            return Ok(ControlFlow::Break(RunEnd::TooManyOpen));
        }
        Ok(ControlFlow::Continue(open.into_iter().collect()))
    }

    async fn visit_since(&mut self, since: Timestamp, seen: &HashSet<TransactionId>) -> Progress<()> {
        // Later ones belong to the next run: otherwise a busy service would keep this one going.
        let until = self.app.clock.now();
        let mut after: Option<DatedPayment> = None;
        loop {
            let period = PaymentPeriod {
                gateway: self.gateway.name(),
                moment: PaymentMoment::Requested,
                from: since,
                until,
                after,
                limit: PAGE_SIZE,
            };
            let page = self.app.payments.list_payments_within(period).await?;
            for payment in page.iter().filter(|it| !seen.contains(&it.id)) {
                if let ControlFlow::Break(end) = self.visit_payment(&payment.id).await? {
                    return Ok(ControlFlow::Break(end));
                }
            }
            after = page.last().cloned();
            if after.is_none() {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    async fn visit_payment(&mut self, id: &TransactionId) -> Progress<()> {
        if self.observer.before_payment(self.report.looked_up).is_break() {
            return Ok(ControlFlow::Break(RunEnd::Stopped));
        }
        // The breaker refuses all further calls, so the rest of the run would only fail.
        let Ok(admission) = self.gateway.admit().await else {
            return Ok(ControlFlow::Break(RunEnd::GatewayUnavailable));
        };
        match examine_payment(self.app, admission, id).await {
            Ok(Some(examination)) => self.count_result(examination),
            Ok(None) => {}
            Err(error @ PortError::Unavailable(_)) => return Err(error),
            // The observer of unreadable rows has recorded the row; it stops nothing else.
            Err(error @ (PortError::Unreadable(_) | PortError::Bug(_))) => {
                tracing::error!(transaction = %id, error = %ErrorChain(&error), "payment was not reconciled");
                self.report.looked_up = self.report.looked_up.saturating_add(1);
                self.report.failed = self.report.failed.saturating_add(1);
            }
        }
        if self.report.differences.len() >= DIFFERENCES_MAX {
            return Ok(ControlFlow::Break(RunEnd::TooManyDifferences));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn count_result(&mut self, examination: Examination) {
        let report = &mut self.report;
        for (is_counted, count) in [
            (true, &mut report.looked_up),
            (examination.is_changed, &mut report.changed),
            (examination.is_open, &mut report.open),
            (examination.is_unclear, &mut report.unclear),
            (examination.has_failed, &mut report.failed),
        ] {
            *count = count.saturating_add(u64::from(is_counted));
        }
        report.differences.extend(examination.differences);
    }
}
