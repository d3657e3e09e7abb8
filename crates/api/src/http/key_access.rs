//! What API keys may do: the one table of the routes that they open, with the scopes.
//!
//! A route that is not in the table is closed to every key, so a new route is for users until it is listed here. A handler
//! that takes [`UserCaller`](super::extract::UserCaller) or [`Operator`](super::extract::Operator) cannot be reached by a
//! key at all, whatever the table says.

use domain::api_key::Scope::{
    self, EventsRead, OrdersRead, OrdersWrite, PaymentsWrite, ProductsWrite, RefundsWrite, UsersRead,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The scopes that open a route: any one of them is enough.
type Row = (&'static str, &'static [Scope]);

/// The routes that a key may use, by their names in the table of routes.
#[rustfmt::skip]
pub(super) const KEY_ROUTES: &[Row] = &[
    // Public: no key is refused, and one that may change products sees all of them.
    ("GET /v1/products",                                 &Scope::ALL),
    ("PUT /v1/products/{productId}",                     &[ProductsWrite]),
    ("PATCH /v1/products/{productId}",                   &[ProductsWrite]),
    ("GET /v1/products/{productId}/stock-adjustments",   &[ProductsWrite]),
    ("POST /v1/products/{productId}/stock-adjustments",  &[ProductsWrite]),
    ("GET /v1/products/{productId}/changes",             &[ProductsWrite]),

    ("GET /v1/orders",                                   &[OrdersRead]),
    ("POST /v1/orders",                                  &[OrdersWrite]),
    ("GET /v1/orders/export",                            &[OrdersRead]),
    ("GET /v1/orders/{orderNumber}",                     &[OrdersRead]),
    ("PATCH /v1/orders/{orderNumber}",                   &[OrdersWrite]),
    ("GET /v1/orders/{orderNumber}/history",             &[OrdersRead]),
    ("POST /v1/orders/{orderNumber}/transitions",        &[OrdersWrite]),

    // A refund is of a payment, so a key that refunds reads payments.
    ("GET /v1/orders/{orderNumber}/payments",            &[PaymentsWrite, RefundsWrite]),
    ("POST /v1/orders/{orderNumber}/payments",           &[PaymentsWrite]),
    ("GET /v1/payments",                                 &[PaymentsWrite, RefundsWrite]),
    ("GET /v1/payments/{transactionId}",                 &[PaymentsWrite, RefundsWrite]),
    ("GET /v1/payments/{transactionId}/attempts",        &[PaymentsWrite, RefundsWrite]),
    ("GET /v1/payments/{transactionId}/notices",         &[PaymentsWrite, RefundsWrite]),
    ("POST /v1/payments/{transactionId}/captures",       &[PaymentsWrite]),
    ("POST /v1/payments/{transactionId}/voids",          &[PaymentsWrite]),
    ("GET /v1/payments/{transactionId}/refunds",         &[RefundsWrite]),
    ("POST /v1/payments/{transactionId}/refunds",        &[RefundsWrite]),
    ("GET /v1/refunds",                                  &[RefundsWrite]),

    // Sums of orders and of their money, which a reader of all orders can add up, too.
    ("GET /v1/operations/overview",                      &[OrdersRead]),
    ("GET /v1/operations/findings",                      &[PaymentsWrite]),
    ("POST /v1/operations/findings/{id}/resolution",     &[PaymentsWrite]),

    ("GET /v1/users",                                    &[UsersRead]),
    ("GET /v1/users/{id}",                               &[UsersRead]),

    ("GET /v1/events",                                   &[EventsRead]),
];

/// The scope as the contract names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Scope)]
pub enum ScopeName {
    /// Reads all orders.
    #[serde(rename = "orders:read")]
    OrdersRead,
    /// Places orders for customers, moves and edits any order; reads them too.
    #[serde(rename = "orders:write")]
    OrdersWrite,
    /// Starts, captures and voids payments, resolves findings; reads them too.
    #[serde(rename = "payments:write")]
    PaymentsWrite,
    /// Refunds captured money; reads refunds and payments too.
    #[serde(rename = "refunds:write")]
    RefundsWrite,
    /// Changes products and their stock.
    #[serde(rename = "products:write")]
    ProductsWrite,
    /// Reads the feed of events.
    #[serde(rename = "events:read")]
    EventsRead,
    /// Reads the accounts of users.
    #[serde(rename = "users:read")]
    UsersRead,
}

impl From<Scope> for ScopeName {
    fn from(it: Scope) -> Self {
        match it {
            OrdersRead => Self::OrdersRead,
            OrdersWrite => Self::OrdersWrite,
            PaymentsWrite => Self::PaymentsWrite,
            RefundsWrite => Self::RefundsWrite,
            ProductsWrite => Self::ProductsWrite,
            EventsRead => Self::EventsRead,
            UsersRead => Self::UsersRead,
        }
    }
}

/// The scopes of which a key needs one for the route with that name; empty if no key may use it.
pub(super) fn route_scopes(name: &str) -> &'static [Scope] {
    KEY_ROUTES.iter().find(|(it, _)| *it == name).map_or(&[], |(_, scopes)| scopes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::ROUTES;

    /// What no key may ever do: act as a user, change users, or make what outlives it.
    const FOR_USERS: [&str; 5] =
        ["/v1/me", "/v1/auth", "/v1/api-keys", "/v1/webhook-endpoints", "/v1/callbacks"];

    #[test]
    fn a_scope_is_named_as_the_domain_names_it() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(ScopeName::from(scope)).unwrap(), scope.as_str());
        }
    }

    #[test]
    fn every_row_names_a_route() {
        for (name, _) in KEY_ROUTES {
            assert!(ROUTES.iter().any(|it| it.name == *name), "{name}");
        }
    }

    #[test]
    fn a_route_has_one_row_and_one_scope_at_least() {
        let names: BTreeSet<_> = KEY_ROUTES.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), KEY_ROUTES.len());
        assert!(KEY_ROUTES.iter().all(|(_, scopes)| !scopes.is_empty()));
    }

    #[test]
    fn no_key_opens_what_is_for_users() {
        for (name, _) in KEY_ROUTES {
            let (method, path) = name.split_once(' ').unwrap();
            assert!(!FOR_USERS.iter().any(|it| path.starts_with(it)), "{name}");
            assert!(method == "GET" || !path.starts_with("/v1/users"), "{name}");
        }
    }

    #[test]
    fn reading_scopes_open_nothing_but_reads() {
        for (name, scopes) in KEY_ROUTES {
            let reads = scopes.iter().any(|it| matches!(it, OrdersRead | EventsRead | UsersRead));
            assert!(!reads || name.starts_with("GET "), "{name}");
        }
    }
}
