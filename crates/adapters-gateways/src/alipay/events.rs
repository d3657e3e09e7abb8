//! Payment events, from what Alipay says of a payment or a refund.

use domain::{
    RefundId, Timestamp,
    payment::{
        EventKind, EventReferences, EventTarget, GatewayReference, PaymentDetails, PaymentEvent,
        ReportedAmount,
    },
};
use ports::Charge;

use super::{
    answers::{Reply, Trade, TradeState},
    expiry::expires_at,
};
use crate::notice;

/// The longest reason that is stored, in characters.
const REASON_CHARS_MAX: usize = 255;
/// The response code of a payment whose time is over.
const EXPIRED: &str = "EXPIRED";
const NOT_PAID_IN_TIME: &str = "not paid in time";
const CLOSED_UNPAID: &str = "closed at Alipay before it was paid";

/// Returns the event that a payment's state means; `None` while it is unpaid. `now` is the time of a fact whose
/// time Alipay does not state.
pub(super) fn trade_event(charge: &Charge, trade: &Trade, now: Timestamp) -> Option<PaymentEvent> {
    let references = EventReferences { payment: trade.trade_no.clone(), ..EventReferences::default() };
    let (kind, at, reason) = match trade.state {
        TradeState::Unpaid => return None,
        TradeState::Paid(at) => (EventKind::Captured, at.unwrap_or(now), None),
        TradeState::Closed(at) => {
            let end = expires_at(charge);
            let reason = if now < end { CLOSED_UNPAID } else { NOT_PAID_IN_TIME };
            (EventKind::Failed, at.unwrap_or(end.min(now)), Some(reason))
        }
    };
    Some(PaymentEvent {
        references,
        details: PaymentDetails {
            response_code: Some(trade.status.clone()),
            failure_reason: reason.map(str::to_owned),
            ..PaymentDetails::default()
        },
        at,
        ..payment_event(charge, kind, trade.total.clone())
    })
}

/// Returns the event of a payment that was not paid in time. `reference` is Alipay's number, if the buyer has
/// opened it.
pub(super) fn expiry_event(charge: &Charge, reference: Option<GatewayReference>) -> PaymentEvent {
    PaymentEvent {
        references: EventReferences { payment: reference, ..EventReferences::default() },
        at: expires_at(charge),
        ..failure_event(charge, EXPIRED, NOT_PAID_IN_TIME, expires_at(charge))
    }
}

/// Returns the event of a payment that Alipay refused to begin.
pub(super) fn failure_event(charge: &Charge, code: &str, reason: &str, at: Timestamp) -> PaymentEvent {
    PaymentEvent {
        details: failure_details(code, reason),
        at,
        ..payment_event(charge, EventKind::Failed, ReportedAmount::from(charge.amount))
    }
}

/// Returns the event of a payment that was closed because we asked for it.
pub(super) fn void_event(
    charge: &Charge,
    reference: Option<GatewayReference>,
    at: Timestamp,
) -> PaymentEvent {
    PaymentEvent {
        references: EventReferences { payment: reference, ..EventReferences::default() },
        at,
        ..payment_event(charge, EventKind::Voided, ReportedAmount::from(charge.amount))
    }
}

/// Returns the event of a refund that went through.
pub(super) fn refund_event(
    charge: &Charge,
    refund: &RefundId,
    amount: ReportedAmount,
    reply: &Reply,
    at: Timestamp,
) -> PaymentEvent {
    let payment = reply.trade_no().or_else(|| charge.reference.clone());
    PaymentEvent {
        id: notice::event_id(EventKind::RefundSucceeded, &charge.transaction, Some(refund)),
        refund: Some(refund.clone()),
        references: EventReferences { payment, ..EventReferences::default() },
        at,
        ..payment_event(charge, EventKind::RefundSucceeded, amount)
    }
}

/// Returns why Alipay refused a request.
pub(super) fn refusal_details(reply: &Reply) -> PaymentDetails {
    failure_details(reply.refusal_code(), &reply.refusal_reason())
}

fn payment_event(charge: &Charge, kind: EventKind, reported: ReportedAmount) -> PaymentEvent {
    PaymentEvent {
        id: notice::event_id(kind, &charge.transaction, None),
        kind,
        target: EventTarget::Transaction(charge.transaction.clone()),
        order: Some(charge.order.clone()),
        reported,
        refund: None,
        dispute: None,
        references: EventReferences::default(),
        details: PaymentDetails::default(),
        at: charge.created_at,
    }
}

fn failure_details(code: &str, reason: &str) -> PaymentDetails {
    let cut = |text: &str| Some(text.chars().take(REASON_CHARS_MAX).collect());
    PaymentDetails { response_code: cut(code), failure_reason: cut(reason), ..PaymentDetails::default() }
}
