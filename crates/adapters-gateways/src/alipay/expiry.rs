//! Until when a payment can be paid.
//!
//! Alipay knows a payment only after the buyer has opened it, so "there is no such trade" is usual and says
//! nothing about the future: the buyer may open the page later. An absolute end, which every request states
//! (`time_expire`), makes the future certain: afterwards Alipay neither creates the trade nor accepts money
//! for it.

use std::time::Duration;

use domain::Timestamp;
use ports::Charge;

/// How long a payment can be paid, from its request. It is as long as an order stays open by default.
const PAYABLE: Duration = Duration::from_secs(30 * 60);
/// The time after the end in which Alipay may still complete a payment: its clock and ours differ, and the
/// buyer may confirm in the last second.
const SETTLING: Duration = Duration::from_secs(5 * 60);
const MILLIS_PER_SECOND: i64 = 1_000;

/// What can still happen to an unpaid payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The buyer can pay.
    Payable,
    /// The buyer cannot pay any more, but a payment of the last seconds may not be visible yet.
    Settling,
    /// Nothing can happen any more.
    Over,
}

/// Returns when the payment ends, in whole seconds because Alipay's times have no parts of a second.
pub(super) fn expires_at(charge: &Charge) -> Timestamp {
    let end = charge.created_at.saturating_add(PAYABLE).as_millis();
    Timestamp::from_millis(end - end.rem_euclid(MILLIS_PER_SECOND))
}

/// Returns the phase at a time.
pub(super) fn phase_at(charge: &Charge, now: Timestamp) -> Phase {
    let end = expires_at(charge);
    if now < end {
        Phase::Payable
    } else if now < end.saturating_add(SETTLING) {
        Phase::Settling
    } else {
        Phase::Over
    }
}
