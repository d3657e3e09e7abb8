//! A double of a payment gateway: it keeps books of its own, loses answers after it did the work, and sends notices late,
//! several times, in any order, and before its own answer arrives.

mod dashboard;
mod ledger;
mod notices;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    GatewayName, Money, RefundId, Timestamp,
    payment::{CaptureMethod, GatewayReference, PaymentEvent},
};
use ports::{
    Acknowledgement, Answer, AttemptLog, Charge, Gateway, GatewayCheck, InvalidSignature, Lookup,
    LookupAnswer, LookupRemarks, LookupSubject, NoResponse, Notice, NoticeHeaders, ParsedNotice, Unsupported,
};

pub(crate) use ledger::{Ledger, PaymentState};
pub(crate) use notices::{ID_HEADER, send_notices};

use crate::{faults::Fault, lock::lock, mutants, world::World};

/// The only gateway.
pub(crate) const NAME: &str = "sandbox";
/// A card that is charged at once.
pub(crate) const TOKEN_OK: &str = "tok_visa";
/// A card that is declined.
pub(crate) const TOKEN_DECLINED: &str = "tok_declined";
/// A payment that its buyer decides later.
pub(crate) const TOKEN_PENDING: &str = "tok_pending";

/// The gateway as one instance reaches it.
pub(crate) struct SimGateway(pub(crate) Arc<World>);

impl SimGateway {
    /// Sends a request: the work may be done without an answer, or not at all.
    async fn call<T>(
        &self,
        work: impl FnOnce(&mut Ledger, &World) -> Result<(T, Vec<PaymentEvent>), NoResponse>,
    ) -> Result<T, NoResponse> {
        let world = &self.0;
        world.pause(20).await;
        if world.strikes(Fault::LoseGatewayRequest) {
            return Err(NoResponse::unavailable("away"));
        }
        let (answer, news) = work(&mut lock(&world.ledger), world)?;
        // The gateway does not wait for its answer to arrive.
        send_notices(world, news);
        if world.strikes(Fault::HangGateway) {
            std::future::pending::<()>().await;
        }
        world.pause(20).await;
        if world.strikes(Fault::LoseGatewayAnswer) {
            return Err(NoResponse::Lost);
        }
        Ok(answer)
    }
}

fn answer_from(event: Option<PaymentEvent>, reference: Option<GatewayReference>) -> Answer {
    event.map_or(Answer::Accepted { reference, next_action: None }, Answer::from)
}

#[async_trait]
impl Gateway for SimGateway {
    fn name(&self) -> GatewayName {
        GatewayName::new(NAME.to_owned())
    }

    fn accepts_token(&self, token: &str) -> bool {
        [TOKEN_OK, TOKEN_DECLINED, TOKEN_PENDING].contains(&token)
    }

    fn supports(&self, _: Money, _: CaptureMethod) -> Result<(), Unsupported> {
        Ok(())
    }

    fn key_lifetime(&self) -> Duration {
        Duration::from_secs(23 * 60 * 60)
    }

    async fn charge(&self, charge: Charge, _: &AttemptLog) -> Result<Answer, NoResponse> {
        self.call(|ledger, world| {
            let id = charge.transaction.clone();
            let (event, news) = ledger.charge(world, charge);
            Ok((answer_from(event, ledger.reference(&id)), news))
        })
        .await
    }

    async fn look_up(&self, lookup: Lookup, _: &AttemptLog) -> Result<LookupAnswer, NoResponse> {
        self.call(|ledger, _| {
            let id = &lookup.charge.transaction;
            let (known, reference) = match &lookup.subject {
                LookupSubject::Payment => (ledger.payment_events(id), ledger.reference(id)),
                LookupSubject::Refund { id: refund, .. } => (ledger.refund_events(id, refund), None),
            };
            let found = |events| LookupAnswer::Found {
                reference,
                events,
                next_action: None,
                remarks: LookupRemarks::default(),
            };
            Ok((known.map_or(LookupAnswer::Unknown, found), Vec::new()))
        })
        .await
    }

    async fn capture(&self, charge: Charge, amount: Money, _: &AttemptLog) -> Result<Answer, NoResponse> {
        self.call(|ledger, world| {
            let (event, news) = ledger.capture(world, &charge.transaction, amount).ok_or(NoResponse::Lost)?;
            Ok((Answer::from(event), news))
        })
        .await
    }

    async fn void(&self, charge: Charge, _: &AttemptLog) -> Result<Answer, NoResponse> {
        self.call(|ledger, world| {
            let (event, news) = ledger.void(world, &charge.transaction).ok_or(NoResponse::Lost)?;
            Ok((Answer::from(event), news))
        })
        .await
    }

    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
        _: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        self.call(|ledger, world| {
            let (event, news) =
                ledger.refund(world, &charge.transaction, &refund, amount).ok_or(NoResponse::Lost)?;
            Ok((answer_from(event, None), news))
        })
        .await
    }

    fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        _: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        let id = headers.get(ID_HEADER).ok_or(InvalidSignature)?;
        Ok(Notice { id: domain::EventId::new(id.clone()), raw: String::from_utf8_lossy(body).into_owned() })
    }

    fn parse_notice(&self, notice: &Notice, _: Timestamp) -> ParsedNotice {
        // The text of a notice is the id of its event in the gateway's books.
        match lock(&self.0.ledger).find_event(&notice.raw) {
            Some(event) => mutants::plant_notice(&self.0, event),
            None => ParsedNotice::Unintelligible { fault: "The gateway has no such event." },
        }
    }

    async fn check(&self, _: &AttemptLog) -> Result<GatewayCheck, NoResponse> {
        Ok(GatewayCheck::Ready("It is a double.".to_owned()))
    }

    fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        let body = if duplicate { "again" } else { "stored" };
        Acknowledgement { status: 200, content_type: "text/plain", body: body.to_owned() }
    }
}
