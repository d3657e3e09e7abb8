//! Reading orders: one by number, its history, and lists. Everything here is only displayed, so it may read
//! `orders_for_display`.

use domain::{
    Email, Order, OrderNumber, Timestamp, User, UserId, UserKey, Username,
    order::{OrderReference, OrderStatus, StoredHistoryEntry},
};
use ports::{OrderCursor, OrderFilter, OrderSearch, OrderSort, Page, PortError};

use crate::{App, Caller, caching::RenderedOrder, page_bytes::shorten_page};

/// About how many bytes a line of an order takes beside the name of its product.
const LINE_BYTES: usize = 200;

/// The filters of a list; each one that is set narrows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderQuery {
    /// Only orders with one of these statuses, each named once; empty is no condition.
    pub statuses: Vec<OrderStatus>,
    /// Only orders placed at or after this time.
    pub created_after: Option<Timestamp>,
    /// Only orders placed before this time.
    pub created_before: Option<Timestamp>,
    /// Only orders that last changed at or after this time.
    pub updated_after: Option<Timestamp>,
    /// Only orders that last changed before this time.
    pub updated_before: Option<Timestamp>,
    /// Only orders with exactly this reference.
    pub reference: Option<OrderReference>,
    /// Only orders of the user who fits all of this. Operators may set it; a customer who does is refused.
    pub customer: CustomerQuery,
    /// The order of the list.
    pub sort: OrderSort,
    /// Only orders that follow this position in the list; `None` is the first page.
    pub after: Option<OrderCursor>,
    /// Page size, 1 to 100.
    pub limit: u32,
}

/// Which users' orders an operator lists; without any condition those of all users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerQuery {
    /// The user's public id.
    pub id: Option<UserId>,
    /// The e-mail address of the account, regardless of case.
    pub email: Option<Email>,
    /// The username, regardless of case.
    pub username: Option<Username>,
    /// A part of what is known about an order or its customer.
    pub search: Option<OrderSearch>,
}

impl CustomerQuery {
    /// Whether it says which account it is.
    const fn names_account(&self) -> bool {
        self.id.is_some() || self.email.is_some() || self.username.is_some()
    }
}

/// Why orders were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A customer set a filter that only operators may set.
    #[error("only operators list by user")]
    NotOperator(CustomerQuery),
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

/// The order with that number as `render` shows it to an actor of the caller's kind; `None` if there is none or the
/// caller may not see it. `render` depends on nothing but the order and the kind of actor.
///
/// # Errors
/// [`PortError`].
pub async fn find_rendered_order(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
    render: impl FnOnce(&Order) -> Vec<u8>,
) -> Result<Option<RenderedOrder>, PortError> {
    let actor = caller.actor();
    if let Some(known) = app.rendered_orders.find(number, actor).await {
        // Asked after the request began, so nothing older is shown than any client was shown before; and who may see
        // the order follows from the record.
        let Some(head) = app.orders.find_order_head(number).await? else { return Ok(None) };
        if !caller.is_staff() && caller.user_key() != Some(head.owner) {
            return Ok(None);
        }
        if let Some(rendered) = known.confirm(&head) {
            return Ok(Some(rendered));
        }
    }
    let Some(order) = find_order(app, caller, number).await? else { return Ok(None) };
    let rendered = RenderedOrder { version: order.version, body: render(&order) };
    app.rendered_orders.put(&order, actor, &rendered).await;
    Ok(Some(rendered))
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
        async || Ok(app.orders.find_order_head(number).await?.is_some_and(|it| caller.user_key() == Some(it.owner)));
    if caller.is_staff() { Ok(true) } else { own().await }
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

/// A page of orders: a customer's own, or for an operator or a service those of all users. A page may be short although more
/// follow; see [`OrderRepository::list_orders`](ports::OrderRepository::list_orders).
///
/// # Errors
/// [`ListError`].
pub async fn list_orders(app: &App, caller: &Caller, query: OrderQuery) -> Result<Page<Order>, ListError> {
    let asks_for_user = query.customer != CustomerQuery::default();
    let owner = match (asks_for_user, caller.is_staff()) {
        (true, false) => return Err(ListError::NotOperator(query.customer)),
        (false, false) => caller.user_key(),
        (false, true) => None,
        (true, true) if !query.customer.names_account() => None,
        (true, true) => match find_owner(app, &query.customer).await? {
            Some(owner) => Some(owner),
            None => return Ok(Page::EMPTY),
        },
    };
    let filter = OrderFilter {
        owner,
        statuses: query.statuses,
        created_after: query.created_after,
        created_before: query.created_before,
        updated_after: query.updated_after,
        updated_before: query.updated_before,
        reference: query.reference,
        search: query.customer.search,
        sort: query.sort,
        after: query.after,
        limit: query.limit,
    };
    let sort = filter.sort;
    let page = app.orders_for_display.list_orders(filter).await?;
    Ok(shorten_page(page, shown_bytes, |last| page_cursor(last, sort)))
}

/// About how many bytes an order takes on a page. What is not counted is short.
fn shown_bytes(order: &Order) -> usize {
    let lines = order.items.iter().map(|it| it.name.as_str().len().saturating_add(LINE_BYTES));
    lines.fold(order.details.metadata.text_bytes(), usize::saturating_add)
}

/// The place of the page that follows this order.
fn page_cursor(last: &Order, sort: OrderSort) -> String {
    let at = if sort.is_by_change() { last.updated_at } else { last.created_at };
    OrderCursor { at, number: last.number.clone() }.to_string()
}

/// The row key of the user who fits every condition; `None` if there is none.
async fn find_owner(app: &App, query: &CustomerQuery) -> Result<Option<UserKey>, PortError> {
    let CustomerQuery { id, email, username, search: _ } = query;
    // One condition finds the user, and all are compared then.
    let found = if let Some(id) = id {
        app.users.find_user(id).await?
    } else if let Some(login) = email.as_ref().map(Email::as_str).or(username.as_ref().map(Username::as_str))
    {
        app.users.find_credentials(login).await?.map(|it| it.user)
    } else {
        None
    };
    let fits = |it: &User| {
        id.as_ref().is_none_or(|id| it.id == *id)
            && email.as_ref().is_none_or(|email| it.email.fold_case() == email.fold_case())
            && username.as_ref().is_none_or(|name| it.username.fold_case() == name.fold_case())
    };
    Ok(found.filter(fits).map(|it| it.key))
}

#[cfg(test)]
mod tests;
