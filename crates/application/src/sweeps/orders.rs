//! Orders whose status changes because time has passed.

use async_trait::async_trait;
use domain::{ChangedBy, Order, OrderChange, OrderNumber, order::OrderStatus, payment::PaymentStatus};
use ports::{Batch, DueOrders, PortError, UnitOfWork};

use super::batch_loop::{Sweep, for_each_due};
use super::names;
use crate::{
    App,
    orders::with_payment_writes,
    retry::{Attempt, retry_stale},
};

/// Closes orders that were not paid in time; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn expire_unpaid_orders(app: &App) -> Result<bool, PortError> {
    sweep_orders(app, names::EXPIRE_UNPAID, DueOrders::Expired(app.clock.now()), OrderStatus::Closed).await
}

/// Closes orders whose authorisation was not captured in time, and voids it; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn release_uncaptured_orders(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().saturating_sub(app.policy.authorization_ttl);
    sweep_orders(app, names::RELEASE_UNCAPTURED, DueOrders::Uncaptured(before), OrderStatus::Closed).await
}

/// Completes orders that were delivered long ago; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn complete_delivered_orders(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().saturating_sub(app.policy.completion_after);
    sweep_orders(
        app,
        names::COMPLETE_DELIVERED,
        DueOrders::InStatusSince(OrderStatus::Delivered, before),
        OrderStatus::Completed,
    )
    .await
}

/// Closes orders that were completed, refunded or cancelled long ago; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn close_finished_orders(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().saturating_sub(app.policy.after_sales_period);
    let mut more = false;
    // One list for each status, because each is one range of an index; `OR` over them would not be.
    for status in [OrderStatus::Completed, OrderStatus::Refunded, OrderStatus::Cancelled] {
        more |= sweep_orders(
            app,
            names::CLOSE_FINISHED,
            DueOrders::InStatusSince(status, before),
            OrderStatus::Closed,
        )
        .await?;
    }
    Ok(more)
}

async fn sweep_orders(
    app: &App,
    name: &'static str,
    due: DueOrders,
    to: OrderStatus,
) -> Result<bool, PortError> {
    for_each_due(app, name, &OrderSweep { due, to }).await
}

/// The orders that are due, and the status that they get.
struct OrderSweep {
    due: DueOrders,
    to: OrderStatus,
}

#[async_trait]
impl Sweep for OrderSweep {
    type Item = OrderNumber;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<OrderNumber>, PortError> {
        app.orders.list_due_orders(self.due, batch).await
    }

    async fn process_item(&self, app: &App, number: &OrderNumber) -> Result<bool, PortError> {
        retry_stale!(app, transition_once(app, number, self.due, self.to).await)
    }
}

/// Changes the status of one order if it is still due when it is read for the decision: a payment may have
/// been faster.
async fn transition_once(
    app: &App,
    number: &OrderNumber,
    due: DueOrders,
    to: OrderStatus,
) -> Result<bool, Attempt<PortError>> {
    // The list gives numbers only, and time has passed since it was read. So the decision rests on this read,
    // and the commit is guarded by its revision.
    let Some(order) = app.orders.find_order(number).await? else { return Ok(false) };
    if !is_due(app, &order, due).await? {
        return Ok(false);
    }
    let mut order_change = OrderChange::from_order(order);
    // A transition that the rules do not allow is no error: the order has changed since the list was read.
    if order_change.transition(to, ChangedBy::SYSTEM, None, app.clock.now()) != Ok(true) {
        return Ok(false);
    }
    let work: UnitOfWork = with_payment_writes(app, order_change).await?;
    app.store.commit(work).await.map_err(Attempt::<PortError>::from_commit_error)?;
    Ok(true)
}

/// The condition of the list, checked for one order in its present state. Its transactions are read after the
/// order, so that one that comes in between makes the commit stale.
async fn is_due(app: &App, order: &Order, due: DueOrders) -> Result<bool, PortError> {
    match due {
        DueOrders::InStatusSince(status, before) => {
            Ok(order.status == status && order.status_changed_at <= before)
        }
        DueOrders::Expired(now) => {
            let all = app.payments.list_transactions(order.key).await?;
            let occupied = all.iter().any(domain::Transaction::occupies_order);
            Ok(order.status == OrderStatus::Pending && order.expires_at <= now && !occupied)
        }
        DueOrders::Uncaptured(before) => {
            let all = app.payments.list_transactions(order.key).await?;
            Ok(order.status == OrderStatus::Pending
                && all.iter().any(|it| {
                    it.status() == PaymentStatus::Authorized
                        && it.pending_operation.is_none()
                        && it.created_at <= before
                }))
        }
    }
}

#[cfg(test)]
mod tests;
