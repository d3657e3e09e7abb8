//! The decisions of the sandbox, as pure functions.

use domain::{
    Money, RefundId, Timestamp, TransactionId,
    payment::{
        CaptureMethod, EventKind, EventReferences, EventTarget, GatewayReference, PaymentDetails,
        PaymentEvent, ReportedAmount,
    },
};
use ports::Charge;

use crate::{ids::derive_id, notice};

/// The response code of ISO 8583 for an approval.
const APPROVED: &str = "00";
/// The response code of ISO 8583 for "do not honour".
const DECLINED: &str = "05";
const DECLINED_REASON: &str = "card declined";
const LAST4: &str = "4242";
const BRAND: &str = "visa";
const AUTHORIZATION_CODE_CHARS: usize = 6;

/// The test tokens. Each produces one course of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TestToken {
    /// The payment succeeds.
    Visa,
    /// The card is declined.
    Declined,
    /// The payment succeeds after a delay; until then it has no result.
    Pending,
    /// The payment succeeds, but the answer and the notices are lost.
    Timeout,
    /// The payment succeeds, and is disputed after a delay.
    Dispute,
    /// The first charge never arrives; the second one succeeds.
    Unreached,
}

impl TestToken {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "tok_visa" => Some(Self::Visa),
            "tok_declined" => Some(Self::Declined),
            "tok_pending" => Some(Self::Pending),
            "tok_timeout" => Some(Self::Timeout),
            "tok_dispute" => Some(Self::Dispute),
            "tok_unreached" => Some(Self::Unreached),
            _ => None,
        }
    }

    /// The test token of a charge; an unknown token counts as [`TestToken::Declined`].
    pub(super) fn from_charge(charge: &Charge) -> Self {
        Self::parse(charge.token.expose_secret()).unwrap_or(Self::Declined)
    }
}

/// Returns the events that follow from a charge, oldest first.
pub(super) fn decide_events(charge: &Charge, token: TestToken, at: Timestamp) -> Vec<PaymentEvent> {
    let kinds: &[EventKind] = match (token, charge.capture_method) {
        (TestToken::Declined, _) => &[EventKind::Failed],
        (_, CaptureMethod::Manual) => &[EventKind::Authorized],
        (_, CaptureMethod::Automatic) => &[EventKind::Authorized, EventKind::Captured],
    };
    kinds.iter().map(|kind| build_event(charge, *kind, charge.amount, at)).collect()
}

/// Builds an event about a charge.
pub(super) fn build_event(charge: &Charge, kind: EventKind, amount: Money, at: Timestamp) -> PaymentEvent {
    let failed = kind == EventKind::Failed;
    let code = || {
        let code = derive_id(&["authorization", charge.transaction.as_str()]);
        code.chars().take(AUTHORIZATION_CODE_CHARS).collect()
    };
    PaymentEvent {
        id: notice::event_id(kind, &charge.transaction, None),
        kind,
        target: EventTarget::Transaction(charge.transaction.clone()),
        order: Some(charge.order.clone()),
        reported: ReportedAmount::from(amount),
        refund: None,
        dispute: None,
        references: EventReferences {
            payment: Some(payment_reference(&charge.transaction)),
            ..EventReferences::default()
        },
        details: PaymentDetails {
            card_last4: Some(LAST4.to_owned()),
            card_brand: Some(BRAND.to_owned()),
            authorization_code: (!failed).then(code),
            response_code: Some(if failed { DECLINED } else { APPROVED }.to_owned()),
            failure_reason: failed.then(|| DECLINED_REASON.to_owned()),
        },
        at,
    }
}

/// Builds the event of a refund that succeeds.
pub(super) fn refund(charge: &Charge, refund: &RefundId, amount: Money, at: Timestamp) -> PaymentEvent {
    let event = build_event(charge, EventKind::RefundSucceeded, amount, at);
    let references = EventReferences { refund: Some(refund_reference(charge, refund)), ..event.references };
    let id = notice::event_id(event.kind, &charge.transaction, Some(refund));
    PaymentEvent { id, refund: Some(refund.clone()), references, ..event }
}

/// Returns the sandbox's reference of a refund.
pub(super) fn refund_reference(charge: &Charge, refund: &RefundId) -> GatewayReference {
    let name = derive_id(&["refund", charge.transaction.as_str(), refund.as_str()]).to_lowercase();
    GatewayReference::new(format!("sb_ref_{name}"))
}

/// Returns the sandbox's reference of a payment.
pub(super) fn payment_reference(transaction: &TransactionId) -> GatewayReference {
    GatewayReference::new(format!("sb_pay_{}", derive_id(&["payment", transaction.as_str()]).to_lowercase()))
}
