//! Reading payments with their requests and refunds.

use std::collections::{HashMap, hash_map::Entry};

use domain::{
    AuthorId, AuthorKey, OrderKey, OrderNumber, Refund, Transaction, TransactionId,
    payment::StoredPaymentRequest,
};
use ports::PortError;

use crate::{App, Caller, Staff, orders};

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

/// Lists the requests for the order's transactions, oldest first; `None` if the caller is a customer.
pub(super) async fn list_visible_requests(
    app: &App,
    caller: &Caller,
    order: OrderKey,
) -> Result<Option<Vec<StoredPaymentRequest>>, PortError> {
    match caller.is_staff() {
        true => app.payments.list_payment_requests(order).await.map(Some),
        false => Ok(None),
    }
}

/// Lists the requests for one transaction, oldest first; `None` if the caller is a customer.
pub(super) async fn list_own_requests(
    app: &App,
    caller: &Caller,
    transaction: &Transaction,
) -> Result<Option<Vec<StoredPaymentRequest>>, PortError> {
    match caller.is_staff() {
        true => app.payments.list_requests_of(&[transaction.key]).await.map(Some),
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
    if orders::find_order(app, caller, &transaction.order_number).await?.is_none() {
        return Ok(None);
    }
    let requests = list_own_requests(app, caller, &transaction).await?;
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

/// A refund with the public id of who requested it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedRefund {
    /// The refund as it is stored, in any status.
    pub refund: Refund,
    /// The user or API key; `None` if the service or the gateway began the refund, or the author's row is unreadable.
    pub author: Option<AuthorId>,
}

/// Lists the readable refunds of a transaction, oldest first; `None` if there is no such transaction.
///
/// # Errors
/// [`PortError`] if the database could not be read.
pub async fn list_refunds(
    app: &App,
    _by: &Staff,
    id: &TransactionId,
) -> Result<Option<Vec<RequestedRefund>>, PortError> {
    let Some(refunds) = app.payments.list_refunds(id).await? else { return Ok(None) };
    attribute_refunds(app, refunds).await.map(Some)
}

/// Adds to each refund the public id of who requested it.
pub(crate) async fn attribute_refunds(
    app: &App,
    refunds: Vec<Refund>,
) -> Result<Vec<RequestedRefund>, PortError> {
    let mut authors: HashMap<AuthorKey, Option<AuthorId>> = HashMap::new();
    for key in refunds.iter().filter_map(|it| it.requested_by.author) {
        if let Entry::Vacant(entry) = authors.entry(key) {
            entry.insert(find_public_id(app, key).await?);
        }
    }
    let with_author = |refund: Refund| {
        let author = refund.requested_by.author.and_then(|it| authors.get(&it).cloned().flatten());
        RequestedRefund { refund, author }
    };
    Ok(refunds.into_iter().map(with_author).collect())
}

/// Returns the public id of a user or API key; `None` if there is no such row or it is unreadable.
async fn find_public_id(app: &App, key: AuthorKey) -> Result<Option<AuthorId>, PortError> {
    let found = match key {
        AuthorKey::User(key) => app.users.find_user_by_key(key).await.map(|it| it.map(|it| it.id.into())),
        AuthorKey::ApiKey(key) => {
            app.api_keys.find_api_key_by_key(key).await.map(|it| it.map(|it| it.id.into()))
        }
    };
    match found {
        Ok(id) => Ok(id),
        // An unreadable author hides no refund.
        Err(PortError::Unreadable(_)) => Ok(None),
        Err(error @ (PortError::Unavailable(_) | PortError::Bug(_))) => Err(error),
    }
}

#[cfg(test)]
mod tests;
