//! Reads the feed.

use domain::{FeedSequence, NumberedEvent};
use ports::{FeedFilter, FeedPage, PortError};

use crate::{App, Staff, page_bytes::count_fitting};

/// Why the feed was not read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Events that come after the number that was asked for are no longer kept.
    #[error("the events that follow are no longer kept")]
    Expired,
    /// The database is unavailable, or a part of the program has a fault.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// Lists events by their numbers, to staff, because they show all orders and accounts. The page is never
/// [`FeedPage::Expired`].
///
/// # Errors
/// [`FeedError`].
pub async fn list_events(app: &App, _by: &Staff, filter: FeedFilter) -> Result<FeedPage, FeedError> {
    match app.feed.list_events_after(filter).await? {
        FeedPage::Expired { .. } => Err(FeedError::Expired),
        FeedPage::Events { events, next_after } => Ok(shorten_events(events, next_after)),
    }
}

/// The events that fit a page.
fn shorten_events(mut events: Vec<NumberedEvent>, next_after: FeedSequence) -> FeedPage {
    let fitting = count_fitting(&events, |it| it.event.data.len());
    if fitting >= events.len() {
        return FeedPage::Events { events, next_after };
    }
    events.truncate(fitting);
    let next_after = events.last().map_or(next_after, |it| it.sequence);
    FeedPage::Events { events, next_after }
}

/// The place in the feed from which a reader gets what happens from now on, as a page without events.
///
/// # Errors
/// [`PortError`] when the database is unavailable.
pub async fn find_feed_end(app: &App, _by: &Staff) -> Result<FeedPage, PortError> {
    // Events that are committed and have no number yet get higher ones, so the reader gets them.
    Ok(FeedPage::Events { events: Vec::new(), next_after: app.feed.find_last_sequence().await? })
}
