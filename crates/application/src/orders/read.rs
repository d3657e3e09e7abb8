//! Reading orders: one by number, its history, and lists. Everything here is only displayed, so it may read
//! `orders_for_display`.

use domain::{
    Order, OrderNumber, Timestamp, UserId,
    order::{OrderStatus, StoredHistoryEntry},
};
use ports::{OrderFilter, Page, PortError};

use crate::{App, Caller};

/// The filters of a list; each one that is set narrows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderQuery {
    /// Only orders with this status.
    pub status: Option<OrderStatus>,
    /// Only orders placed at or after this time.
    pub created_after: Option<Timestamp>,
    /// Only orders placed before this time.
    pub created_before: Option<Timestamp>,
    /// Only orders of this user. Operators may set it; a customer who does is refused.
    pub user: Option<UserId>,
    /// Only orders that follow this one in the list; `None` is the first page.
    pub after: Option<OrderNumber>,
    /// The largest number of orders on the page.
    pub limit: u32,
}

/// Why orders were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A customer set `user`; only operators may.
    #[error("only operators list by user")]
    NotOperator,
    /// The system of record is unavailable.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// The order with that number; `None` if there is none or the caller may not see it.
///
/// # Errors
/// [`PortError`].
pub async fn find_order(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
) -> Result<Option<Order>, PortError> {
    Ok(app.orders_for_display.find_order(number).await?.filter(|it| caller.can_see(it)))
}

/// Whether the caller may see the order with that number.
pub(crate) async fn can_see_order(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
) -> Result<bool, PortError> {
    let own =
        // Three columns of one row are enough here, and the owner is read from the system of record: a cache
        // that others can write to must not decide who may see an order.
        async || Ok(app.orders.find_order_head(number).await?.is_some_and(|it| it.owner == caller.user.key));
    if caller.is_operator() { Ok(true) } else { own().await }
}

/// The history of that order, oldest first; `None` if the caller may not see the order.
///
/// # Errors
/// [`PortError`].
pub async fn find_history(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
) -> Result<Option<Vec<StoredHistoryEntry>>, PortError> {
    match find_order(app, caller, number).await? {
        // Read first for the permission: entries of a history name no owner.
        Some(order) => app.orders_for_display.list_history_entries(order.key).await.map(Some),
        None => Ok(None),
    }
}

/// A page of orders, newest first: a customer's own, or for an operator those of all users.
///
/// # Errors
/// [`ListError`].
pub async fn list_orders(app: &App, caller: &Caller, query: OrderQuery) -> Result<Page<Order>, ListError> {
    let owner = match (&query.user, caller.is_operator()) {
        (Some(_), false) => return Err(ListError::NotOperator),
        (None, false) => Some(caller.user.key),
        (None, true) => None,
        (Some(id), true) => match app.users.find_user(id).await? {
            Some(user) => Some(user.key),
            None => return Ok(Page::EMPTY),
        },
    };
    let filter = OrderFilter {
        owner,
        status: query.status,
        created_after: query.created_after,
        created_before: query.created_before,
        after: query.after,
        limit: query.limit,
    };
    Ok(app.orders_for_display.list_orders(filter).await?)
}

#[cfg(test)]
mod tests;
