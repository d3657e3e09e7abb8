//! The content of answers and notices, as events. Everything here is pure.
//!
//! An answer and a notice about the same payment or refund have the same members, so both are read by the same
//! functions, from masked text.

use domain::{
    EventId, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{
        EventKind, EventReferences, EventTarget, GatewayReference, PaymentDetails, PaymentEvent,
        ReportedAmount,
    },
};
use ports::Charge;
use serde_json::{Map, Value};

use super::{masking, times};
use crate::masking::mask_body;

/// The only currency in the mainland; the contents of refund notices do not state it.
const CURRENCY: &str = "CNY";
const FEN_PER_YUAN: u64 = 100;

/// The content of an answer or a notice, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content(Map<String, Value>);

/// The state of a trade (`trade_state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TradeState {
    /// `SUCCESS`, or `REFUND`: the buyer has paid. Refunds are looked up separately.
    Paid,
    /// `NOTPAY`: the buyer has not paid.
    Unpaid,
    /// `CLOSED`, `REVOKED`, `PAYERROR`: it was not paid, and cannot be any more.
    Ended,
    /// `USERPAYING`, `ACCEPT` and states that are newer than this adapter: the result is open.
    Open,
}

/// The state of a refund (`status`, in notices `refund_status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefundState {
    /// `SUCCESS`: the buyer has the money.
    Done,
    /// `CLOSED`: the buyer gets no money from this refund.
    Closed,
    /// `ABNORMAL`: the buyer's account did not take the money. WeChat Pay keeps it until an operator says where
    /// it goes; the refund can still succeed.
    Abnormal,
    /// `PROCESSING` and states that are newer than this adapter: the result is open.
    Open,
}

impl Content {
    /// Reads an answer; `None` if it is not a JSON object.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_str(&mask_body(body, &masking::RULES)).ok().map(Self)
    }

    /// Takes the content of a notice, which was masked when it arrived.
    pub(super) const fn from_masked(content: Map<String, Value>) -> Self {
        Self(content)
    }

    /// Returns a member that is text; `None` if it is missing, empty, or something else.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|it| !it.is_empty())
    }

    pub(super) fn trade_state(&self) -> TradeState {
        match self.text("trade_state").unwrap_or_default() {
            "SUCCESS" | "REFUND" => TradeState::Paid,
            "NOTPAY" => TradeState::Unpaid,
            "CLOSED" | "REVOKED" | "PAYERROR" => TradeState::Ended,
            _ => TradeState::Open,
        }
    }

    pub(super) fn refund_state(&self) -> RefundState {
        match self.text("refund_status").or_else(|| self.text("status")).unwrap_or_default() {
            "SUCCESS" => RefundState::Done,
            "CLOSED" => RefundState::Closed,
            "ABNORMAL" => RefundState::Abnormal,
            _ => RefundState::Open,
        }
    }

    /// Returns WeChat Pay's number of the payment or the refund.
    pub(super) fn reference(&self, name: &str) -> Option<GatewayReference> {
        GatewayReference::parse(self.text(name)?).ok()
    }

    fn read_amount(&self, name: &str) -> Option<ReportedAmount> {
        let amount = self.0.get("amount")?;
        let fen = amount.get(name)?.as_u64()?;
        let currency = amount.get("currency").and_then(Value::as_str).unwrap_or(CURRENCY);
        ReportedAmount::parse(&format!("{}.{:02}", fen / FEN_PER_YUAN, fen % FEN_PER_YUAN), currency)
    }

    fn read_target(&self) -> Result<TransactionId, &'static str> {
        let number = self.text("out_trade_no").and_then(|it| TransactionId::parse(it).ok());
        number.ok_or("The content has no out_trade_no.")
    }

    fn success_time(&self) -> Option<Timestamp> {
        times::parse_time(self.text("success_time")?)
    }
}

/// Returns the capture that a paid trade is. Its amount is that of the order: a discount that WeChat Pay or a
/// bank gives the buyer (`payer_total`) does not lessen what the shop is owed. `otherwise` replaces a missing
/// time.
///
/// # Errors
/// A sentence for operators if the content is not that of a paid trade.
pub(super) fn read_capture(
    content: &Content,
    id: EventId,
    otherwise: Timestamp,
) -> Result<PaymentEvent, &'static str> {
    if content.trade_state() != TradeState::Paid {
        return Err("The content does not have the trade_state SUCCESS.");
    }
    Ok(PaymentEvent {
        id,
        kind: EventKind::Captured,
        target: EventTarget::Transaction(content.read_target()?),
        order: content.text("attach").and_then(|it| OrderNumber::parse(it).ok()),
        reported: content.read_amount("total").ok_or("The content has no amount of the trade.")?,
        refund: None,
        dispute: None,
        references: EventReferences {
            payment: content.reference("transaction_id"),
            ..EventReferences::default()
        },
        details: PaymentDetails::default(),
        at: content.success_time().unwrap_or(otherwise),
    })
}

/// Returns the event that a refund with a result is. `otherwise` replaces a missing time: WeChat Pay states none
/// for a closed refund.
///
/// # Errors
/// A sentence for operators if the content is not that of a refund with a result.
pub(super) fn read_refund(
    content: &Content,
    id: EventId,
    otherwise: Timestamp,
) -> Result<PaymentEvent, &'static str> {
    let kind = match content.refund_state() {
        RefundState::Done => EventKind::RefundSucceeded,
        RefundState::Closed => EventKind::RefundFailed,
        RefundState::Abnormal | RefundState::Open => return Err("The content has no result of a refund."),
    };
    let refund = content.text("out_refund_no").and_then(|it| RefundId::parse(it).ok());
    Ok(PaymentEvent {
        id,
        kind,
        target: EventTarget::Transaction(content.read_target()?),
        // Refunds have no `attach`.
        order: None,
        reported: content.read_amount("refund").ok_or("The content has no amount of the refund.")?,
        refund: Some(refund.ok_or("The content has no out_refund_no.")?),
        dispute: None,
        references: EventReferences {
            payment: content.reference("transaction_id"),
            refund: content.reference("refund_id"),
            dispute: None,
        },
        details: PaymentDetails::default(),
        at: times::end_of_second(content.success_time().unwrap_or(otherwise)),
    })
}

/// Returns the event of a payment that was not made, and cannot be made any more.
pub(super) fn fail_payment(charge: &Charge, code: &str, reason: &str, at: Timestamp) -> PaymentEvent {
    let kind = EventKind::Failed;
    PaymentEvent {
        id: crate::notice::event_id(kind, &charge.transaction, None),
        kind,
        target: EventTarget::Transaction(charge.transaction.clone()),
        order: Some(charge.order.clone()),
        reported: ReportedAmount::from(charge.amount),
        refund: None,
        dispute: None,
        references: EventReferences { payment: charge.reference.clone(), ..EventReferences::default() },
        details: refusal_details(code, reason),
        at,
    }
}

/// Returns why WeChat Pay refused a request.
pub(super) fn refusal_details(code: &str, reason: &str) -> PaymentDetails {
    PaymentDetails {
        response_code: Some(code.to_owned()),
        failure_reason: Some(reason.to_owned()),
        ..PaymentDetails::default()
    }
}
