//! The books of the gateway: what it really did, which the record is compared with.

use std::collections::BTreeMap;

use domain::{
    EventId, Money, RefundId, TransactionId,
    payment::{
        CaptureMethod, EventKind, EventReferences, EventTarget, GatewayReference, NamedReference,
        PaymentDetails, PaymentEvent, ReferenceKind, ReportedAmount,
    },
};
use ports::Charge;

use super::{TOKEN_DECLINED, TOKEN_PENDING};
use crate::{mutants::Mutant, world::World};

/// What became of a payment at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentState {
    /// Its buyer has not decided.
    Open,
    /// The money is held.
    Held,
    /// The money is taken.
    Captured,
    /// It was refused.
    Failed,
    /// It was given up.
    Voided,
}

/// A payment in the gateway's books.
#[derive(Debug, Clone)]
pub(crate) struct BookedPayment {
    pub(crate) charge: Charge,
    pub(crate) state: PaymentState,
    /// The events so far, oldest first.
    pub(crate) events: Vec<PaymentEvent>,
    /// What was taken from the buyer, in minor units, however often.
    pub(crate) captured: i64,
    /// The refunds by id: minor units, and the result once there is one.
    pub(crate) refunds: BTreeMap<String, (i64, Option<PaymentEvent>)>,
    /// The disputes by id, with the last event about each.
    pub(crate) disputes: BTreeMap<String, PaymentEvent>,
    /// The gateway's own name of the payment.
    pub(crate) reference: GatewayReference,
    /// Whether its notices name it by that only, so that they cannot be matched before the reference is known.
    names_by_reference: bool,
    /// Whether a refund of it began at the gateway, of which the service learns from a notice.
    pub(crate) has_own_refunds: bool,
}

impl BookedPayment {
    /// What the buyer has back, in minor units.
    pub(crate) fn refunded(&self) -> i64 {
        self.sum_refunds(|it| it.is_some_and(|it| it.kind == EventKind::RefundSucceeded))
    }

    /// The same with refunds that have no result yet.
    pub(crate) fn reserved(&self) -> i64 {
        self.sum_refunds(|it| it.is_none_or(|it| it.kind == EventKind::RefundSucceeded))
    }

    /// What the buyer had back at any time: a refund that came back to the shop may be known here, and not there yet.
    pub(crate) fn ever_refunded(&self) -> i64 {
        self.refunds.values().map(|(amount, _)| amount).sum()
    }

    /// How its events name it.
    pub(super) const fn naming(&self) -> (&GatewayReference, bool) {
        (&self.reference, self.names_by_reference)
    }

    fn sum_refunds(&self, counts: impl Fn(Option<&PaymentEvent>) -> bool) -> i64 {
        self.refunds.values().filter(|(_, event)| counts(event.as_ref())).map(|(amount, _)| amount).sum()
    }
}

/// Everything the gateway knows.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) payments: BTreeMap<String, BookedPayment>,
    events: BTreeMap<String, PaymentEvent>,
}

/// The answer, and the events to send notices about.
type Effect = (PaymentEvent, Vec<PaymentEvent>);

impl Ledger {
    /// The event with that id.
    pub(crate) fn find_event(&self, id: &str) -> Option<PaymentEvent> {
        self.events.get(id).cloned()
    }

    /// Charges once for each transaction.
    pub(crate) fn charge(
        &mut self,
        world: &World,
        charge: Charge,
    ) -> (Option<PaymentEvent>, Vec<PaymentEvent>) {
        let id = charge.transaction.to_string();
        if let Some(known) = self.payments.get_mut(&id) {
            if world.has_mutant(Mutant::GatewayForgetsKeys) && known.state == PaymentState::Captured {
                known.captured = known.captured.saturating_add(charge.amount.minor_units());
            }
            return (known.events.last().cloned(), Vec::new());
        }
        let kinds: &[EventKind] = match (charge.token.expose_secret(), charge.capture_method) {
            (TOKEN_DECLINED, _) => &[EventKind::Failed],
            (TOKEN_PENDING, _) => &[],
            (_, CaptureMethod::Manual) => &[EventKind::Authorized],
            (_, CaptureMethod::Automatic) => &[EventKind::Authorized, EventKind::Captured],
        };
        let amount = charge.amount;
        world.trace(|| format!("gateway charges {id} {amount}"));
        let payment = BookedPayment {
            charge,
            state: PaymentState::Open,
            events: Vec::new(),
            captured: 0,
            refunds: BTreeMap::new(),
            disputes: BTreeMap::new(),
            reference: GatewayReference::new(format!("ref{id}")),
            names_by_reference: world.chance.below(2) == 0,
            has_own_refunds: false,
        };
        self.payments.insert(id.clone(), payment);
        let news: Vec<_> = kinds.iter().filter_map(|it| self.add_event(world, &id, *it, amount)).collect();
        (news.last().cloned(), news)
    }

