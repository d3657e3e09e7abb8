//! Payments.

mod captures;
mod refunds;
mod start;
mod voids;
