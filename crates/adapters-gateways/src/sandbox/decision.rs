//! What the sandbox decides. Pure.

use domain::{
    Money, RefundId, Timestamp, TransactionId,
    payment::{
        CaptureMethod, Details, Event, EventKind, EventReferences, EventTarget, GatewayReference, Stated,
    },
};
use ports::Charge;

use crate::{ids::derive_id, notice};

/// Approved, as ISO 8583 writes it.
const APPROVED: &str = "00";
/// Do not honour.
const DECLINED: &str = "05";
const DECLINED_REASON: &str = "card declined";
const LAST4: &str = "4242";
const BRAND: &str = "visa";
const AUTHORIZATION_CODE_CHARS: usize = 6;

/// The ways to pay, each of which makes one thing happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// All goes well.
    Visa,
    /// The card is declined.
    Declined,
    /// There is no word until later.
    Pending,
    /// All goes well, but the answer and the notices are lost.
    Timeout,
    /// All goes well, and then the payment is disputed.
    Dispute,
    /// The first charge never arrives; when it is asked for again, all goes well.
    Unreached,
}

impl Token {
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

    /// The token of a charge; one that is not known is declined.
    pub(super) fn of(charge: &Charge) -> Self {
        Self::parse(charge.token.expose()).unwrap_or(Self::Declined)
    }
}

/// What happens because of a charge, oldest first.
pub(super) fn course(charge: &Charge, token: Token, at: Timestamp) -> Vec<Event> {
    let kinds: &[EventKind] = match (token, charge.capture_method) {
        (Token::Declined, _) => &[EventKind::Failed],
        (_, CaptureMethod::Manual) => &[EventKind::Authorized],
        (_, CaptureMethod::Automatic) => &[EventKind::Authorized, EventKind::Captured],
    };
    kinds.iter().map(|kind| event(charge, *kind, charge.amount, at)).collect()
}

/// Something that happens to a charge.
pub(super) fn event(charge: &Charge, kind: EventKind, amount: Money, at: Timestamp) -> Event {
    let failed = kind == EventKind::Failed;
    let code = || {
        let code = derive_id(&["authorization", charge.transaction.as_str()]);
        code.chars().take(AUTHORIZATION_CODE_CHARS).collect()
    };
    Event {
        id: notice::id(kind, &charge.transaction, None),
        kind,
        target: EventTarget::Transaction(charge.transaction.clone()),
        order: Some(charge.order.clone()),
        stated: Stated::from(amount),
        refund: None,
        dispute: None,
        references: EventReferences {
            payment: Some(payment_reference(&charge.transaction)),
            ..EventReferences::default()
        },
        details: Details {
            card_last4: Some(LAST4.to_owned()),
            card_brand: Some(BRAND.to_owned()),
            authorization_code: (!failed).then(code),
            response_code: Some(if failed { DECLINED } else { APPROVED }.to_owned()),
            failure_reason: failed.then(|| DECLINED_REASON.to_owned()),
        },
        at,
    }
}

/// One refund that goes through.
pub(super) fn refund(charge: &Charge, refund: &RefundId, amount: Money, at: Timestamp) -> Event {
    let event = event(charge, EventKind::RefundSucceeded, amount, at);
    let name = derive_id(&["refund", charge.transaction.as_str(), refund.as_str()]).to_lowercase();
    let references =
        EventReferences { refund: Some(GatewayReference::new(format!("sb_ref_{name}"))), ..event.references };
    let id = notice::id(event.kind, &charge.transaction, Some(refund));
    Event { id, refund: Some(refund.clone()), references, ..event }
}

/// What the sandbox calls a payment.
pub(super) fn payment_reference(transaction: &TransactionId) -> GatewayReference {
    GatewayReference::new(format!("sb_pay_{}", derive_id(&["payment", transaction.as_str()]).to_lowercase()))
}
