//! Payments and refunds of all orders, for operators.

use domain::{OrderKey, Transaction};
use ports::{Page, PaymentFilter, PortError, RefundFilter, StoredRefund};

use super::VisibleTransaction;
use crate::{App, Staff, page_bytes::shorten_page};

/// A page of transactions of all orders, newest first, each as an operator sees it.
///
/// # Errors
/// [`PortError`].
pub async fn list_payments(
    app: &App,
    _by: &Staff,
    filter: PaymentFilter,
) -> Result<Page<VisibleTransaction>, PortError> {
    read_payments(app, filter).await
}

/// The same for the command line.
pub(crate) async fn read_payments(
    app: &App,
    filter: PaymentFilter,
) -> Result<Page<VisibleTransaction>, PortError> {
    let page = app.payments.list_payments(filter).await?;
    let size = |it: &Transaction| it.metadata.text_bytes();
    let Page { data, next } = shorten_page(page, size, |last| last.id.to_string());
    Ok(Page { data: attach_requests(app, data).await?, next })
}

/// The readable transactions of one order, oldest first, for the command line; also those of an archived order, which are in
/// no list.
pub(crate) async fn read_payments_of(
    app: &App,
    order: OrderKey,
) -> Result<Vec<VisibleTransaction>, PortError> {
    let transactions = app.payments.list_readable(order).await?;
    attach_requests(app, transactions).await
}

async fn attach_requests(
    app: &App,
    transactions: Vec<Transaction>,
) -> Result<Vec<VisibleTransaction>, PortError> {
    let keys: Vec<_> = transactions.iter().map(|it| it.key).collect();
    // After the transactions: requests are only added, and read where the order is by then, in the record or archived.
    let requests = app.payments.list_requests_of(&keys).await?;
    Ok(transactions.into_iter().map(|it| VisibleTransaction::new(it, Some(&requests))).collect())
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
