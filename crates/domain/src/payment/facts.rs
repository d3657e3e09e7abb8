//! The facts that are known of a transaction.

use crate::{Invalid, Money, Timestamp};

use super::{DisputeEvent, Disputes, EventKind};

/// Captured money: the total, and when the gateway captured that much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capture {
    /// The total that was captured, above zero.
    pub amount: Money,
    /// The time of the capture, by the gateway's clock.
    pub at: Timestamp,
}

/// The facts as the database stores them, unchecked. Times are the gateway's; of two reports of a kind the
/// later one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawFacts {
    /// The time at which the issuer held the money; `None` if no event says so.
    pub authorized_at: Option<Timestamp>,
    /// The captured money; `None` if no event says so.
    pub capture: Option<Capture>,
    /// The time at which the gateway refused, or the authorisation expired.
    pub failed_at: Option<Timestamp>,
    /// The time at which the authorisation was voided.
    pub voided_at: Option<Timestamp>,
    /// The captured money arrived when the order could not use it; it is refunded.
    pub surplus: bool,
    /// Another transaction occupied the order when this one came back to life, so this one never pays it.
    pub displaced: bool,
    /// Every report about a dispute, in the order of the gateway's times; those of one time in order of
    /// arrival.
    pub disputes: Vec<DisputeEvent>,
}

/// The facts of a transaction, in a combination that can be true. Facts are only ever added, and adding the
/// same ones in another order gives the same facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFacts(RawFacts);

impl PaymentFacts {
    /// Checks the facts that were read from the database.
    ///
    /// # Errors
    /// [`Invalid`] when money is disputed or surplus that was never captured, or when two currencies meet.
    pub fn from_raw(mut record: RawFacts) -> Result<Self, Invalid> {
        record.disputes.sort_by(DisputeEvent::compare_by_time);
        let currency = record.capture.map(|it| it.amount.currency());
        if record.capture.is_none() && (record.surplus || !record.disputes.is_empty()) {
            return Err(Invalid("a fact about captured money needs a capture"));
        }
        if record.disputes.iter().any(|it| Some(it.amount.currency()) != currency) {
            return Err(Invalid("a dispute must be in the currency of the capture"));
        }
        Ok(Self(record))
    }

    /// The facts, to be stored in the database.
    #[must_use]
    pub const fn as_raw(&self) -> &RawFacts {
        &self.0
    }

    /// The captured money; `None` if nothing was captured.
    #[must_use]
    pub const fn capture(&self) -> Option<Capture> {
        self.0.capture
    }

    /// Whether the money was held. A capture implies it, because the authorisation event may be late or lost.
    #[must_use]
    pub const fn is_authorized(&self) -> bool {
        self.0.authorized_at.is_some() || self.0.capture.is_some()
    }

    /// Whether the gateway refused, or the authorisation expired.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.0.failed_at.is_some()
    }

    /// Whether the authorisation was voided, by an operator or by the gateway.
    #[must_use]
    pub const fn is_voided(&self) -> bool {
        self.0.voided_at.is_some()
    }

    /// Whether the captured money is more than the order could use.
    #[must_use]
    pub const fn is_surplus(&self) -> bool {
        self.0.surplus
    }

    /// Whether another transaction occupies the order instead.
    #[must_use]
    pub const fn is_displaced(&self) -> bool {
        self.0.displaced
    }

    /// The disputes that follow from all reports about them.
    #[must_use]
    pub fn disputes(&self) -> Disputes {
        Disputes::from_events(&self.0.disputes)
    }

    /// The number of facts that contradict each other, such as a failure that is reported after a capture.
    pub(super) fn count_contradictions(&self) -> usize {
        let ended = self.0.failed_at.max(self.0.voided_at);
        let disputes = self.disputes();
        // Times are compared, because a failure before the capture is a normal first attempt that arrives
        // late.
        let captured_and_failed = self.0.capture.is_some_and(|it| self.0.failed_at >= Some(it.at));
        // Whatever the times say: an authorisation that was voided cannot be captured.
        let captured_and_voided = self.0.capture.is_some() && self.0.voided_at.is_some();
        let ended_and_held = self.0.capture.is_none() && ended.is_some() && self.0.authorized_at > ended;
        let voided_and_failed =
            self.0.capture.is_none() && self.0.voided_at.is_some() && self.0.failed_at > self.0.voided_at;
        let reversed = disputes.as_slice().iter().filter(|it| it.has_reversal()).count();
        let flags = [captured_and_failed, captured_and_voided, ended_and_held, voided_and_failed];
        flags.into_iter().filter(|it| *it).count() + reversed + disputes.count_ambiguous()
    }

    /// Whether an event of that kind and time contradicts these facts.
    pub(super) fn contradicts_event(&self, kind: EventKind, at: Timestamp) -> bool {
        let captured_at = self.0.capture.map(|it| it.at);
        let ended_at = self.0.failed_at.max(self.0.voided_at);
        // No wildcard: for a new kind of event the compiler asks here whether it can contradict anything.
        match (kind, captured_at) {
            (EventKind::Voided, Some(_)) => true,
            (EventKind::Failed, Some(captured_at)) => at >= captured_at,
            (EventKind::Failed, None) => self.0.voided_at.is_some_and(|it| at > it),
            (EventKind::Authorized, None) => ended_at.is_some_and(|it| at > it),
            (
                EventKind::Authorized
                | EventKind::Captured
                | EventKind::Voided
                | EventKind::RefundSucceeded
                | EventKind::RefundFailed
                | EventKind::Disputed
                | EventKind::DisputeWon
                | EventKind::DisputeLost,
                _,
            ) => false,
        }
    }

    pub(super) fn add_authorization(&mut self, at: Timestamp) {
        // The later time wins, in any order of arrival: `max` is commutative, which is what makes reordering
        // harmless.
        self.0.authorized_at = self.0.authorized_at.max(Some(at));
    }

    pub(super) fn add_failure(&mut self, at: Timestamp) {
        self.0.failed_at = self.0.failed_at.max(Some(at));
    }

    pub(super) fn add_void(&mut self, at: Timestamp) {
        self.0.voided_at = self.0.voided_at.max(Some(at));
    }

    /// Adds a capture; `false` when a larger one is known. A gateway reports the total, so the larger amount
    /// holds, and of two reports of one amount the earlier time.
    pub(super) fn add_capture(&mut self, amount: Money, at: Timestamp) -> bool {
        match &mut self.0.capture {
            Some(known) if known.amount.exceeds(amount) => return false,
            Some(known) if known.amount == amount => known.at = known.at.min(at),
            known => *known = Some(Capture { amount, at }),
        }
        true
    }

    /// Adds a report about a dispute; the same event a second time changes nothing.
    pub(super) fn add_dispute(&mut self, event: DisputeEvent) {
        if self.0.disputes.iter().all(|it| it.event != event.event) {
            self.0.disputes.push(event);
            // A stable sort: reports of one time stay in order of arrival, which decides between two ends of
            // a dispute.
            self.0.disputes.sort_by(DisputeEvent::compare_by_time);
        }
    }

    /// Marks captured money as more than the order could use. Without a capture there is nothing to mark.
    pub(super) const fn mark_surplus(&mut self) {
        self.0.surplus = self.0.capture.is_some();
    }

    pub(super) const fn displace(&mut self) {
        self.0.displaced = true;
    }
}
