//! A settlement file compared with what is stored.

mod mismatch;

use std::{collections::HashSet, ops::ControlFlow, time::Duration};

use domain::{
    FindingKind, GatewayName, RefundId, Timestamp, Transaction, TransactionId,
    payment::{NamedReference, ReferenceKind, RefundStatus},
};
use ports::{
    DatedPayment, ErrorChain, PaymentMoment, PaymentPeriod, PortError, Statement, StatementEntry,
    StatementEntryKind, StatementPeriod, UnitOfWork, Write,
};

use self::mismatch::{Mismatch, compare_payment, compare_refund, cut_subject, entry_name, find_refund};
use super::report::{DIFFERENCES_MAX, Difference, RunEnd, RunObserver, StatementReport};
use crate::{
    App,
    findings::{FindingContext, new_finding},
    retry::{Attempt, retry_stale},
};

/// The number of payments in one page.
const PAGE_SIZE: u32 = 100;
/// What lies this close to the first or the last entry of a file without a stated period may be in the
/// neighbouring file: the time of an entry and that of its notice differ.
const PERIOD_BORDER: Duration = Duration::from_secs(60);

/// A payment, or one refund of it.
type Posting = (TransactionId, Option<RefundId>);

/// Compares a settlement file with the payments of its gateway, in both directions. Every difference becomes a
/// finding, unless the same one is open. The observer is asked before each line and each payment.
///
/// # Errors
/// [`PortError`] if the system of record is unavailable. What was found until then stays.
pub async fn compare_statement(
    app: &App,
    gateway: &GatewayName,
    statement: &Statement,
    observer: &mut dyn RunObserver,
) -> Result<StatementReport, PortError> {
    let report = StatementReport {
        skipped: statement.skipped,
        period: statement.covered_period(),
        ..StatementReport::default()
    };
    let mut run = Comparison { app, gateway, observer, seen: HashSet::new(), report };
    if let ControlFlow::Break(end) = run.compare_all(statement).await? {
        run.report.end = end;
    }
    Ok(run.report)
}

struct Comparison<'a> {
    app: &'a App,
    gateway: &'a GatewayName,
    observer: &'a mut dyn RunObserver,
    /// What the file holds and is known here.
    seen: HashSet<Posting>,
    report: StatementReport,
}

type Progress = Result<ControlFlow<RunEnd>, PortError>;

/// The result of one entry: the posting that it is about, if it is known here, and the difference, if there is one.
struct Verdict {
    transaction: Option<Transaction>,
    posting: Option<Posting>,
    difference: Option<Mismatch>,
}

