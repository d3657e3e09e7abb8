//! The notices of gateways about a payment, for operators.

use domain::{EventId, TransactionId, payment::StoredEvent};
use ports::{Page, PortError};

use crate::{App, Staff};

/// Lists the notices about a transaction in the order in which they arrived: a page that begins after `after`. `None` if
/// there is no such transaction.
///
/// # Errors
/// [`PortError`] if the database or the transaction could not be read.
pub async fn list_notices(
    app: &App,
    _by: &Staff,
    id: &TransactionId,
    after: Option<EventId>,
    limit: u32,
) -> Result<Option<Page<StoredEvent>>, PortError> {
    // The transaction first: a reference that it learns meanwhile may bring notices, which the next request lists.
    let Some(transaction) = app.payments.find_transaction(id).await? else { return Ok(None) };
    app.events.list_events_about(&transaction, after, limit).await.map(Some)
}
