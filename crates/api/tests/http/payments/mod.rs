//! Payments.

mod attempts;
mod authors;
mod captures;
mod lists;
mod refunds;
mod start;
mod voids;
