//! Following payments.

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
    /// Who asked for what, oldest first; `None` for a customer.
    pub requests: Option<Vec<StoredPaymentRequest>>,
}

impl VisibleTransaction {
    /// A transaction with those of its order's requests that are its own.
    pub(super) fn new(transaction: Transaction, requests: Option<&[StoredPaymentRequest]>) -> Self {
        let own = |it: &&StoredPaymentRequest| it.request.transaction == transaction.key;
        let requests = requests.map(|all| all.iter().filter(own).cloned().collect());
        Self { transaction, requests }
    }
}

/// What was asked for of the order's transactions, if the caller may know.
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

/// The transaction with that id, if the caller may see its order.
///
/// # Errors
/// [`PortError`].
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

/// The transactions of an order that can be read, oldest first, if the caller may see it.
///
/// # Errors
/// [`PortError`].
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

/// A refund, with the public id of the user who asked for it, if it was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedRefund {
    /// The refund.
    pub refund: Refund,
    /// Who asked for it.
    pub user: Option<UserId>,
}

/// The refunds of a transaction that can be read, oldest first.
///
/// # Errors
/// [`PortError`].
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

/// The public id of a user whose row can be read.
async fn find_public_id(app: &App, key: UserKey) -> Result<Option<UserId>, PortError> {
    match app.users.find_user_by_key(key).await {
        Ok(user) => Ok(user.map(|it| it.id)),
        // The refund can be seen all the same.
        Err(PortError::Unreadable(_)) => Ok(None),
        Err(fault @ (PortError::Unavailable(_) | PortError::Bug(_))) => Err(fault),
    }
}

#[cfg(test)]
mod tests;
