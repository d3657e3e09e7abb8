//! What begins at the gateway: refunds from its dashboard, refunds that fail after they succeeded, and disputes.

use domain::{
    DisputeId, Money, RefundId,
    payment::{EventKind, PaymentEvent},
};

use super::ledger::{BookedPayment, Ledger, PaymentState, build_event};
use crate::world::World;

impl Ledger {
    /// Something happens to a captured payment; the event to send a notice about.
    pub(crate) fn act_by_itself(&mut self, world: &World) -> Option<PaymentEvent> {
        let captured = self.payments.iter().filter(|(_, it)| it.state == PaymentState::Captured);
        let captured: Vec<_> = captured.map(|(id, _)| id.clone()).collect();
        let id = world.chance.pick(&captured)?;
        let payment = self.payments.get_mut(id)?;
        let event = match world.chance.below(4) {
            0 => refund_part(world, payment),
            1 => fail_refund(world, payment),
            _ => move_dispute(world, payment),
        }?;
        world.trace(|| {
            format!("gateway by itself: {} {} of {id}", event.kind.as_str(), event.reported.amount)
        });
        self.book_event(event.clone());
        Some(event)
    }
}

fn draft(world: &World, payment: &BookedPayment, kind: EventKind, minor: i64) -> Option<PaymentEvent> {
    let amount = Money::from_minor(minor, payment.charge.amount.currency()).ok()?;
    Some(build_event(world, &payment.charge, kind, amount, payment.naming()))
}

/// The shop refunds a tenth in the dashboard, if that much is left.
fn refund_part(world: &World, payment: &mut BookedPayment) -> Option<PaymentEvent> {
    let minor = payment.captured / 10;
    if minor == 0 || payment.reserved().saturating_add(minor) > payment.captured {
        return None;
    }
    let id = format!("re{}", world.next_number());
    let event = draft(world, payment, EventKind::RefundSucceeded, minor)?;
    let event = PaymentEvent { refund: Some(RefundId::new(id.clone())), ..event };
    payment.refunds.insert(id, (minor, Some(event.clone())));
    payment.has_own_refunds = true;
    Some(event)
}

/// The bank sends a refund back.
fn fail_refund(world: &World, payment: &mut BookedPayment) -> Option<PaymentEvent> {
    let is_done = |event: &Option<PaymentEvent>| {
        event.as_ref().is_some_and(|it| it.kind == EventKind::RefundSucceeded && it.at < world.now())
    };
    let (id, minor) =
        payment.refunds.iter().find(|(_, (_, event))| is_done(event)).map(|(id, it)| (id.clone(), it.0))?;
    let event = draft(world, payment, EventKind::RefundFailed, minor)?;
    let event = PaymentEvent { refund: Some(RefundId::new(id.clone())), ..event };
    payment.refunds.insert(id, (minor, Some(event.clone())));
    Some(event)
}

/// A dispute begins, or the open one is decided.
fn move_dispute(world: &World, payment: &mut BookedPayment) -> Option<PaymentEvent> {
    let open = payment.disputes.iter().find(|(_, it)| it.kind == EventKind::Disputed && it.at < world.now());
    let open = open.map(|(id, it)| (id.clone(), it.reported.clone()));
    let (id, kind, reported) = match open {
        Some((id, reported)) => {
            let kind =
                if world.chance.below(2) == 0 { EventKind::DisputeWon } else { EventKind::DisputeLost };
            (id, kind, Some(reported))
        }
        // One at a time, and only one in a payment's life, so that the sums stay plain.
        None if payment.disputes.is_empty() => {
            (format!("dp{}", world.next_number()), EventKind::Disputed, None)
        }
        None => return None,
    };
    let event = draft(world, payment, kind, payment.captured)?;
    let reported = reported.unwrap_or_else(|| event.reported.clone());
    let event = PaymentEvent { dispute: Some(DisputeId::new(id.clone())), reported, ..event };
    payment.disputes.insert(id, event.clone());
    Some(event)
}
