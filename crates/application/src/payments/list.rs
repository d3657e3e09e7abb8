//! Payments and refunds of all orders, for operators.

use ports::{Page, PaymentFilter, PortError, RefundFilter, StoredRefund};

use super::VisibleTransaction;
use crate::{App, Staff};

/// A page of transactions of all orders, newest first, each as an operator sees it.
///
/// # Errors
/// [`PortError`].
pub async fn list_payments(
    app: &App,
    _by: &Staff,
    filter: PaymentFilter,
) -> Result<Page<VisibleTransaction>, PortError> {
    let Page { data, next } = app.payments.list_payments(filter).await?;
    let keys: Vec<_> = data.iter().map(|it| it.key).collect();
    // After the transactions: the requests only grow, so none that belongs to what is shown is missing.
    let requests = app.payments.list_requests_of(&keys).await?;
    let data = data.into_iter().map(|it| VisibleTransaction::new(it, Some(&requests))).collect();
    Ok(Page { data, next })
}

/// A page of refunds of all transactions, newest first.
///
/// # Errors
/// [`PortError`].
pub async fn list_all_refunds(
    app: &App,
    _by: &Staff,
    filter: RefundFilter,
) -> Result<Page<StoredRefund>, PortError> {
    app.payments.list_all_refunds(filter).await
}
