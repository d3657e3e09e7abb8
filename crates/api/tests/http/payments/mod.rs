//! Payments.

mod attempts;
mod authors;
mod captures;
mod lists;
mod metadata;
mod notices;
mod refunds;
mod returns;
mod start;
mod voids;