impl Comparison<'_> {
    async fn compare_all(&mut self, statement: &Statement) -> Progress {
        for entry in &statement.entries {
            if let ControlFlow::Break(end) = self.compare_entry(entry).await? {
                return Ok(ControlFlow::Break(end));
            }
        }
        let Some(mut period) = self.report.period else { return Ok(ControlFlow::Continue(())) };
        if statement.period.is_none() {
            period.from = period.from.saturating_add(PERIOD_BORDER);
            period.until = period.until.saturating_sub(PERIOD_BORDER);
        }
        for moment in [PaymentMoment::Captured, PaymentMoment::Refunded] {
            if let ControlFlow::Break(end) = self.find_missing(moment, period).await? {
                return Ok(ControlFlow::Break(end));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn compare_entry(&mut self, entry: &StatementEntry) -> Progress {
        if self.observer.before_payment(self.report.compared).is_break() {
            return Ok(ControlFlow::Break(RunEnd::Stopped));
        }
        self.report.compared = self.report.compared.saturating_add(1);
        let verdict = match self.judge_entry(entry).await {
            Ok(verdict) => verdict,
            Err(error) => return self.skip_failed(error),
        };
        if let Some(posting) = verdict.posting {
            self.seen.insert(posting);
        }
        match verdict.difference {
            None => self.report.matched = self.report.matched.saturating_add(1),
            Some(mismatch) => {
                let subject = format!("{}:{}", mismatch.code(), entry_name(entry));
                let detail = format!("Line {} of the settlement file: {}", entry.line, mismatch.detail());
                self.add_difference(verdict.transaction.as_ref(), &subject, detail).await?;
            }
        }
        Ok(self.check_limit())
    }

    async fn judge_entry(&self, entry: &StatementEntry) -> Result<Verdict, PortError> {
        let Some(transaction) = self.find_payment(entry).await? else {
            let difference = Some(Mismatch::UnknownPayment);
            return Ok(Verdict { transaction: None, posting: None, difference });
        };
        let (refund, difference) = match &entry.kind {
            StatementEntryKind::Payment => (None, compare_payment(&transaction, entry)),
            StatementEntryKind::Dispute { .. } => {
                // One that was won is known, too. Gateways name a dispute in different ways, so it is enough that there is one.
                let is_known = !transaction.facts.disputes().as_slice().is_empty();
                let difference = (!is_known).then_some(Mismatch::UnknownDispute);
                return Ok(Verdict { transaction: Some(transaction), posting: None, difference });
            }
            StatementEntryKind::Refund { id, reference } => {
                match find_refund(&transaction, id.as_ref(), reference.as_ref()) {
                    Some(refund) => (Some(refund.id.clone()), compare_refund(refund, entry)),
                    None => {
                        let difference = Some(Mismatch::UnknownRefund);
                        return Ok(Verdict { transaction: Some(transaction), posting: None, difference });
                    }
                }
            }
        };
        let posting = (transaction.id.clone(), refund);
        let is_repeated = self.seen.contains(&posting);
        let difference = difference.or(is_repeated.then_some(Mismatch::Repeated));
        Ok(Verdict { transaction: Some(transaction), posting: Some(posting), difference })
    }

    /// Finds the payment of an entry by our id, by the gateway's reference of it, or by that of its refund or dispute.
    async fn find_payment(&self, entry: &StatementEntry) -> Result<Option<Transaction>, PortError> {
        let payments = &self.app.payments;
        let mut ids: Vec<_> = entry.transaction.iter().cloned().collect();
        let of_part = match &entry.kind {
            StatementEntryKind::Payment => (ReferenceKind::Payment, None),
            StatementEntryKind::Refund { reference, .. } => (ReferenceKind::Refund, reference.as_ref()),
            StatementEntryKind::Dispute { reference } => (ReferenceKind::Dispute, reference.as_ref()),
        };
        let references = [(ReferenceKind::Payment, entry.payment.as_ref()), of_part];
        for (kind, reference) in references {
            let Some(reference) = reference.cloned() else { continue };
            let named = NamedReference { kind, reference };
            ids.extend(payments.find_by_reference(self.gateway, &named).await?);
        }
        for id in ids {
            let found = payments.find_transaction(&id).await?;
            if let Some(found) = found.filter(|it| it.gateway == *self.gateway) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Looks for captures or refunds here that the file lacks.
    async fn find_missing(&mut self, moment: PaymentMoment, period: StatementPeriod) -> Progress {
        let mut after: Option<DatedPayment> = None;
        loop {
            let StatementPeriod { from, until } = period;
            let (gateway, limit) = (self.gateway.clone(), PAGE_SIZE);
            let page = PaymentPeriod { gateway, moment, from, until, after, limit };
            let page = self.app.payments.list_payments_within(page).await?;
            for dated in &page {
                if let ControlFlow::Break(end) = self.expect_in_file(moment, dated, from).await? {
                    return Ok(ControlFlow::Break(end));
                }
            }
            after = page.last().cloned();
            if after.is_none() {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    async fn expect_in_file(
        &mut self,
        moment: PaymentMoment,
        dated: &DatedPayment,
        from: Timestamp,
    ) -> Progress {
        if self.observer.before_payment(self.report.compared.saturating_add(self.report.expected)).is_break()
        {
            return Ok(ControlFlow::Break(RunEnd::Stopped));
        }
        self.report.expected = self.report.expected.saturating_add(1);
        let transaction = match self.app.payments.find_transaction(&dated.id).await {
            Ok(Some(transaction)) => transaction,
            Ok(None) => return Ok(ControlFlow::Continue(())),
            Err(error) => return self.skip_failed(error),
        };
        let refund = transaction.refunds.iter().find(|it| it.key.get() == dated.row);
        let (refund, what) = match (moment, refund) {
            (PaymentMoment::Refunded, Some(refund))
                if refund.status() == RefundStatus::Succeeded && refund.created_at >= from =>
            {
                (
                    Some(refund.id.clone()),
                    "A refund succeeded here within the period of the settlement file, which does not have it.",
                )
            }
            // One that has failed since is none that the file must have. One that was requested before may be in an
            // earlier file: gateways list refunds by the time of their acceptance or of their success.
            (PaymentMoment::Refunded, _) => return Ok(ControlFlow::Continue(())),
            (PaymentMoment::Captured | PaymentMoment::Requested, _) => (
                None,
                "A payment was captured here within the period of the settlement file, which does not have it.",
            ),
        };
        let posting = (transaction.id.clone(), refund);
        if !self.seen.contains(&posting) {
            let refund = posting.1.as_ref().map_or("", RefundId::as_str);
            let subject = format!("missing:{}:{refund}", posting.0);
            self.add_difference(Some(&transaction), &subject, what.to_owned()).await?;
        }
        Ok(self.check_limit())
    }

    async fn add_difference(
        &mut self,
        transaction: Option<&Transaction>,
        subject: &str,
        detail: String,
    ) -> Result<(), PortError> {
        let about = FindingContext { gateway: Some(self.gateway), transaction, ..FindingContext::default() };
        let subject = cut_subject(format!("statement:{}:{subject}", self.gateway));
        retry_stale!(self.app, store_finding(self.app, &about, &detail, &subject).await)?;
        self.report.differences.push(Difference {
            kind: FindingKind::Reconciliation,
            transaction: transaction.map(|it| it.id.clone()),
            order: transaction.map(|it| it.order_number.clone()),
            detail,
        });
        Ok(())
    }

    /// Counts a payment that could not be read, and goes on.
    fn skip_failed(&mut self, error: PortError) -> Progress {
        if let PortError::Unavailable(_) = error {
            return Err(error);
        }
        tracing::error!(gateway = %self.gateway, error = %ErrorChain(&error), "payment was not compared");
        self.report.failed = self.report.failed.saturating_add(1);
        Ok(ControlFlow::Continue(()))
    }

    fn check_limit(&self) -> ControlFlow<RunEnd> {
        if self.report.differences.len() >= DIFFERENCES_MAX {
            return ControlFlow::Break(RunEnd::TooManyDifferences);
        }
        ControlFlow::Continue(())
    }
}

async fn store_finding(
    app: &App,
    about: &FindingContext<'_>,
    detail: &str,
    subject: &str,
) -> Result<(), Attempt<PortError>> {
    let finding = new_finding(app, FindingKind::Reconciliation, detail, about);
    let work = UnitOfWork::new().with_write(Write::InsertFindingOnce(finding, subject.to_owned()));
    app.store.commit(work).await.map_err(Attempt::<PortError>::from_commit_error)
}
