//! A gateway that moves no money.
//!
//! Its decisions are pure functions of the request (token, ids, `created_at`) and the time. So every
//! instance, also after a restart, gives the same answer to the same charge, as a real gateway does by its
//! idempotency keys, and the sandbox needs no memory for that. Its `Ledger` holds the captures, voids and
//! refunds that this instance has done, for lookups; a request that is sent again after it was forgotten has
//! the same result. Notices that wait for their delivery are in memory only and are lost when the process
//! ends, as with any gateway; reconciliation replaces them.

mod config;
mod decision;
mod ledger;
mod recording;
mod statement;
mod webhook_sender;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    GatewayName, Money, RefundId, Timestamp,
    payment::{CaptureMethod, EventKind, GatewayReference, PaymentEvent},
};
use ports::{
    Acknowledgement, Answer, AttemptLog, Charge, Clock, Gateway, GatewayCheck, InvalidSignature, Lookup,
    LookupAnswer, LookupRemarks, LookupSubject, NoResponse, Notice, NoticeHeaders, ParsedNotice, Statement,
    StatementFaults, Unsupported,
};

use crate::{WebhookSecrets, masking, notice};
use config::NAME;
use decision::TestToken;
use ledger::{Entry, Ledger};
use recording::{OpenCall, Request};
use webhook_sender::WebhookSender;

pub use config::SandboxConfig;

/// The lifetime of idempotency keys, a usual one. The sandbox itself never forgets a key.
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A gateway that moves no money. It sends its notices over HTTP; dropping it ends the deliveries.
pub struct Sandbox {
    clock: Arc<dyn Clock>,
    secrets: WebhookSecrets,
    pending_delay: Duration,
    dispute_delay: Duration,
    ledger: Ledger,
    webhooks: WebhookSender,
}

impl Sandbox {
    /// Opens the sandbox. Deliveries fail, and are retried, until the callback base is set.
    #[must_use]
    pub fn open(config: SandboxConfig, clock: Arc<dyn Clock>) -> Self {
        Self {
            webhooks: WebhookSender::new(&config, Arc::clone(&clock)),
            clock,
            ledger: Ledger::default(),
            secrets: config.secrets,
            pending_delay: config.pending_delay,
            dispute_delay: config.dispute_delay,
        }
    }

    /// Sets where notices are sent, once the service knows its port. No effect if it is set already, here or
    /// in the configuration.
    pub fn set_callback_base(&self, base: String) {
        self.webhooks.set_callback_base(base);
    }

    /// Ends all deliveries and waits for their tasks. A notice that was not delivered is lost.
    pub async fn stop(&self) {
        self.webhooks.stop().await;
    }

    /// Returns the events of a charge, oldest first. Their time may lie in the future. The last one is the
    /// result.
    fn charge_events(&self, charge: &Charge, token: TestToken) -> Vec<PaymentEvent> {
        decision::decide_events(charge, token, self.settled_at(charge, token))
    }

    /// Answers a charge and sends its notices, as its token says.
    fn answer_charge(&self, charge: &Charge) -> Result<Answer, NoResponse> {
        let token = TestToken::from_charge(charge);
        let mut events = self.charge_events(charge, token);
        let reference = Some(decision::payment_reference(&charge.transaction));
        match token {
            TestToken::Unreached if self.ledger.is_first_attempt(&charge.transaction) => {
                Err(NoResponse::Lost)
            }
            TestToken::Visa | TestToken::Declined | TestToken::Dispute | TestToken::Unreached => {
                self.webhooks.send_events(&events, Duration::ZERO);
                self.send_dispute(charge, events.last());
                Ok(events.pop().map_or(Answer::Accepted { reference, next_action: None }, Answer::from))
            }
            TestToken::Pending => {
                self.webhooks.send_events(
                    &events,
                    self.settled_at(charge, token).saturating_duration_since(self.clock.now()),
                );
                Ok(Answer::Accepted { reference, next_action: None })
            }
            TestToken::Timeout => Err(NoResponse::Lost),
        }
    }

    fn settled_at(&self, charge: &Charge, token: TestToken) -> Timestamp {
        let delay = if token == TestToken::Pending { self.pending_delay } else { Duration::ZERO };
        charge.created_at.saturating_add(delay)
    }

    /// Sends the notice of a dispute after its delay, if the event is a capture whose token is `tok_dispute`.
    fn send_dispute(&self, charge: &Charge, captured: Option<&PaymentEvent>) {
        if let Some(captured) = captured
            && captured.kind == EventKind::Captured
            && TestToken::from_charge(charge) == TestToken::Dispute
        {
            let at = captured.at.saturating_add(self.dispute_delay);
            let kind = EventKind::Disputed;
            let id = notice::event_id(kind, &charge.transaction, None);
            let dispute = PaymentEvent { id, kind, at, ..captured.clone() };
            self.webhooks.send_events(&[dispute], at.saturating_duration_since(self.clock.now()));
        }
    }

    /// Records an operation, sends its notice, and returns the answer.
    fn send_event(&self, entry: Entry, event: PaymentEvent) -> Answer {
        self.ledger.record(entry, event.clone());
        self.webhooks.send_events(std::slice::from_ref(&event), Duration::ZERO);
        event.into()
    }

