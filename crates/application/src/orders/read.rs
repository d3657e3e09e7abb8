//! Following orders.

use domain::{
    Order, OrderNumber, Timestamp, UserId,
    order::{OrderStatus, StoredHistoryEntry},
};
use ports::{OrderFilter, Page, PortError};

use crate::{App, Caller};

/// Which orders to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderQuery {
    /// Only those standing there.
    pub status: Option<OrderStatus>,
    /// Only those placed at or after this moment.
    pub created_after: Option<Timestamp>,
    /// Only those placed before this moment.
    pub created_before: Option<Timestamp>,
    /// Only this user's; for operators.
    pub user: Option<UserId>,
    /// Only those that come after this one in the list.
    pub after: Option<OrderNumber>,
    /// At most so many.
    pub limit: u32,
}

/// Why orders were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A customer asked for somebody's orders by user.
    #[error("only operators list by user")]
    NotOperator,
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// The order with that number, if the caller may see it.
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
        async || Ok(app.orders.find_order_head(number).await?.is_some_and(|it| it.owner == caller.user.key));
    if caller.is_operator() { Ok(true) } else { own().await }
}

/// The history of that order, oldest first, if the caller may see it.
///
/// # Errors
/// [`PortError`].
pub async fn find_history(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
) -> Result<Option<Vec<StoredHistoryEntry>>, PortError> {
    match find_order(app, caller, number).await? {
        Some(order) => app.orders_for_display.list_history_entries(order.key).await.map(Some),
        None => Ok(None),
    }
}

/// A page of orders, newest first: the caller's own, for an operator everybody's.
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
