//! Following payments.

use domain::{OrderNumber, Refund, Transaction, TransactionId};
use ports::Unavailable;

use crate::{App, Caller, Operator, orders};

/// The transaction with that id, if the caller may see its order.
///
/// # Errors
/// [`Unavailable`].
pub async fn find(
    app: &App,
    caller: &Caller,
    id: &TransactionId,
) -> Result<Option<Transaction>, Unavailable> {
    let Some(transaction) = app.payments.find(id).await? else { return Ok(None) };
    let order = orders::find(app, caller, &transaction.order_number).await?;
    Ok(order.map(|_| transaction))
}

/// All transactions of an order, oldest first, if the caller may see it.
///
/// # Errors
/// [`Unavailable`].
pub async fn list(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
) -> Result<Option<Vec<Transaction>>, Unavailable> {
    match orders::find(app, caller, number).await? {
        Some(order) => app.payments.list(order.key).await.map(Some),
        None => Ok(None),
    }
}

/// The refunds of a transaction, oldest first.
///
/// # Errors
/// [`Unavailable`].
pub async fn list_refunds(
    app: &App,
    _by: &Operator,
    id: &TransactionId,
) -> Result<Option<Vec<Refund>>, Unavailable> {
    Ok(app.payments.find(id).await?.map(|it| it.refunds))
}

#[cfg(test)]
mod tests;
