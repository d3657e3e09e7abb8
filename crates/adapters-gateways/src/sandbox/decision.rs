//! What the sandbox decides. Pure.

use data_encoding::BASE32_NOPAD;
use domain::{
    Money, Timestamp,
    payment::{CaptureMethod, EventKind, PaymentDetails, PaymentEvent, ReportedAmount},
};
use ports::Charge;
use sha2::{Digest, Sha256};

use crate::notice;

/// Approved, as ISO 8583 writes it.
const APPROVED: &str = "00";
/// Do not honour.
const DECLINED: &str = "05";
const DECLINED_REASON: &str = "card declined";
const LAST4: &str = "4242";
const BRAND: &str = "visa";
const AUTHORIZATION_CODE_CHARS: usize = 6;
const DERIVED_BYTES: usize = 16;

/// The ways to pay, each of which makes one thing happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TestToken {
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
}

impl TestToken {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "tok_visa" => Some(Self::Visa),
            "tok_declined" => Some(Self::Declined),
            "tok_pending" => Some(Self::Pending),
            "tok_timeout" => Some(Self::Timeout),
            "tok_dispute" => Some(Self::Dispute),
            _ => None,
        }
    }

    /// The token of a charge; one that is not known is declined.
    pub(super) fn from_charge(charge: &Charge) -> Self {
        Self::parse(charge.token.expose_secret()).unwrap_or(Self::Declined)
    }
}

/// What happens because of a charge, oldest first.
pub(super) fn decide_events(charge: &Charge, token: TestToken, at: Timestamp) -> Vec<PaymentEvent> {
    let kinds: &[EventKind] = match (token, charge.capture_method) {
        (TestToken::Declined, _) => &[EventKind::Failed],
        (_, CaptureMethod::Manual) => &[EventKind::Authorized],
        (_, CaptureMethod::Automatic) => &[EventKind::Authorized, EventKind::Captured],
    };
    kinds.iter().map(|kind| build_event(charge, *kind, charge.amount, at)).collect()
}

/// Something that happens to a charge.
pub(super) fn build_event(charge: &Charge, kind: EventKind, amount: Money, at: Timestamp) -> PaymentEvent {
    let failed = kind == EventKind::Failed;
    let code = || {
        let code = derive_id(&["authorization", charge.transaction.as_str()]);
        code.chars().take(AUTHORIZATION_CODE_CHARS).collect()
    };
    PaymentEvent {
        id: notice::event_id(kind, &charge.transaction, None),
        kind,
        transaction: charge.transaction.clone(),
        order: charge.order.clone(),
        reported: ReportedAmount::from(amount),
        refund: None,
        dispute: None,
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

/// 26 characters of `A-Z` and `2-7` that look random and are always the same for the same parts, none of which has a
/// line break.
pub(crate) fn derive_id(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    BASE32_NOPAD.encode(digest.get(..DERIVED_BYTES).unwrap_or(&digest))
}
