//! The customers of orders, for operators and services.

use std::collections::HashMap;

use domain::{Order, OrderNumber, User, UserKey};
use ports::PortError;

use crate::{App, Caller};

/// The users who placed some orders, by row key. Empty for a customer.
pub type Customers = HashMap<UserKey, User>;

/// The users who placed these orders, if the caller may see them: operators and services do, a customer does not.
///
/// # Errors
/// [`PortError`].
pub async fn find_customers<'o>(
    app: &App,
    caller: &Caller,
    orders: impl IntoIterator<Item = &'o Order>,
) -> Result<Customers, PortError> {
    if !caller.is_staff() {
        return Ok(Customers::new());
    }
    find_owners(app, orders).await
}

/// The users who placed these orders, for the command line.
pub(crate) async fn find_owners<'o>(
    app: &App,
    orders: impl IntoIterator<Item = &'o Order>,
) -> Result<Customers, PortError> {
    let mut keys: Vec<_> = orders.into_iter().map(|it| it.owner).collect();
    keys.sort_unstable();
    keys.dedup();
    let users = app.users.list_users_by_key(&keys).await?;
    Ok(users.into_iter().map(|it| (it.key, it)).collect())
}

/// The user who placed the order with that number, if the caller is an operator or a service. An order never changes its owner,
/// so this may be read before the order is decided on.
///
/// # Errors
/// [`PortError`].
pub async fn find_customer_of(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
) -> Result<Option<User>, PortError> {
    if !caller.is_staff() {
        return Ok(None);
    }
    let Some(head) = app.orders_for_display.find_order_head(number).await? else { return Ok(None) };
    let mut users = app.users.list_users_by_key(&[head.owner]).await?;
    Ok(users.pop())
}
