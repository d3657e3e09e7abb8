//! Payments: every gateway call stands between two commits, the claim and the outcome.

mod assess;
mod gateway_calls;
mod operation;
mod read;
mod reconcile;
mod start;

pub use operation::{OperationError, PaymentOperation, execute_operation};
pub use read::{RequestedRefund, VisibleTransaction, find_transaction, list_refunds, list_transactions};
pub use start::{NewPayment, StartPaymentError, start_payment};

pub(crate) use assess::{assess, event_disposition, resolve_target};
pub(crate) use gateway_calls::GatewayReport;
pub(crate) use reconcile::reconcile_payment;