    /// The buyer of an open payment pays, or does not; the events that follow.
    pub(crate) fn decide_open(&mut self, world: &World, id: &str, pays: bool) -> Vec<PaymentEvent> {
        let Some(payment) = self.payments.get(id).filter(|it| it.state == PaymentState::Open) else {
            return Vec::new();
        };
        let amount = payment.charge.amount;
        let kinds: &[EventKind] = match (pays, payment.charge.capture_method) {
            (false, _) => &[EventKind::Failed],
            (true, CaptureMethod::Manual) => &[EventKind::Authorized],
            (true, CaptureMethod::Automatic) => &[EventKind::Authorized, EventKind::Captured],
        };
        kinds.iter().filter_map(|it| self.add_event(world, id, *it, amount)).collect()
    }

    /// The payments that wait for their buyers.
    pub(crate) fn list_open(&self) -> Vec<String> {
        let open = self.payments.iter().filter(|(_, it)| it.state == PaymentState::Open);
        open.map(|(id, _)| id.clone()).collect()
    }

    /// Captures held money, once. `None` if there is no such payment, or it is open.
    pub(crate) fn capture(&mut self, world: &World, id: &TransactionId, amount: Money) -> Option<Effect> {
        self.end_hold(world, id, EventKind::Captured, amount)
    }

    /// Gives held money up, once. `None` if there is no such payment, or it is open.
    pub(crate) fn void(&mut self, world: &World, id: &TransactionId) -> Option<Effect> {
        let amount = self.payments.get(id.as_str())?.charge.amount;
        self.end_hold(world, id, EventKind::Voided, amount)
    }

    fn end_hold(
        &mut self,
        world: &World,
        id: &TransactionId,
        kind: EventKind,
        amount: Money,
    ) -> Option<Effect> {
        let payment = self.payments.get(id.as_str())?;
        match payment.state {
            PaymentState::Open => None,
            PaymentState::Held => {
                let event = self.add_event(world, id.as_str(), kind, amount)?;
                Some((event.clone(), vec![event]))
            }
            PaymentState::Captured | PaymentState::Failed | PaymentState::Voided => {
                Some((payment.events.last()?.clone(), Vec::new()))
            }
        }
    }

    /// Refunds once for each id. Some refunds have no result yet; the event then comes later. `None` if nothing was
    /// captured.
    pub(crate) fn refund(
        &mut self,
        world: &World,
        id: &TransactionId,
        refund: &RefundId,
        amount: Money,
    ) -> Option<(Option<PaymentEvent>, Vec<PaymentEvent>)> {
        let payment = self.payments.get(id.as_str()).filter(|it| it.state == PaymentState::Captured)?;
        if let Some((_, known)) = payment.refunds.get(refund.as_str()) {
            return Some((known.clone(), Vec::new()));
        }
        world.trace(|| format!("gateway refunds {refund} {amount} of {id}"));
        let payment = self.payments.get_mut(id.as_str())?;
        payment.refunds.insert(refund.to_string(), (amount.minor_units(), None));
        // One in four is decided later.
        if world.chance.below(4) == 0 {
            return Some((None, Vec::new()));
        }
        let event = self.decide_refund(world, id.as_str(), refund.as_str())?;
        Some((Some(event.clone()), vec![event]))
    }

