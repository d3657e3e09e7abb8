//! Reads the feed.

use ports::{FeedFilter, FeedPage, PortError};

use crate::{App, Caller};

/// Why the feed was not read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The caller may not read the feed.
    #[error("this caller may not read the feed")]
    NotAllowed,
    /// Events that come after the number that was asked for are no longer kept.
    #[error("the events that follow are no longer kept")]
    Expired,
    /// The database is unavailable, or a part of the program has a fault.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// Whether the caller may read the feed: it shows all orders and accounts.
#[must_use]
pub fn can_read_feed(caller: &Caller) -> bool {
    caller.is_staff()
}

/// Lists events by their numbers. The page is never [`FeedPage::Expired`].
///
/// # Errors
/// [`FeedError`].
pub async fn list_events(app: &App, caller: &Caller, filter: FeedFilter) -> Result<FeedPage, FeedError> {
    if !can_read_feed(caller) {
        return Err(FeedError::NotAllowed);
    }
    match app.feed.list_events_after(filter).await? {
        FeedPage::Expired { .. } => Err(FeedError::Expired),
        page @ FeedPage::Events { .. } => Ok(page),
    }
}

/// The place in the feed from which a reader gets what happens from now on, as a page without events.
///
/// # Errors
/// [`FeedError`], but not [`FeedError::Expired`].
pub async fn find_feed_end(app: &App, caller: &Caller) -> Result<FeedPage, FeedError> {
    if !can_read_feed(caller) {
        return Err(FeedError::NotAllowed);
    }
    // Events that are committed and have no number yet get higher ones, so the reader gets them.
    Ok(FeedPage::Events { events: Vec::new(), next_after: app.feed.find_last_sequence().await? })
}
