//! A gateway that moves no money.
//!
//! What it decides is a pure function of what it is asked (the token, the ids, `created_at`) and of the time.
//! A second instance, or one that was started again, therefore gives the same answers about the same charge:
//! that is what a real gateway's idempotency key gives, and the sandbox needs no memory for it. What it
//! remembers (the `Ledger`) is what an instance was asked to capture, to give up and to give back; asked
//! again after it has forgotten, it does the same. Its notices live in memory only: one that was not
//! delivered when the process ended is lost, as it may be with any gateway, and reconciliation finds out.

mod config;
mod decision;
mod ledger;
mod webhook_sender;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    GatewayName, Money, RefundId, Timestamp,
    payment::{EventKind, PaymentEvent},
};
use ports::{
    Acknowledgement, Answer, Charge, Clock, Gateway, InvalidSignature, Lookup, LookupAnswer, LookupSubject,
    NoResponse, Notice, NoticeHeaders, ParsedNotice, PortError,
};

use crate::{WebhookSecrets, masking, notice};
use config::NAME;
use decision::TestToken;
use ledger::{Entry, Ledger};
use webhook_sender::WebhookSender;

pub use config::SandboxConfig;

/// For how long it says that it knows a key, as many gateways do.
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A gateway that moves no money, on the far side of a network. Dropping it ends its deliveries.
pub struct Sandbox {
    clock: Arc<dyn Clock>,
    secrets: WebhookSecrets,
    pending_delay: Duration,
    dispute_delay: Duration,
    ledger: Ledger,
    webhooks: WebhookSender,
}

impl Sandbox {
    /// Opens the sandbox.
    ///
    /// # Errors
    /// [`PortError`] when there can be no HTTP client.
    pub fn open(config: SandboxConfig, clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        Ok(Self {
            webhooks: WebhookSender::new(&config, Arc::clone(&clock))?,
            clock,
            ledger: Ledger::default(),
            secrets: config.secrets,
            pending_delay: config.pending_delay,
            dispute_delay: config.dispute_delay,
        })
    }

    /// Tells where notices go, once the service knows its port; what comes first, here or in the
    /// configuration, holds.
    pub fn set_callback_base(&self, base: String) {
        self.webhooks.set_callback_base(base);
    }

    /// Ends all deliveries and waits for that. A notice that was not delivered is lost.
    pub async fn stop(&self) {
        self.webhooks.stop().await;
    }

    /// What has happened, or will have, because of a charge, oldest first: its last word is the answer.
    fn charge_events(&self, charge: &Charge, token: TestToken) -> Vec<PaymentEvent> {
        decision::decide_events(charge, token, self.settled_at(charge, token))
    }

    fn settled_at(&self, charge: &Charge, token: TestToken) -> Timestamp {
        let delay = if token == TestToken::Pending { self.pending_delay } else { Duration::ZERO };
        charge.created_at.saturating_add(delay)
    }

    /// Sends the notice of a dispute, if that capture will be disputed.
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

    /// Remembers what was done, sends its notice, and answers.
    fn send_event(&self, entry: Entry, event: PaymentEvent) -> Answer {
        self.ledger.record(entry, event.clone());
        self.webhooks.send_events(std::slice::from_ref(&event), Duration::ZERO);
        event.into()
    }

    /// Finds out how far a payment has come.
    fn find_payment(&self, charge: &Charge) -> LookupAnswer {
        let Some(token) = TestToken::parse(charge.token.expose_secret()) else {
            return LookupAnswer::Unknown;
        };
        if token == TestToken::Unreached && !self.ledger.has_arrived(&charge.transaction) {
            return LookupAnswer::Unknown;
        }
        let reference = Some(decision::payment_reference(&charge.transaction));
        if let Some(event) = self.ledger.find(&Entry::Operation(charge.transaction.clone())) {
            return LookupAnswer::Found { reference, events: vec![event] };
        }
        if self.clock.now() < self.settled_at(charge, token) {
            return LookupAnswer::Found { reference, events: Vec::new() };
        }
        let last = self.charge_events(charge, token).pop();
        // Who asks may never have heard, nor ever hear, of the dispute from a process that ended. A notice is
        // no effect: it only says once more what has happened here.
        self.send_dispute(charge, last.as_ref());
        LookupAnswer::Found { reference, events: last.into_iter().collect() }
    }

    fn find_refund(&self, charge: &Charge, id: &RefundId) -> LookupAnswer {
        match self.ledger.find(&Entry::Refund(charge.transaction.clone(), id.clone())) {
            Some(event) => {
                LookupAnswer::Found { reference: event.references.refund.clone(), events: vec![event] }
            }
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

    fn key_lifetime(&self) -> Duration {
        KEY_LIFETIME
    }

    async fn charge(&self, charge: Charge) -> Result<Answer, NoResponse> {
        let token = TestToken::from_charge(&charge);
        let mut course = self.charge_events(&charge, token);
        let reference = Some(decision::payment_reference(&charge.transaction));
        match token {
            TestToken::Unreached if self.ledger.is_first_attempt(&charge.transaction) => {
                Err(NoResponse::Lost)
            }
            TestToken::Visa | TestToken::Declined | TestToken::Dispute | TestToken::Unreached => {
                self.webhooks.send_events(&course, Duration::ZERO);
                self.send_dispute(&charge, course.last());
                Ok(course.pop().map_or(Answer::Accepted { reference }, Answer::from))
            }
            TestToken::Pending => {
                self.webhooks.send_events(
                    &course,
                    self.settled_at(&charge, token).saturating_duration_since(self.clock.now()),
                );
                Ok(Answer::Accepted { reference })
            }
            TestToken::Timeout => Err(NoResponse::Lost),
        }
    }

    async fn look_up(&self, lookup: Lookup) -> Result<LookupAnswer, NoResponse> {
        Ok(match &lookup.subject {
            LookupSubject::Payment => self.find_payment(&lookup.charge),
            LookupSubject::Refund { id, .. } => self.find_refund(&lookup.charge, id),
        })
    }

    async fn capture(&self, charge: Charge, amount: Money) -> Result<Answer, NoResponse> {
        let captured = decision::build_event(&charge, EventKind::Captured, amount, self.clock.now());
        self.send_dispute(&charge, Some(&captured));
        Ok(self.send_event(Entry::Operation(charge.transaction), captured))
    }

    async fn void(&self, charge: Charge) -> Result<Answer, NoResponse> {
        let voided = decision::build_event(&charge, EventKind::Voided, charge.amount, self.clock.now());
        Ok(self.send_event(Entry::Operation(charge.transaction), voided))
    }

    async fn refund(&self, charge: Charge, refund: RefundId, amount: Money) -> Result<Answer, NoResponse> {
        let event = decision::refund(&charge, &refund, amount, self.clock.now());
        Ok(self.send_event(Entry::Refund(charge.transaction, refund), event))
    }

    fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        let id = self.secrets.verify_notice(headers, body, now)?;
        Ok(Notice { id: masking::mask_event_id(id), raw: masking::mask_body(body) })
    }

    fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice {
        notice::parse_notice(notice, received_at)
    }

    fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        let body = format!(r#"{{"received":true,"duplicate":{duplicate}}}"#);
        Acknowledgement { status: 200, content_type: "application/json", body }
    }
}

#[cfg(test)]
mod tests;
