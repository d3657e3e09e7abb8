//! Everything of one kind, row by row, for the command line.
//!
//! A page is read, handed over and forgotten before the next one is read, so an export of any length needs the memory of
//! one page. Rows that cannot be read are left out and [counted](count_unreadable).
//!
//! Lists do not have archived orders, so these come after the list, by the keys of their orders. An order that is archived
//! during the run may be in both and is then handed over twice; one that is brought back meanwhile may be missing.

use domain::{Order, OrderKey, OrderNumber, Product, ProductId, TransactionId, User};
use ports::{
    Account, AccountCursor, AccountFilter, OrderCursor, OrderFilter, OrderSort, PaymentFilter, PortError,
    RefundCursor, RefundFilter, StoredRefund,
};

use crate::{
    App,
    orders::find_owners,
    payments::{RequestedRefund, VisibleTransaction, attribute_refunds, read_payments, read_payments_of},
    unreadable::skip_unreadable,
};

/// Rows of one page.
const PAGE: u32 = 100;

/// A cursor of a list that its own adapter does not read back.
fn unread_cursor() -> PortError {
    PortError::bug("a page without a cursor")
}

/// The next page of the archive behind that order, which is set to the last one of the page; `None` behind the last page.
async fn read_archive_page(
    app: &App,
    after: &mut Option<OrderKey>,
) -> Result<Option<Vec<(OrderKey, OrderNumber)>>, PortError> {
    let page = app.orders.list_archived_orders(None, *after, PAGE).await?;
    let Some((last, _)) = page.last() else { return Ok(None) };
    *after = Some(*last);
    Ok(Some(page))
}

/// Hands over every order with the customer who placed it, oldest first, and then those of the archive. An order that is
/// archived during the run may come twice.
///
/// # Errors
/// The first error of `write`, or of reading a page.
pub async fn export_orders<E: From<PortError>>(
    app: &App,
    mut write: impl FnMut(&Order, Option<&User>) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let filter =
            OrderFilter { sort: OrderSort::OldestFirst, after, limit: PAGE, ..OrderFilter::default() };
        let page = app.orders.list_orders(filter).await?;
        let owners = find_owners(app, &page.data).await?;
        page.data.iter().try_for_each(|it| write(it, owners.get(&it.owner)))?;
        let Some(next) = page.next else { break };
        after = Some(OrderCursor::parse(&next).ok_or_else(unread_cursor)?);
    }
    let mut after = None;
    while let Some(page) = read_archive_page(app, &mut after).await? {
        let mut orders = Vec::with_capacity(page.len());
        for (_, number) in &page {
            orders.extend(skip_unreadable(app.orders.find_order(number).await)?.flatten());
        }
        let owners = find_owners(app, &orders).await?;
        orders.iter().try_for_each(|it| write(it, owners.get(&it.owner)))?;
    }
    Ok(())
}

/// Hands over every transaction of all orders with its requests, newest first, and then those of archived orders. Those of
/// an order that is archived during the run may come twice.
///
/// # Errors
/// The first error of `write`, or of reading a page.
pub async fn export_payments<E: From<PortError>>(
    app: &App,
    mut write: impl FnMut(&VisibleTransaction) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let filter = PaymentFilter { after, limit: PAGE, ..PaymentFilter::default() };
        let page = read_payments(app, filter).await?;
        page.data.iter().try_for_each(&mut write)?;
        let Some(next) = page.next else { break };
        after = Some(TransactionId::new(next));
    }
    let mut after = None;
    while let Some(page) = read_archive_page(app, &mut after).await? {
        for (order, _) in page {
            read_payments_of(app, order).await?.iter().try_for_each(&mut write)?;
        }
    }
    Ok(())
}

/// Hands over every refund of all transactions, newest first, and then those of archived orders. Those of an order that is
/// archived during the run may come twice.
///
/// # Errors
/// The first error of `write`, or of reading a page.
pub async fn export_refunds<E: From<PortError>>(
    app: &App,
    mut write: impl FnMut(&StoredRefund) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let filter = RefundFilter { after, limit: PAGE, ..RefundFilter::default() };
        let page = app.payments.list_all_refunds(filter).await?;
        page.data.iter().try_for_each(&mut write)?;
        let Some(next) = page.next else { break };
        after = Some(RefundCursor::parse(&next).map_err(|_| unread_cursor())?);
    }
    let mut after = None;
    while let Some(page) = read_archive_page(app, &mut after).await? {
        for (order, _) in page {
            for it in app.payments.list_readable(order).await? {
                for RequestedRefund { refund, author } in attribute_refunds(app, it.refunds).await? {
                    write(&StoredRefund { refund, transaction: it.id.clone(), author })?;
                }
            }
        }
    }
    Ok(())
}

/// Hands over every product, oldest first, whether it can be ordered or not.
///
/// # Errors
/// The first error of `write`, or of reading a page.
pub async fn export_products<E: From<PortError>>(
    app: &App,
    mut write: impl FnMut(&Product) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let page = app.products.list_products(false, after, PAGE).await?;
        page.data.iter().try_for_each(&mut write)?;
        let Some(next) = page.next else { return Ok(()) };
        after = Some(ProductId::new(next));
    }
}

/// Hands over every account, without its password's hash.
///
/// # Errors
/// The first error of `write`, or of reading a page.
pub async fn export_users<E: From<PortError>>(
    app: &App,
    mut write: impl FnMut(&Account) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let filter = AccountFilter { after, limit: PAGE, ..AccountFilter::default() };
        let page = app.users.list_accounts(filter).await?;
        page.data.iter().try_for_each(&mut write)?;
        let Some(next) = page.next else { return Ok(()) };
        after = Some(AccountCursor::parse(&next).map_err(|_| unread_cursor())?);
    }
}

/// How many rows could not be read since the program began, at most 1000.
#[must_use]
pub fn count_unreadable(app: &App) -> usize {
    app.unreadable_rows.list_unreported_rows().len()
}

#[cfg(test)]
mod tests;
