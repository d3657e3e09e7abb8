//! The unit of work of a payment's case.

use domain::{EventId, payment::Case};
use ports::{UnitOfWork, Write};

use crate::{App, findings::of_flags};

/// An order's progress, its transaction and what an operator must look at, for one commit. A finding names its event if
/// that is one of these notices: a gateway's answer is none.
pub(crate) fn work_from_case(app: &App, case: Case, notices: &[EventId]) -> UnitOfWork {
    let findings: Vec<_> = of_flags(app, &case.flags, &case.transaction, notices).collect();
    UnitOfWork::new()
        .progress(case.progress)
        .with(Write::UpdateTransaction(Box::new(case.transaction)))
        .with_all(case.requests.into_iter().map(Write::InsertRequest))
        .with_all(findings)
}
