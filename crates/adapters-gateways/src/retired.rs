//! A gateway that is only a name: payments were taken through it before they came here.

use async_trait::async_trait;
use domain::{
    GatewayName, Money, RefundId, Timestamp,
    payment::{Details, Event, EventKind, EventReferences, EventTarget, Stated},
};
use ports::{
    Acknowledgement, Answer, Charge, Clock, Gateway, InvalidSignature, Lookup, LookupAnswer, NoResponse,
    Notice, NoticeHeaders, ParsedNotice,
};
use std::{sync::Arc, time::Duration};

use crate::notice;

/// Why it does nothing.
const REASON: &str = "The payment's gateway is not connected to this service; settle it there.";

/// A gateway that takes no payments and sends no notices. What is still asked about its old ones ends, with the reason,
/// instead of being asked for ever: an authorisation counts as given up, because nobody here can use it any more.
pub struct Retired {
    name: &'static str,
    clock: Arc<dyn Clock>,
}

impl Retired {
    /// The gateway that was called `name`.
    #[must_use]
    pub fn new(name: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { name, clock }
    }

    fn event(&self, charge: &Charge, kind: EventKind, amount: Money, refund: Option<RefundId>) -> Event {
        Event {
            id: notice::id(kind, &charge.transaction, refund.as_ref()),
            kind,
            target: EventTarget::Transaction(charge.transaction.clone()),
            order: Some(charge.order.clone()),
            stated: Stated::from(amount),
            refund,
            dispute: None,
            references: EventReferences::default(),
            details: Details { failure_reason: Some(REASON.to_owned()), ..Details::default() },
            at: self.clock.now(),
        }
    }
}

#[async_trait]
impl Gateway for Retired {
    fn name(&self) -> GatewayName {
        GatewayName::new(self.name.to_owned())
    }

    fn accepts(&self, _: &str) -> bool {
        false
    }

    /// For ever: nothing that is asked of it has an effect.
    fn key_lifetime(&self) -> Duration {
        Duration::MAX
    }

    async fn charge(&self, charge: Charge) -> Result<Answer, NoResponse> {
        Ok(self.event(&charge, EventKind::Failed, charge.amount, None).into())
    }

    /// It knows nothing, so that everything is asked for and ends with the reason.
    async fn look_up(&self, _: Lookup) -> Result<LookupAnswer, NoResponse> {
        Ok(LookupAnswer::Unknown)
    }

    async fn capture(&self, charge: Charge, _: Money) -> Result<Answer, NoResponse> {
        self.charge(charge).await
    }

    async fn void(&self, charge: Charge) -> Result<Answer, NoResponse> {
        Ok(self.event(&charge, EventKind::Voided, charge.amount, None).into())
    }

    async fn refund(&self, charge: Charge, refund: RefundId, amount: Money) -> Result<Answer, NoResponse> {
        Ok(self.event(&charge, EventKind::RefundFailed, amount, Some(refund)).into())
    }

    fn verify(&self, _: &NoticeHeaders, _: &[u8], _: Timestamp) -> Result<Notice, InvalidSignature> {
        Err(InvalidSignature)
    }

    fn parse_notice(&self, _: &Notice, _: Timestamp) -> ParsedNotice {
        ParsedNotice::Unintelligible { fault: "The gateway sends no notices." }
    }

    fn acknowledge(&self, _: bool) -> Acknowledgement {
        Acknowledgement { status: 204, content_type: "text/plain", body: String::new() }
    }
}

#[cfg(test)]
mod tests;
