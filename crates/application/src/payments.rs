//! Payments: every gateway call stands between two commits, the claim and the outcome.

mod assess;
mod attempts;
mod gateway_calls;
mod list;
mod notices;
mod operation;
mod read;
mod recent_cases;
mod reconcile;
mod start;
mod unexecuted;

pub use attempts::list_attempts;
pub use list::{list_all_refunds, list_payments};
pub(crate) use list::{read_payments, read_payments_of};
pub use notices::list_notices;
pub use operation::{NewRefund, OperationError, PaymentOperation, RefundSubject, execute_operation};
pub(crate) use read::attribute_refunds;
pub use read::{RequestedRefund, VisibleTransaction, find_transaction, list_refunds, list_transactions};
pub use recent_cases::RecentCases;
pub use start::{NewPayment, StartPaymentError, start_payment};

pub(crate) use assess::{Assessment, assess, event_disposition, resolve_target};
pub(crate) use attempts::Attempts;
pub(crate) use gateway_calls::{GatewayReport, look_up_open_requests};
pub(crate) use recent_cases::repeats_recent_fact;
pub(crate) use reconcile::{commit_report, reconcile_payment};
