//! A gateway that moves no money.
//!
//! What it decides is a pure function of what it is asked (the token, the ids, `created_at`) and of the time. A second
//! instance, or one that was started again, therefore gives the same answers about the same charge: that is what a real
//! gateway's idempotency key gives, and the sandbox needs no memory for it. Its notices live in memory only: one that
//! was not delivered when the process ended is lost, as it may be with any gateway, and reconciliation finds out.

mod decision;
mod webhook_sender;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{GatewayName, Money, RefundId, Timestamp, payment::EventKind, payment::PaymentEvent};
use ports::{Charge, Clock, Gateway, InvalidSignature, NoResponse, Notice, NoticeHeaders, ParsedNotice};

use crate::{WebhookSecrets, masking, notice};
use decision::TestToken;
use webhook_sender::WebhookSender;

pub(crate) use decision::derive_id;

/// The sandbox's name, as it stands in a URL.
const NAME: &str = "sandbox";

/// How the sandbox behaves.
#[derive(Debug)]
pub struct SandboxConfig {
    /// What notices are signed and checked with.
    pub secrets: WebhookSecrets,
    /// Where notices go: scheme, host and port of the service, such as `http://127.0.0.1:8080`. If it is not known yet,
    /// see [`Sandbox::set_callback_base`].
    pub callback_base: Option<String>,
    /// How long `tok_pending` takes.
    pub pending_delay: Duration,
    /// How long after the capture `tok_dispute` is disputed.
    pub dispute_delay: Duration,
    /// How often each notice is sent.
    pub deliveries: u8,
    /// How long to wait before a notice that was not taken is sent again the first time; then four times as long each.
    pub retry_pause: Duration,
}

impl SandboxConfig {
    /// The sandbox as it is meant: every notice twice, 10 s for `tok_pending`, a dispute after 1 s.
    #[must_use]
    pub const fn new(secrets: WebhookSecrets) -> Self {
        Self {
            secrets,
            callback_base: None,
            pending_delay: Duration::from_secs(10),
            dispute_delay: Duration::from_secs(1),
            deliveries: 2,
            retry_pause: Duration::from_millis(500),
        }
    }
}

/// A gateway that moves no money, on the far side of a network. Dropping it ends its deliveries.
pub struct Sandbox {
    clock: Arc<dyn Clock>,
    secrets: WebhookSecrets,
    pending_delay: Duration,
    dispute_delay: Duration,
    webhooks: WebhookSender,
}

impl Sandbox {
    /// Opens the sandbox. It sends no notice before it knows where to.
    #[must_use]
    pub fn open(config: SandboxConfig, clock: Arc<dyn Clock>) -> Self {
        Self {
            webhooks: WebhookSender::new(&config, Arc::clone(&clock)),
            clock,
            secrets: config.secrets,
            pending_delay: config.pending_delay,
            dispute_delay: config.dispute_delay,
        }
    }

    /// Tells where notices go, once the service knows its port; what comes first, here or in the configuration, holds.
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
            let id = notice::event_id(kind, &captured.transaction, None);
            let dispute = PaymentEvent { id, kind, at, ..captured.clone() };
            self.webhooks.send_events(&[dispute], at.saturating_duration_since(self.clock.now()));
        }
    }

    fn send_event(&self, event: PaymentEvent) -> Option<PaymentEvent> {
        self.webhooks.send_events(std::slice::from_ref(&event), Duration::ZERO);
        Some(event)
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

    async fn charge(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse> {
        let token = TestToken::from_charge(&charge);
        let mut course = self.charge_events(&charge, token);
        match token {
            TestToken::Visa | TestToken::Declined | TestToken::Dispute => {
                self.webhooks.send_events(&course, Duration::ZERO);
                self.send_dispute(&charge, course.last());
                Ok(course.pop())
            }
            TestToken::Pending => {
                self.webhooks.send_events(
                    &course,
                    self.settled_at(&charge, token).saturating_duration_since(self.clock.now()),
                );
                Ok(None)
            }
            TestToken::Timeout => Err(NoResponse),
        }
    }

    async fn retry_charge(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse> {
        let token = TestToken::from_charge(&charge);
        if self.clock.now() < self.settled_at(&charge, token) {
            return Ok(None);
        }
        let answer = self.charge_events(&charge, token).pop();
        // Whoever asks may never have heard, nor ever hear, of the dispute from a process that ended.
        self.send_dispute(&charge, answer.as_ref());
        Ok(answer)
    }

    async fn capture(&self, charge: Charge, amount: Money) -> Result<Option<PaymentEvent>, NoResponse> {
        let captured = decision::build_event(&charge, EventKind::Captured, amount, self.clock.now());
        self.send_dispute(&charge, Some(&captured));
        Ok(self.send_event(captured))
    }

    async fn void(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse> {
        Ok(self.send_event(decision::build_event(
            &charge,
            EventKind::Voided,
            charge.amount,
            self.clock.now(),
        )))
    }

    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
    ) -> Result<Option<PaymentEvent>, NoResponse> {
        let event = decision::build_event(&charge, EventKind::RefundSucceeded, amount, self.clock.now());
        let id = notice::event_id(event.kind, &event.transaction, Some(&refund));
        Ok(self.send_event(PaymentEvent { id, refund: Some(refund), ..event }))
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
}

#[cfg(test)]
mod tests;
