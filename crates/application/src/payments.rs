//! Payments: every gateway call stands between two commits, the claim and the outcome.

mod ask;
mod operate;
mod read;
mod reconcile;
mod start;
mod weigh;

pub use operate::{Operation, OperationError, operate};
pub use read::{RequestedRefund, ShownTransaction, find, list, list_refunds};
pub use start::{Payment, StartError, start};

pub(crate) use ask::Heard;
pub(crate) use reconcile::reconcile;
pub(crate) use weigh::{disposition, of_case, resolve_target, weigh};
