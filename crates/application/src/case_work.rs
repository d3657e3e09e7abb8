//! The unit of work of a payment's case.

use domain::{EventId, payment::TransactionChange};
use ports::{UnitOfWork, Write};

use crate::{App, findings::findings_from_flags};

/// An order's progress, its transaction and what an operator must look at, for one commit. A finding names its event if
/// that is one of these notices: a gateway's answer is none.
pub(crate) fn work_from_case(app: &App, case: TransactionChange, notices: &[EventId]) -> UnitOfWork {
    let findings: Vec<_> = findings_from_flags(app, &case.flags, &case.transaction, notices).collect();
    UnitOfWork::new()
        .with_order_change(case.order_change)
        .with_write(Write::UpdateTransaction(Box::new(case.transaction)))
        .with_writes(case.requests.into_iter().map(Write::InsertRequest))
        .with_writes(findings)
}
