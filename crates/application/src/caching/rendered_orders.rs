//! Orders as they were rendered for clients, so that a read that finds one neither parses nor serialises it.

use std::{sync::Arc, time::Duration};

use domain::{Actor, Order, OrderNumber, Version};
use ports::{Cache, CacheEntry, OrderHead};

/// How long an entry stays, 10 min. An entry is right as long as its revision is the present one, so this only frees
/// memory.
const TTL: Duration = Duration::from_secs(600);
/// The length of a number behind the body.
const NUMBER_BYTES: usize = size_of::<i64>();

/// An order as it is sent to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedOrder {
    /// The order's version, for its tag.
    pub version: Version,
    /// The body, as the renderer made it.
    pub body: Vec<u8>,
}

/// Rendered orders, in a cache that only this process can write to.
///
/// An entry proves nothing: it is used only if the system of record, asked after the request began, says that its
/// revision, its key and its owner are the present ones.
#[derive(Clone)]
pub struct RenderedOrders(Arc<dyn Cache>);

/// An entry that is not confirmed yet.
pub(crate) struct UnconfirmedOrder {
    revision: i64,
    key: i64,
    owner: i64,
    rendered: RenderedOrder,
}

impl RenderedOrders {
    /// Keeps orders in `cache`, which must belong to this process alone.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>) -> Self {
        Self(cache)
    }

    /// The order as it was last rendered for an actor of this kind.
    pub(crate) async fn find(&self, number: &OrderNumber, actor: Actor) -> Option<UnconfirmedOrder> {
        let CacheEntry { version: revision, bytes: mut body } =
            self.0.get_entry(&cache_key(number, actor)).await.ok().flatten()?;
        let (owner, key, version) =
            (take_number(&mut body)?, take_number(&mut body)?, take_number(&mut body)?);
        let rendered = RenderedOrder { version: Version::new(version), body };
        Some(UnconfirmedOrder { revision, key, owner, rendered })
    }

    /// Keeps an order as it was rendered for an actor of this kind. A newer revision is not replaced.
    pub(crate) async fn put(&self, order: &Order, actor: Actor, rendered: &RenderedOrder) {
        let mut bytes = rendered.body.clone();
        // Behind the body, so that it can be taken out again without a copy.
        for number in [rendered.version.get(), order.key.get(), order.owner.get()] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        let entry = CacheEntry { version: order.revision.get(), bytes };
        // A failed put may be dropped: the next read renders the order again.
        let _ = self.0.put_entry(&cache_key(&order.number, actor), entry, TTL).await;
    }
}

impl UnconfirmedOrder {
    /// The rendered order, if it is the present one.
    pub(crate) fn confirm(self, head: &OrderHead) -> Option<RenderedOrder> {
        let present = (head.revision.get(), head.key.get(), head.owner.get());
        ((self.revision, self.key, self.owner) == present).then_some(self.rendered)
    }
}

/// Takes the last number off the bytes; `None` if they are too short.
fn take_number(bytes: &mut Vec<u8>) -> Option<i64> {
    let start = bytes.len().checked_sub(NUMBER_BYTES)?;
    let number = bytes.get(start..)?.try_into().ok().map(i64::from_le_bytes);
    bytes.truncate(start);
    number
}

/// An actor sees other transitions than another one, so each has an entry of its own.
fn cache_key(number: &OrderNumber, actor: Actor) -> String {
    format!("{}:{number}", actor.as_str())
}
