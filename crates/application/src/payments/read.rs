//! Following payments.

use std::collections::HashMap;

use domain::{OrderNumber, Refund, Transaction, TransactionId, UserId, UserKey};
use ports::PortError;

use crate::{App, Caller, Operator, orders};

/// The transaction with that id, if the caller may see its order.
///
/// # Errors
/// [`PortError`].
pub async fn find(app: &App, caller: &Caller, id: &TransactionId) -> Result<Option<Transaction>, PortError> {
    let Some(transaction) = app.payments.find(id).await? else { return Ok(None) };
    let order = orders::find(app, caller, &transaction.order_number).await?;
    Ok(order.map(|_| transaction))
}

/// All transactions of an order, oldest first, if the caller may see it.
///
/// # Errors
/// [`PortError`].
pub async fn list(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
) -> Result<Option<Vec<Transaction>>, PortError> {
    match orders::find(app, caller, number).await? {
        Some(order) => app.payments.list(order.key).await.map(Some),
        None => Ok(None),
    }
}

/// A refund, with the public id of the user who asked for it, if it was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedRefund {
    /// The refund.
    pub refund: Refund,
    /// Who asked for it.
    pub user: Option<UserId>,
}

/// The refunds of a transaction, oldest first.
///
/// # Errors
/// [`PortError`].
pub async fn list_refunds(
    app: &App,
    _by: &Operator,
    id: &TransactionId,
) -> Result<Option<Vec<RequestedRefund>>, PortError> {
    let Some(transaction) = app.payments.find(id).await? else { return Ok(None) };
    let mut users: HashMap<UserKey, UserId> = HashMap::new();
    for key in transaction.refunds.iter().filter_map(|it| it.requested_by.user) {
        if !users.contains_key(&key)
            && let Some(user) = app.users.find_by_key(key).await?
        {
            users.insert(key, user.id);
        }
    }
    let with_user = |refund: Refund| {
        let user = refund.requested_by.user.and_then(|it| users.get(&it).cloned());
        RequestedRefund { refund, user }
    };
    Ok(Some(transaction.refunds.into_iter().map(with_user).collect()))
}

#[cfg(test)]
mod tests;
