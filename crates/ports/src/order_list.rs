//! Which orders are read: the conditions and the pages of their lists, and what is read of an order alone.

use domain::{
    OrderKey, OrderNumber, Revision, Timestamp, UserKey,
    order::{OrderReference, OrderStatus},
};

use crate::OrderSearch;

/// The columns of an order that decide, without reading all of it, whether a cached entry is current and who
/// may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderHead {
    /// The row key of the order.
    pub key: OrderKey,
    /// The row key of the user who placed it.
    // The owner comes from the database, not from the cached entry: others can write to a shared cache, so it
    // must not decide who may see an order.
    pub owner: UserKey,
    /// The present revision; a cached entry with another one is outdated.
    pub revision: Revision,
}

/// The condition under which a sweep must process an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueOrders {
    /// `PENDING` orders whose `expires_at` is at or before this time and that no transaction occupies.
    Expired(Timestamp),
    /// Orders that got this status at or before this time and still have it, whatever else has changed since.
    InStatusSince(OrderStatus, Timestamp),
    /// `PENDING` orders occupied by an `AUTHORIZED` transaction that was made at or before this time and has
    /// no operation pending at the gateway.
    Uncaptured(Timestamp),
}

/// An order that has not changed for long; it is also the cursor of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldOrder {
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The row key of the order.
    pub key: OrderKey,
    /// The public number of the order.
    pub number: OrderNumber,
}

/// The conditions and the page of a list of orders; `None` is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only orders of this user.
    pub owner: Option<UserKey>,
    /// Only orders with one of these statuses, each named once; empty is no condition.
    pub statuses: Vec<OrderStatus>,
    /// Only orders placed at or after this time.
    pub created_after: Option<Timestamp>,
    /// Only orders placed before this time.
    pub created_before: Option<Timestamp>,
    /// Only orders that last changed at or after this time.
    pub updated_after: Option<Timestamp>,
    /// Only orders that last changed before this time.
    pub updated_before: Option<Timestamp>,
    /// Only orders with exactly this reference.
    pub reference: Option<OrderReference>,
    /// Only orders with this text in what belongs to them. A text that is the number of an order finds only it.
    pub search: Option<OrderSearch>,
    /// The order of the list.
    pub sort: OrderSort,
    /// Only orders that come after this position in the list.
    pub after: Option<OrderCursor>,
    /// Page size, 1 to 100.
    pub limit: u32,
}

/// What a list of orders is sorted by; orders of one time are sorted by row in the same direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OrderSort {
    /// By `created_at`, newest first.
    #[default]
    NewestFirst,
    /// By `created_at`, oldest first.
    OldestFirst,
    /// By `updated_at`, the last change first.
    LastChangeFirst,
    /// By `updated_at`, the longest unchanged first.
    FirstChangeFirst,
}

impl OrderSort {
    /// Whether the list is sorted by `updated_at`, and not by `created_at`.
    #[must_use]
    pub const fn is_by_change(self) -> bool {
        matches!(self, Self::LastChangeFirst | Self::FirstChangeFirst)
    }

    /// Whether later times come first.
    #[must_use]
    pub const fn is_descending(self) -> bool {
        matches!(self, Self::NewestFirst | Self::LastChangeFirst)
    }

    /// The same direction, by the other of the two times.
    #[must_use]
    pub const fn with_other_time_column(self) -> Self {
        match self {
            Self::NewestFirst => Self::LastChangeFirst,
            Self::OldestFirst => Self::FirstChangeFirst,
            Self::LastChangeFirst => Self::NewestFirst,
            Self::FirstChangeFirst => Self::OldestFirst,
        }
    }
}

/// The position in a list of orders behind which a page begins. As text it is the `next` of a
/// [`Page`](crate::Page).
// The time stands in it and is not read again: an order that has changed since is elsewhere in a list that is
// sorted by changes, and a page that began there would repeat others or leave them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderCursor {
    /// The time that the list is sorted by, as it was when the page before was read.
    pub at: Timestamp,
    /// The public number of the last order of that page.
    pub number: OrderNumber,
}

impl OrderCursor {
    /// Parses the text form; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, number) = text.split_once(':')?;
        let number = OrderNumber::parse(number).ok()?;
        Some(Self { at: Timestamp::from_millis(at.parse().ok()?), number })
    }
}

impl std::fmt::Display for OrderCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.at.as_millis(), self.number)
    }
}
