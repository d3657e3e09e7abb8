//! Orders whose time has come.

use async_trait::async_trait;
use domain::{ChangedBy, Order, OrderNumber, Progress, order::Status, payment::PaymentStatus};
use ports::{Batch, Due, PortError, UnitOfWork};

use super::due::{Sweep, each_due};
use crate::{
    App,
    orders::with_payment,
    retry::{Tried, until_settled},
};

/// Closes orders that were not paid in time; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn expire_unpaid(app: &App) -> Result<bool, PortError> {
    sweep(app, "expire", Due::Expired(app.clock.now()), Status::Closed).await
}

/// Closes orders whose authorisation was not captured in time, and gives it up; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn release_uncaptured(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().minus(app.policy.authorization_ttl);
    sweep(app, "release", Due::Uncaptured(before), Status::Closed).await
}

/// Completes orders that were delivered long ago; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn complete_delivered(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().minus(app.policy.completion_after);
    sweep(app, "complete", Due::Unchanged(Status::Delivered, before), Status::Completed).await
}

/// Closes orders that were completed, refunded or cancelled long ago; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn close_finished(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().minus(app.policy.after_sales_period);
    let mut more = false;
    for status in [Status::Completed, Status::Refunded, Status::Cancelled] {
        more |= sweep(app, "close", Due::Unchanged(status, before), Status::Closed).await?;
    }
    Ok(more)
}

async fn sweep(app: &App, name: &'static str, due: Due, to: Status) -> Result<bool, PortError> {
    each_due(app, name, &Move { due, to }).await
}

/// Orders that are due to move.
struct Move {
    due: Due,
    to: Status,
}

#[async_trait]
impl Sweep for Move {
    type Thing = OrderNumber;

    async fn read(&self, app: &App, batch: Batch) -> Result<Vec<OrderNumber>, PortError> {
        app.orders.due(self.due, batch).await
    }

    async fn act(&self, app: &App, number: &OrderNumber) -> Result<bool, PortError> {
        until_settled!(app, move_once(app, number, self.due, self.to).await)
    }
}

/// Moves one order if it is still due when it is read for the decision: a payment may have been faster.
async fn move_once(app: &App, number: &OrderNumber, due: Due, to: Status) -> Result<bool, Tried<PortError>> {
    let Some(order) = app.orders.find(number).await? else { return Ok(false) };
    if !is_due(app, &order, due).await? {
        return Ok(false);
    }
    let mut progress = Progress::of(order);
    if progress.step(to, ChangedBy::SYSTEM, None, app.clock.now()) != Ok(true) {
        return Ok(false);
    }
    let work: UnitOfWork = with_payment(app, progress).await?;
    app.store.commit(work).await.map_err(Tried::<PortError>::commit)?;
    Ok(true)
}

/// The same question that the record was asked, about one order as it stands now. Its transactions are read after it, so
/// that one that came in between makes the commit stale.
async fn is_due(app: &App, order: &Order, due: Due) -> Result<bool, PortError> {
    match due {
        Due::Unchanged(status, before) => Ok(order.status == status && order.updated_at <= before),
        Due::Expired(now) => {
            let all = app.payments.list(order.key).await?;
            let occupied = all.iter().any(domain::Transaction::occupies_order);
            Ok(order.status == Status::Pending && order.expires_at <= now && !occupied)
        }
        Due::Uncaptured(before) => {
            let all = app.payments.list(order.key).await?;
            Ok(order.status == Status::Pending
                && all.iter().any(|it| {
                    it.status() == PaymentStatus::Authorized && it.asked.is_none() && it.created_at <= before
                }))
        }
    }
}

#[cfg(test)]
mod tests;
