//! Notifies every instance of the service that the system of record has something new.

use async_trait::async_trait;

use crate::PortError;

/// Notifies every subscriber, in every instance, to read the system of record again.
///
/// A notification carries no content: the database decides, and a notification is only a reason to read it
/// sooner. One that is lost, late, doubled or forged therefore does no harm, and it holds no secret. A
/// subscriber that depends on new rows also reads at an interval of its own.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Broadcast: Send + Sync {
    /// Notifies all subscriptions, including those of this process. The number of receivers is unknown.
    ///
    /// # Errors
    /// [`PortError`] when the delivery is uncertain. The caller may ignore it, because subscribers also read
    /// by themselves.
    async fn publish(&self) -> Result<(), PortError>;

    /// Subscribes to everything that is published from now on.
    fn subscribe(&self) -> Box<dyn Subscription>;
}

/// Receives notifications until it is dropped.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for a notification since the last return. Several notifications in the meantime may be merged
    /// into one.
    ///
    /// It also returns when the subscription starts to receive, the first time and after each reconnect,
    /// because something may have been published before. Dropping the future loses no notification. A
    /// subscription never ends by itself.
    async fn next(&mut self);
}