    /// The refunds without a result: payment and refund.
    pub(crate) fn list_open_refunds(&self) -> Vec<(String, String)> {
        let of_payment = |(id, it): (&String, &BookedPayment)| {
            let open = it.refunds.iter().filter(|(_, (_, event))| event.is_none());
            open.map(|(refund, _)| (id.clone(), refund.clone())).collect::<Vec<_>>()
        };
        self.payments.iter().flat_map(of_payment).collect()
    }

    /// Decides an open refund: nine of ten succeed.
    pub(crate) fn decide_refund(&mut self, world: &World, id: &str, refund: &str) -> Option<PaymentEvent> {
        let payment = self.payments.get_mut(id)?;
        let has_too_little = payment.reserved() > payment.captured;
        let naming = payment.naming();
        let naming = (&naming.0.clone(), naming.1);
        let (amount, result) = payment.refunds.get_mut(refund)?;
        let is_refused = world.chance.below(10) == 0 || payment.has_own_refunds && has_too_little;
        let kind = if is_refused { EventKind::RefundFailed } else { EventKind::RefundSucceeded };
        let amount = Money::from_minor(*amount, payment.charge.amount.currency()).ok()?;
        let event = PaymentEvent {
            refund: Some(RefundId::new(refund.to_owned())),
            ..build_event(world, &payment.charge, kind, amount, naming)
        };
        *result = Some(event.clone());
        self.events.insert(event.id.to_string(), event.clone());
        Some(event)
    }

    /// All events of a payment; `None` if there is no such payment.
    pub(crate) fn payment_events(&self, id: &TransactionId) -> Option<Vec<PaymentEvent>> {
        self.payments.get(id.as_str()).map(|it| it.events.clone())
    }

    /// The result of a refund, if there is one; `None` if there is no such refund.
    pub(crate) fn refund_events(&self, id: &TransactionId, refund: &RefundId) -> Option<Vec<PaymentEvent>> {
        let (_, event) = self.payments.get(id.as_str())?.refunds.get(refund.as_str())?;
        Some(event.iter().cloned().collect())
    }

    /// Adds an event to the books, so that its notice can be read.
    pub(super) fn book_event(&mut self, event: PaymentEvent) {
        self.events.insert(event.id.to_string(), event);
    }

    /// The gateway's reference of a payment.
    pub(crate) fn reference(&self, id: &TransactionId) -> Option<GatewayReference> {
        self.payments.get(id.as_str()).map(|it| it.reference.clone())
    }

    fn add_event(&mut self, world: &World, id: &str, kind: EventKind, amount: Money) -> Option<PaymentEvent> {
        let payment = self.payments.get_mut(id)?;
        payment.state = match kind {
            EventKind::Authorized => PaymentState::Held,
            EventKind::Captured => PaymentState::Captured,
            EventKind::Voided => PaymentState::Voided,
            EventKind::Failed
            | EventKind::RefundSucceeded
            | EventKind::RefundFailed
            | EventKind::Disputed
            | EventKind::DisputeWon
            | EventKind::DisputeLost => PaymentState::Failed,
        };
        if kind == EventKind::Captured {
            payment.captured = payment.captured.saturating_add(amount.minor_units());
        }
        let event = build_event(world, &payment.charge, kind, amount, payment.naming());
        payment.events.push(event.clone());
        self.events.insert(event.id.to_string(), event.clone());
        world.trace(|| format!("gateway: {} of {id}", kind.as_str()));
        Some(event)
    }
}

/// Builds an event about a payment. It names the payment by our id, or only by the gateway's reference.
pub(super) fn build_event(
    world: &World,
    charge: &Charge,
    kind: EventKind,
    amount: Money,
    (reference, names_by_reference): (&GatewayReference, bool),
) -> PaymentEvent {
    let named = NamedReference { kind: ReferenceKind::Payment, reference: reference.clone() };
    let target = if names_by_reference {
        EventTarget::Reference(named)
    } else {
        EventTarget::Transaction(charge.transaction.clone())
    };
    PaymentEvent {
        id: EventId::new(format!("evt{}", world.next_number())),
        kind,
        target,
        order: (!names_by_reference).then(|| charge.order.clone()),
        reported: ReportedAmount::from(amount),
        refund: None,
        dispute: None,
        references: EventReferences { payment: Some(reference.clone()), ..EventReferences::default() },
        details: PaymentDetails::default(),
        at: world.now(),
    }
}
