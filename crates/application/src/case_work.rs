//! The unit of work of a transaction with its order.

use domain::{EventId, payment::TransactionChange};
use ports::{TransactionUpdate, UnitOfWork, Write};

use crate::{
    App,
    findings::{FindingFrequency, findings_from_flags},
};

/// Builds the commit of a changed transaction: the order with its transitions, the transaction, its new
/// references, next action and requests, and the findings. A finding names its event only if that is one of `notices`; an
/// event that a gateway answered is not stored and cannot be named.
pub(crate) fn work_from_case(
    app: &App,
    case: TransactionChange,
    notices: &[EventId],
    frequency: FindingFrequency,
) -> UnitOfWork {
    let findings: Vec<_> =
        findings_from_flags(app, &case.flags, &case.transaction, notices, frequency).collect();
    let gateway = case.transaction.gateway.clone();
    let references = case.new_references(app.clock.now());
    let (transaction, next_action) = (case.transaction.key, case.new_next_action());
    let update = TransactionUpdate::from(&case);
    UnitOfWork::new()
        .with_order_change(case.order_change)
        .with_write(Write::UpdateTransaction(update))
        .with_writes(references.into_iter().map(|it| Write::LearnReference(gateway.clone(), it)))
        .with_writes(next_action.map(|it| Write::SetNextAction(transaction, it)))
        .with_writes(case.requests.into_iter().map(Write::InsertRequest))
        .with_writes(findings)
}
