//! The data of accounts that were erased.
//!
//! One step looks at a page of the account's orders, or erases some of its rows, and then moves the erasure on in a commit of
//! its own. If the process dies between the two, the step is done again and finds nothing to do. Two instances may take the
//! same step at once: an order that the other one has erased does not change again.

use std::time::Duration;

use async_trait::async_trait;
use domain::{OrderChange, OrderKey, OrderNumber};
use ports::{
    Batch, CommitError, Erasure, ErasureProgress, OrderCursor, OrderFilter, OrderSort, PortError, UnitOfWork,
    Write,
};

use super::batch_loop::{Sweep, for_each_due};
use super::names;
use crate::{
    App,
    retry::{Attempt, retry_stale},
};

/// Orders in one step.
const PAGE_SIZE: u32 = 100;
/// Rows of one table in one step.
const ROWS_MAX: u32 = 1_000;
/// Events of the feed in one step. The feed gives no numbers meanwhile.
const EVENTS_MAX: u32 = 200;
/// How long an erasure waits before its last look at everything. Requests that were on their way, and instances that
/// still had the user in a cache, commit changes of orders, replies and events until then.
const DELAY: Duration = Duration::from_secs(60);
/// Steps of one account in one pass, so that a large one does not keep others waiting.
const STEPS_MAX: u32 = 20;

/// Erases what the orders, sessions and stored replies of erased accounts say about a person; `true` when there may
/// be more.
///
/// # Errors
/// [`PortError`].
pub async fn erase_accounts(app: &App) -> Result<bool, PortError> {
    for_each_due(app, names::ERASE_ACCOUNTS, &ErasureSweep).await
}

/// The erasures that are not finished.
struct ErasureSweep;

#[async_trait]
impl Sweep for ErasureSweep {
    type Item = Erasure;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<Erasure>, PortError> {
        app.account_tasks.list_open_erasures(batch).await
    }

    async fn process_item(&self, app: &App, erasure: &Erasure) -> Result<bool, PortError> {
        let mut present = erasure.clone();
        for _ in 0..STEPS_MAX {
            if present.progress == ErasureProgress::Waiting && !has_settled(app, &present) {
                return Ok(false);
            }
            let next = take_step(app, &present).await?;
            if next != present.progress {
                let (user, from, to) = (present.user, present.progress.clone(), next.clone());
                let work = UnitOfWork::new().with_write(Write::AdvanceErasure { user, from, to });
                match app.store.commit(work).await {
                    Ok(()) => {}
                    // Another instance has moved it on, and the next pass goes on from there.
                    Err(CommitError::Stale) => return Ok(false),
                    Err(other) => return Err(other.into_port_error()),
                }
            }
            if next.is_finished() {
                break;
            }
            present = Erasure { progress: next, ..present };
        }
        Ok(true)
    }
}

/// Whether nothing that began before the erasure can commit any more.
fn has_settled(app: &App, erasure: &Erasure) -> bool {
    erasure.erased_at.saturating_add(DELAY) <= app.clock.now()
}

/// Takes one step, and returns the progress after it.
async fn take_step(app: &App, erasure: &Erasure) -> Result<ErasureProgress, PortError> {
    match &erasure.progress {
        ErasureProgress::Archive(after) => erase_archived(app, erasure, *after).await,
        ErasureProgress::Orders(after) => erase_page(app, erasure, after.clone()).await,
        ErasureProgress::Waiting => Ok(ErasureProgress::Archive(None)),
        ErasureProgress::Rows if app.account_tasks.has_personal_rows(erasure.user).await? => {
            // After the orders: an order that is erased makes an event, and events of before it show what was erased.
            commit_alone(app, Write::ErasePersonalRows(erasure.user, ROWS_MAX)).await?;
            commit_alone(app, Write::EraseFeedData(erasure.user, EVENTS_MAX)).await?;
            Ok(ErasureProgress::Rows)
        }
        ErasureProgress::Rows | ErasureProgress::Finished => Ok(ErasureProgress::Finished),
    }
}

async fn commit_alone(app: &App, write: Write) -> Result<(), PortError> {
    app.store.commit(UnitOfWork::new().with_write(write)).await.map_err(CommitError::into_port_error)
}

/// Erases the details of one page of archived orders, and the stored replies that show them. An order that changes comes
/// back to the record, from where it can be archived again when the erasure is finished.
async fn erase_archived(
    app: &App,
    erasure: &Erasure,
    after: Option<OrderKey>,
) -> Result<ErasureProgress, PortError> {
    let archived = app.orders.list_archived_orders(Some(erasure.user), after, PAGE_SIZE).await?;
    let Some((last, _)) = archived.last() else { return Ok(ErasureProgress::Orders(None)) };
    let next = ErasureProgress::Archive(Some(*last));
    for (_, number) in &archived {
        match retry_stale!(app, erase_details(app, number).await) {
            // Like the list of other orders, which leaves out what cannot be read. It has a finding.
            Ok(()) | Err(PortError::Unreadable(_)) => {}
            Err(error @ (PortError::Unavailable(_) | PortError::Bug(_))) => return Err(error),
        }
    }
    let numbers = archived.into_iter().map(|(_, number)| number).collect();
    Ok(if erase_replies(app, numbers).await? { next } else { erasure.progress.clone() })
}

/// Erases the details of one page of orders, and the stored replies that show them.
async fn erase_page(
    app: &App,
    erasure: &Erasure,
    after: Option<OrderCursor>,
) -> Result<ErasureProgress, PortError> {
    let filter = OrderFilter {
        owner: Some(erasure.user),
        // Oldest first: no order is placed any more, so the list does not grow.
        sort: OrderSort::OldestFirst,
        after,
        limit: PAGE_SIZE,
        ..OrderFilter::default()
    };
    let page = app.orders.list_orders(filter).await?;
    for order in &page.data {
        if order.details != order.details.without_personal_data() {
            retry_stale!(app, erase_details(app, &order.number).await)?;
        }
    }
    let numbers: Vec<_> = page.data.into_iter().map(|it| it.number).collect();
    // Also those of orders that hold nothing any more: an earlier pass may have died before this commit.
    if !numbers.is_empty() && !erase_replies(app, numbers).await? {
        return Ok(erasure.progress.clone());
    }
    let next = page.next.as_deref().and_then(OrderCursor::parse);
    let over = if has_settled(app, erasure) { ErasureProgress::Rows } else { ErasureProgress::Waiting };
    Ok(next.map_or(over, |it| ErasureProgress::Orders(Some(it))))
}

/// Erases stored replies of these orders, up to a limit; `true` when none is left. Until then the erasure must not move on:
/// the next step takes the same page again.
// An archived order that changed has left that page. It is in the record now, whose pages come afterwards.
async fn erase_replies(app: &App, orders: Vec<OrderNumber>) -> Result<bool, PortError> {
    commit_alone(app, Write::EraseOrderReplies(orders.clone(), ROWS_MAX)).await?;
    Ok(!app.account_tasks.has_order_replies(&orders).await?)
}

/// Erases the details of one order, as a new version of it: so no copy in a cache is current any more.
async fn erase_details(app: &App, number: &OrderNumber) -> Result<(), Attempt<PortError>> {
    let Some(order) = app.orders.find_order(number).await? else { return Ok(()) };
    let kept = order.details.without_personal_data();
    let mut change = OrderChange::from_order(order);
    if !change.edit_details(kept, app.clock.now()) {
        return Ok(());
    }
    let work = UnitOfWork::new().with_order_change(change);
    app.store.commit(work).await.map_err(Attempt::from_commit_error)
}

#[cfg(test)]
mod tests;
