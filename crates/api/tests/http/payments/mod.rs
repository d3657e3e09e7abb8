//! Payments.

mod authors;
mod captures;
mod refunds;
mod start;
mod voids;
