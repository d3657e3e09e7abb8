//! What is known of a transaction.

use crate::{Invalid, Money, Timestamp};

use super::{DisputeEvent, Disputes, EventKind};

/// Money that was taken: how much in all, and when the gateway took that much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capture {
    /// All that was taken, above zero.
    pub amount: Money,
    /// The gateway's time.
    pub at: Timestamp,
}

/// The facts as the record holds them, unchecked. Times are the gateway's; of two words of a kind the later one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawFacts {
    /// When the money was held.
    pub authorized_at: Option<Timestamp>,
    /// The money that was taken.
    pub capture: Option<Capture>,
    /// When the gateway refused, or the authorisation ran out.
    pub failed_at: Option<Timestamp>,
    /// When the authorisation was given up.
    pub voided_at: Option<Timestamp>,
    /// The captured money came when the order had no use for it; it is given back.
    pub surplus: bool,
    /// Another transaction had become the order's live one when this one came back to life.
    pub displaced: bool,
    /// Every word about a dispute, in the order of the gateway's times; words of one moment as they arrived.
    pub disputes: Vec<DisputeEvent>,
}

/// What is known of a transaction, in a combination that can be true. Facts are only ever added, and adding the same ones
/// in another order gives the same facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFacts(RawFacts);

impl PaymentFacts {
    /// Checks what the record holds.
    ///
    /// # Errors
    /// [`Invalid`] when money is disputed, or came too late, that was never captured, or when two currencies meet.
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

    /// The facts, for the record.
    #[must_use]
    pub const fn as_raw(&self) -> &RawFacts {
        &self.0
    }

    /// The money that was taken.
    #[must_use]
    pub const fn capture(&self) -> Option<Capture> {
        self.0.capture
    }

    /// Whether the money was held; taking it holds it too.
    #[must_use]
    pub const fn is_authorized(&self) -> bool {
        self.0.authorized_at.is_some() || self.0.capture.is_some()
    }

    /// Whether the gateway refused.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.0.failed_at.is_some()
    }

    /// Whether the authorisation was given up.
    #[must_use]
    pub const fn is_voided(&self) -> bool {
        self.0.voided_at.is_some()
    }

    /// Whether the captured money is more than the order had use for.
    #[must_use]
    pub const fn is_surplus(&self) -> bool {
        self.0.surplus
    }

    /// Whether another transaction has taken its place.
    #[must_use]
    pub const fn is_displaced(&self) -> bool {
        self.0.displaced
    }

    /// The disputes, as all words about them give them.
    #[must_use]
    pub fn disputes(&self) -> Disputes {
        Disputes::from_events(&self.0.disputes)
    }

    /// How many of these facts contradict each other: the gateway calls off, after it, what money had decided.
    pub(super) fn count_contradictions(&self) -> usize {
        let ended = self.0.failed_at.max(self.0.voided_at);
        let disputes = self.disputes();
        let captured_and_failed = self.0.capture.is_some_and(|it| self.0.failed_at >= Some(it.at));
        // Whichever came first: what was given up cannot be taken.
        let captured_and_voided = self.0.capture.is_some() && self.0.voided_at.is_some();
        let ended_and_held = self.0.capture.is_none() && ended.is_some() && self.0.authorized_at > ended;
        let voided_and_failed =
            self.0.capture.is_none() && self.0.voided_at.is_some() && self.0.failed_at > self.0.voided_at;
        let reversed = disputes.as_slice().iter().filter(|it| it.has_reversal()).count();
        let flags = [captured_and_failed, captured_and_voided, ended_and_held, voided_and_failed];
        flags.into_iter().filter(|it| *it).count() + reversed + disputes.count_ambiguous()
    }

    /// Whether a word of that kind and moment is at odds with these facts.
    pub(super) fn contradicts_event(&self, kind: EventKind, at: Timestamp) -> bool {
        let captured_at = self.0.capture.map(|it| it.at);
        let ended_at = self.0.failed_at.max(self.0.voided_at);
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
        self.0.authorized_at = self.0.authorized_at.max(Some(at));
    }

    pub(super) fn add_failure(&mut self, at: Timestamp) {
        self.0.failed_at = self.0.failed_at.max(Some(at));
    }

    pub(super) fn add_void(&mut self, at: Timestamp) {
        self.0.voided_at = self.0.voided_at.max(Some(at));
    }

    /// Adds a capture. A gateway says how much was taken in all, so the larger amount holds, and of two words about the
    /// same amount the earlier time. `false` when more was known already.
    pub(super) fn add_capture(&mut self, amount: Money, at: Timestamp) -> bool {
        match &mut self.0.capture {
            Some(known) if known.amount.exceeds(amount) => return false,
            Some(known) if known.amount == amount => known.at = known.at.min(at),
            known => *known = Some(Capture { amount, at }),
        }
        true
    }

    /// Adds a word about a dispute; the same event again changes nothing.
    pub(super) fn add_dispute(&mut self, event: DisputeEvent) {
        if self.0.disputes.iter().all(|it| it.event != event.event) {
            self.0.disputes.push(event);
            self.0.disputes.sort_by(DisputeEvent::compare_by_time);
        }
    }

    /// Marks captured money as more than the order has use for.
    pub(super) const fn mark_surplus(&mut self) {
        self.0.surplus = self.0.capture.is_some();
    }

    pub(super) const fn displace(&mut self) {
        self.0.displaced = true;
    }
}
