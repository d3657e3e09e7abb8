//! Reading payments with their requests and refunds.

use std::collections::{HashMap, hash_map::Entry};

use domain::{
    OrderKey, OrderNumber, Refund, Transaction, TransactionId, UserId, UserKey, payment::StoredPaymentRequest,
};
use ports::PortError;

use crate::{App, Caller, Operator, orders};

/// A transaction as a caller may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleTransaction {
    /// The transaction.
    pub transaction: Transaction,
    /// Its payment, capture and void requests with their authors, oldest first; `None` for a customer.
    pub requests: Option<Vec<StoredPaymentRequest>>,
}

impl VisibleTransaction {
    /// Combines a transaction with its own ones among the requests of its order.
    pub(super) fn new(transaction: Transaction, requests: Option<&[StoredPaymentRequest]>) -> Self {
        let own = |it: &&StoredPaymentRequest| it.request.transaction == transaction.key;
        let requests = requests.map(|all| all.iter().filter(own).cloned().collect());
        Self { transaction, requests }
    }
}

/// Lists the requests for the order's transactions, oldest first; `None` if the caller is not an operator.
pub(super) async fn list_visible_requests(
    app: &App,
    caller: &Caller,
    order: OrderKey,
) -> Result<Option<Vec<StoredPaymentRequest>>, PortError> {
    match caller.is_operator() {
        true => app.payments.list_payment_requests(order).await.map(Some),
        false => Ok(None),
    }
}

/// Returns the transaction with that id; `None` if there is none, or the caller may not see its order.
///
/// # Errors
/// [`PortError`] if the database or a row could not be read.
pub async fn find_transaction(
    app: &App,
    caller: &Caller,
    id: &TransactionId,
) -> Result<Option<VisibleTransaction>, PortError> {
    let Some(transaction) = app.payments.find_transaction(id).await? else { return Ok(None) };
    let Some(order) = orders::find_order(app, caller, &transaction.order_number).await? else {
        return Ok(None);
    };
    let requests = list_visible_requests(app, caller, order.key).await?;
    Ok(Some(VisibleTransaction::new(transaction, requests.as_deref())))
}

/// Lists the readable transactions of an order, oldest first; `None` if there is no such order, or the caller
/// may not see it.
///
/// # Errors
/// [`PortError`] if the database, the order or its requests could not be read.
pub async fn list_transactions(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
) -> Result<Option<Vec<VisibleTransaction>>, PortError> {
    let Some(order) = orders::find_order(app, caller, number).await? else { return Ok(None) };
    let all = app.payments.list_readable(order.key).await?;
    let requests = list_visible_requests(app, caller, order.key).await?;
    Ok(Some(all.into_iter().map(|it| VisibleTransaction::new(it, requests.as_deref())).collect()))
}

/// A refund with the public id of the user who requested it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedRefund {
    /// The refund as it is stored, in any status.
    pub refund: Refund,
    /// The user; `None` if the service or the gateway began the refund, or the user's row is unreadable.
    pub user: Option<UserId>,
}

/// Lists the readable refunds of a transaction, oldest first; `None` if there is no such transaction.
///
/// # Errors
/// [`PortError`] if the database could not be read.
pub async fn list_refunds(
    app: &App,
    _by: &Operator,
    id: &TransactionId,
) -> Result<Option<Vec<RequestedRefund>>, PortError> {
    let Some(refunds) = app.payments.list_refunds(id).await? else { return Ok(None) };
    let mut users: HashMap<UserKey, Option<UserId>> = HashMap::new();
    for key in refunds.iter().filter_map(|it| it.requested_by.user) {
        if let Entry::Vacant(entry) = users.entry(key) {
            entry.insert(find_public_id(app, key).await?);
        }
    }
    let with_user = |refund: Refund| {
        let user = refund.requested_by.user.and_then(|it| users.get(&it).cloned().flatten());
        RequestedRefund { refund, user }
    };
    Ok(Some(refunds.into_iter().map(with_user).collect()))
}

/// Returns the public id of a user; `None` if there is no such user or its row is unreadable.
async fn find_public_id(app: &App, key: UserKey) -> Result<Option<UserId>, PortError> {
    match app.users.find_user_by_key(key).await {
        Ok(user) => Ok(user.map(|it| it.id)),
        // An unreadable user hides no refund.
        Err(PortError::Unreadable(_)) => Ok(None),
        Err(error @ (PortError::Unavailable(_) | PortError::Bug(_))) => Err(error),
    }
}

#[cfg(test)]
mod tests;
