//! A gateway that is only a name: payments were taken through it before they came here.

use async_trait::async_trait;
use domain::{
    GatewayName, Money, RefundId, Timestamp,
    payment::{EventKind, PaymentDetails, PaymentEvent, ReportedAmount},
};
use ports::{Charge, Clock, Gateway, InvalidSignature, NoResponse, Notice, NoticeHeaders, ParsedNotice};
use std::sync::Arc;

use crate::notice;

/// Why it does nothing.
const REASON: &str = "The payment's gateway is not connected to this service; settle it there.";

/// A gateway that takes no payments and sends no notices. What is still asked about its old ones ends, with the reason,
/// instead of being asked for ever: an authorisation counts as given up, because nobody here can use it any more.
pub struct RetiredGateway {
    name: &'static str,
    clock: Arc<dyn Clock>,
}

impl RetiredGateway {
    /// The gateway that was called `name`.
    #[must_use]
    pub fn new(name: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { name, clock }
    }

    fn build_event(
        &self,
        charge: &Charge,
        kind: EventKind,
        amount: Money,
        refund: Option<RefundId>,
    ) -> PaymentEvent {
        PaymentEvent {
            id: notice::event_id(kind, &charge.transaction, refund.as_ref()),
            kind,
            transaction: charge.transaction.clone(),
            order: charge.order.clone(),
            reported: ReportedAmount::from(amount),
            refund,
            dispute: None,
            details: PaymentDetails { failure_reason: Some(REASON.to_owned()), ..PaymentDetails::default() },
            at: self.clock.now(),
        }
    }
}

#[async_trait]
impl Gateway for RetiredGateway {
    fn name(&self) -> GatewayName {
        GatewayName::new(self.name.to_owned())
    }

    fn accepts_token(&self, _: &str) -> bool {
        false
    }

    async fn charge(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse> {
        Ok(Some(self.build_event(&charge, EventKind::Failed, charge.amount, None)))
    }

    async fn retry_charge(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse> {
        self.charge(charge).await
    }

    async fn capture(&self, charge: Charge, _: Money) -> Result<Option<PaymentEvent>, NoResponse> {
        self.charge(charge).await
    }

    async fn void(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse> {
        Ok(Some(self.build_event(&charge, EventKind::Voided, charge.amount, None)))
    }

    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
    ) -> Result<Option<PaymentEvent>, NoResponse> {
        Ok(Some(self.build_event(&charge, EventKind::RefundFailed, amount, Some(refund))))
    }

    fn verify_notice(&self, _: &NoticeHeaders, _: &[u8], _: Timestamp) -> Result<Notice, InvalidSignature> {
        Err(InvalidSignature)
    }

    fn parse_notice(&self, _: &Notice, _: Timestamp) -> ParsedNotice {
        ParsedNotice::Unintelligible { fault: "The gateway sends no notices." }
    }
}

#[cfg(test)]
mod tests;