    /// Returns the last event of a payment that has happened by now.
    fn find_payment(&self, charge: &Charge) -> LookupAnswer {
        let Some(token) = TestToken::parse(charge.token.expose_secret()) else {
            return LookupAnswer::Unknown;
        };
        if token == TestToken::Unreached && !self.ledger.has_arrived(&charge.transaction) {
            return LookupAnswer::Unknown;
        }
        let reference = Some(decision::payment_reference(&charge.transaction));
        if let Some(event) = self.ledger.find(&Entry::Operation(charge.transaction.clone())) {
            return LookupAnswer::Found {
                reference,
                events: vec![event],
                next_action: None,
                remarks: LookupRemarks::default(),
            };
        }
        if self.clock.now() < self.settled_at(charge, token) {
            return LookupAnswer::Found {
                reference,
                events: Vec::new(),
                next_action: None,
                remarks: LookupRemarks::default(),
            };
        }
        let last = self.charge_events(charge, token).pop();
        // The notice of the dispute may have been lost with the process that had to send it, so it is sent
        // again. It is no effect of the lookup: the dispute follows from the token.
        self.send_dispute(charge, last.as_ref());
        LookupAnswer::Found {
            reference,
            events: last.into_iter().collect(),
            next_action: None,
            remarks: LookupRemarks::default(),
        }
    }

    /// A refund whose reference is known was made, by another instance or before a restart; this one has no memory
    /// of its time.
    fn find_refund(
        &self,
        charge: &Charge,
        id: &RefundId,
        reference: Option<&GatewayReference>,
    ) -> LookupAnswer {
        match self.ledger.find(&Entry::Refund(charge.transaction.clone(), id.clone())) {
            Some(event) => LookupAnswer::Found {
                reference: event.references.refund.clone(),
                events: vec![event],
                next_action: None,
                remarks: LookupRemarks::default(),
            },
            None if reference == Some(&decision::refund_reference(charge, id)) => LookupAnswer::CannotTell,
            None => LookupAnswer::Unknown,
        }
    }
}

#[async_trait]
impl Gateway for Sandbox {
    fn name(&self) -> GatewayName {
        GatewayName::new(NAME.to_owned())
    }

    fn accepts_token(&self, token: &str) -> bool {
        TestToken::parse(token).is_some()
    }

    fn supports(&self, _: Money, _: CaptureMethod) -> Result<(), Unsupported> {
        Ok(())
    }

    fn key_lifetime(&self) -> Duration {
        KEY_LIFETIME
    }

    async fn charge(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let call = OpenCall::new("charge", &Request::from_charge(&charge), &*self.clock);
        call.end(self.answer_charge(&charge), log)
    }

    async fn look_up(&self, lookup: Lookup, log: &AttemptLog) -> Result<LookupAnswer, NoResponse> {
        let (request, answer) = match &lookup.subject {
            LookupSubject::Payment => (Request::default(), self.find_payment(&lookup.charge)),
            LookupSubject::Refund { id, reference, .. } => {
                let answer = self.find_refund(&lookup.charge, id, reference.as_ref());
                (Request::default().about_refund(id), answer)
            }
        };
        OpenCall::new("look-up", &request, &*self.clock).end(Ok(answer), log)
    }

    async fn capture(&self, charge: Charge, amount: Money, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let call = OpenCall::new("capture", &Request::from_amount(amount), &*self.clock);
        let captured = decision::build_event(&charge, EventKind::Captured, amount, self.clock.now());
        self.send_dispute(&charge, Some(&captured));
        call.end(Ok(self.send_event(Entry::Operation(charge.transaction), captured)), log)
    }

    async fn void(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let call = OpenCall::new("void", &Request::default(), &*self.clock);
        let voided = decision::build_event(&charge, EventKind::Voided, charge.amount, self.clock.now());
        call.end(Ok(self.send_event(Entry::Operation(charge.transaction), voided)), log)
    }

    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let request = Request::from_amount(amount).about_refund(&refund);
        let call = OpenCall::new("refund", &request, &*self.clock);
        let event = decision::refund(&charge, &refund, amount, self.clock.now());
        call.end(Ok(self.send_event(Entry::Refund(charge.transaction, refund), event)), log)
    }

    fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        let id = self.secrets.verify_notice(headers, body, now)?;
        Ok(Notice { id: masking::mask_event_id(id), raw: masking::mask_body(body, &notice::MASK_RULES) })
    }

    fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice {
        notice::parse_notice(notice, received_at)
    }

    async fn check(&self, _: &AttemptLog) -> Result<GatewayCheck, NoResponse> {
        Ok(GatewayCheck::Ready("It moves no money; its test tokens are accepted.".to_owned()))
    }

    fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        let body = format!(r#"{{"received":true,"duplicate":{duplicate}}}"#);
        Acknowledgement { status: 200, content_type: "application/json", body }
    }

    fn parse_statement(&self, file: &[u8]) -> Result<Statement, StatementFaults> {
        statement::parse_statement(file)
    }
}

#[cfg(test)]
mod tests;
