//! Orders and their histories.

mod types;

use futures_util::Stream;
use hyper::Method;
use url::Url;

use crate::{
    Client, Error, Page, Request,
    page::{add_parameter, stream_pages},
};

pub(crate) use types::parse_money;
pub use types::{
    Address, ChangedBy, Contact, Customer, History, HistoryPage, Item, Move, Order, PlaceItem, PlaceOrder,
    Tracking,
};

/// Calls about orders: see [`Client::orders`].
#[derive(Debug, Clone, Copy)]
pub struct Orders<'c>(pub(crate) &'c Client);

/// What a list of orders is about. A customer's list has only that customer's orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderQuery {
    /// Only orders in one of these statuses; empty: in any.
    pub statuses: Vec<domain::order::OrderStatus>,
    /// Only orders that were placed after this time.
    pub created_after: Option<String>,
    /// Only orders that were placed before this time.
    pub created_before: Option<String>,
    /// Only orders that changed after this time.
    pub updated_after: Option<String>,
    /// Only orders that changed before this time.
    pub updated_before: Option<String>,
    /// Only orders with this reference of the caller's own.
    pub reference: Option<String>,
    /// Only orders of this user; for operators and keys.
    pub user_id: Option<String>,
    /// Order of the list: `-createdAt` (the default), `createdAt`, `updatedAt` or `-updatedAt`.
    pub sort: Option<String>,
    /// Continues the list at the `next_cursor` of a page.
    pub cursor: Option<String>,
    /// Page size, 1 to 100; `None`: 20.
    pub limit: Option<u8>,
}

impl OrderQuery {
    fn add_to(&self, url: &mut Url) {
        let statuses: Vec<_> = self.statuses.iter().map(|it| it.as_str()).collect();
        if !statuses.is_empty() {
            add_parameter(url, "status", Some(&statuses.join(",")));
        }
        let limit = self.limit.map(|it| it.to_string());
        for (name, value) in [
            ("createdAfter", &self.created_after),
            ("createdBefore", &self.created_before),
            ("updatedAfter", &self.updated_after),
            ("updatedBefore", &self.updated_before),
            ("reference", &self.reference),
            ("userId", &self.user_id),
            ("sort", &self.sort),
            ("limit", &limit),
        ] {
            add_parameter(url, name, value.as_deref());
        }
    }
}

impl Orders<'_> {
    /// Places an order and reserves its stock. An API key names the customer with [`PlaceOrder::customer_id`].
    pub fn place(self, order: &PlaceOrder) -> Request<Order> {
        Request::write(self.0, Method::POST, self.0.url(&["orders"]), order)
    }

    /// One order, for its owner and for operators and keys.
    pub fn find(self, order_number: &str) -> Request<Order> {
        Request::read(self.0, self.0.url(&["orders", order_number]))
    }

    /// One page of orders, newest first unless the query says otherwise.
    pub fn list(self, query: &OrderQuery) -> Request<Page<Order>> {
        let mut url = self.0.url(&["orders"]);
        query.add_to(&mut url);
        add_parameter(&mut url, "cursor", query.cursor.as_deref());
        Request::read(self.0, url)
    }

    /// Every order of the list from its beginning, whatever the cursor of the query is.
    pub fn stream(self, query: &OrderQuery) -> impl Stream<Item = Result<Order, Error>> + Send + use<> {
        let mut url = self.0.url(&["orders"]);
        query.add_to(&mut url);
        stream_pages(self.0, url)
    }

    /// Every change of the order's status, oldest first.
    pub fn history(self, order_number: &str) -> Request<HistoryPage> {
        Request::read(self.0, self.0.url(&["orders", order_number, "history"]))
    }

    /// Moves an order to another status, such as `CANCELLED`. Money and time bring the others.
    pub fn transition(self, order_number: &str, to: &Move) -> Request<Order> {
        Request::write(self.0, Method::POST, self.0.url(&["orders", order_number, "transitions"]), to)
    }
}
