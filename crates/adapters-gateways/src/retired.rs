//! A gateway that is not connected any more: it took payments that this service has adopted.

use async_trait::async_trait;
use domain::{
    GatewayName, Money, RefundId, Timestamp,
    payment::{
        CaptureMethod, EventKind, EventReferences, EventTarget, PaymentDetails, PaymentEvent, ReportedAmount,
    },
};
use ports::{
    Acknowledgement, Answer, AttemptLog, Charge, Clock, Gateway, GatewayCheck, InvalidSignature, Lookup,
    LookupAnswer, NoResponse, Notice, NoticeHeaders, ParsedNotice, Unsupported,
};
use std::{sync::Arc, time::Duration};

use crate::notice;

/// The reason with which every operation ends.
const REASON: &str = "The payment's gateway is not connected to this service; settle it there.";

/// A gateway that takes no payments and sends no notices. Operations on its old payments end with a reason
/// instead of staying open forever: a capture or a refund fails, and a void counts as done, because this
/// service cannot use the authorisation any more.
pub struct RetiredGateway {
    name: &'static str,
    clock: Arc<dyn Clock>,
}

impl RetiredGateway {
    /// The retired gateway with this name.
    #[must_use]
    pub fn new(name: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { name, clock }
    }

    fn build_event(&self, charge: &Charge, kind: EventKind) -> PaymentEvent {
        PaymentEvent {
            id: notice::event_id(kind, &charge.transaction, None),
            kind,
            target: EventTarget::Transaction(charge.transaction.clone()),
            order: Some(charge.order.clone()),
            reported: ReportedAmount::from(charge.amount),
            refund: None,
            dispute: None,
            references: EventReferences::default(),
            details: refusal_details(),
            at: self.clock.now(),
        }
    }
}

fn refusal_details() -> PaymentDetails {
    PaymentDetails { failure_reason: Some(REASON.to_owned()), ..PaymentDetails::default() }
}

#[async_trait]
impl Gateway for RetiredGateway {
    fn name(&self) -> GatewayName {
        GatewayName::new(self.name.to_owned())
    }

    fn accepts_token(&self, _: &str) -> bool {
        false
    }

    fn supports(&self, _: Money, _: CaptureMethod) -> Result<(), Unsupported> {
        Ok(())
    }

    /// The maximum: no request has an effect, so every request can be sent again.
    fn key_lifetime(&self) -> Duration {
        Duration::MAX
    }

    async fn charge(&self, charge: Charge, _: &AttemptLog) -> Result<Answer, NoResponse> {
        Ok(self.build_event(&charge, EventKind::Failed).into())
    }

    /// Always `Unknown`, so that an open operation is sent again and ends with the reason.
    async fn look_up(&self, _: Lookup, _: &AttemptLog) -> Result<LookupAnswer, NoResponse> {
        Ok(LookupAnswer::Unknown)
    }

    async fn capture(&self, charge: Charge, _: Money, log: &AttemptLog) -> Result<Answer, NoResponse> {
        self.charge(charge, log).await
    }

    async fn void(&self, charge: Charge, _: &AttemptLog) -> Result<Answer, NoResponse> {
        Ok(self.build_event(&charge, EventKind::Voided).into())
    }

    async fn refund(&self, _: Charge, _: RefundId, _: Money, _: &AttemptLog) -> Result<Answer, NoResponse> {
        Ok(Answer::RefundRefused(Box::new(refusal_details())))
    }

    fn verify_notice(&self, _: &NoticeHeaders, _: &[u8], _: Timestamp) -> Result<Notice, InvalidSignature> {
        Err(InvalidSignature)
    }

    fn parse_notice(&self, _: &Notice, _: Timestamp) -> ParsedNotice {
        ParsedNotice::Unintelligible { fault: "The gateway sends no notices." }
    }

    async fn check(&self, _: &AttemptLog) -> Result<GatewayCheck, NoResponse> {
        Ok(GatewayCheck::Refused(REASON.to_owned()))
    }

    fn acknowledge(&self, _: bool) -> Acknowledgement {
        Acknowledgement { status: 204, content_type: "text/plain", body: String::new() }
    }
}

#[cfg(test)]
mod tests;
