//! Telling every instance that there is something new in the record.

use async_trait::async_trait;

use crate::PortError;

/// Tells whoever subscribed, in every instance, to look at the record again.
///
/// It says nothing else: the record decides, and what is said is only a reason to ask it sooner. So one that is lost,
/// late, doubled or forged does no harm, and there is no secret in it. Whoever depends on what is new looks from time to
/// time by itself.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Broadcast: Send + Sync {
    /// Tells all subscriptions, those of this process included. How many heard it, nobody knows.
    ///
    /// # Errors
    /// [`PortError`] when it is not known whether anybody was told; nothing follows from that.
    async fn publish(&self) -> Result<(), PortError>;

    /// Subscribes to what is published from now on.
    fn subscribe(&self) -> Box<dyn Subscription>;
}

/// Hears what is published. Dropping it ends it.
#[async_trait]
pub trait Subscription: Send {
    /// Waits until something was published since this last returned; what was published several times in the meantime is
    /// told once or more.
    ///
    /// It also returns whenever it begins to hear, the first time and after each time that it was deaf: something may
    /// have been published before. A wait that is dropped loses nothing. There is no end to it, only to the waiting.
    async fn next(&mut self);
}
