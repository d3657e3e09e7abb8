//! Reconciliation by hand: comparing what is stored with what a gateway says, payment by payment or with its
//! settlement file.
//!
//! ```text
//! reconcile_payments ── every payment since a time ── look up ──► fold, as a notice ──► changed
//!                                                              └► gap: here and not there ──► finding
//! compare_statement  ── every line of a file ───────► same payment, amount, currency? ──► finding
//!                    ── every capture, refund here ─► is it in the file? ───────────────► finding
//! ```
//!
//! What a gateway says wins, through the same fold as its notices. Everything else is a finding: nothing is
//! repaired silently. Each finding has a subject, so a second run reports the same difference and stores it once
//! while it is open. A server may run on the same database meanwhile: every commit is guarded as always.

mod examine;
mod gaps;
mod payments;
mod report;
mod statement;

pub use payments::reconcile_payments;
pub use report::{Difference, PaymentsReport, RunEnd, RunObserver, StatementReport};
pub use statement::compare_statement;

#[cfg(test)]
mod tests;
