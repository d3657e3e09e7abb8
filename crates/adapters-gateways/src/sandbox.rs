//! A gateway that moves no money.
//!
//! What it decides is a pure function of what it is asked (the token, the ids, `created_at`) and of the time. A second
//! instance, or one that was started again, therefore gives the same answers about the same charge: that is what a real
//! gateway's idempotency key gives, and the sandbox needs no memory for it. Its notices live in memory only: one that
//! was not delivered when the process ended is lost, as it may be with any gateway, and reconciliation finds out.

mod courier;
mod decision;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{GatewayName, Money, RefundId, Timestamp, payment::Event, payment::EventKind};
use ports::{Charge, Clock, Gateway, InvalidSignature, Meaning, Notice, NoticeHeaders, Unanswered};

use crate::{WebhookSecrets, masking, notice};
use courier::Courier;
use decision::Token;

pub(crate) use decision::derived;

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
    courier: Courier,
}

impl Sandbox {
    /// Opens the sandbox; notices go out once it knows where to.
    #[must_use]
    pub fn open(config: SandboxConfig, clock: Arc<dyn Clock>) -> Self {
        Self {
            courier: Courier::new(&config, Arc::clone(&clock)),
            clock,
            secrets: config.secrets,
            pending_delay: config.pending_delay,
            dispute_delay: config.dispute_delay,
        }
    }

    /// Tells where notices go, once the service knows its port; what comes first, here or in the configuration, holds.
    pub fn set_callback_base(&self, base: String) {
        self.courier.set_callback_base(base);
    }

    /// Ends all deliveries and waits for that. A notice that was not delivered is lost.
    pub async fn stop(&self) {
        self.courier.stop().await;
    }

    /// What has happened, or will have, because of a charge, oldest first: its last word is the answer.
    fn course(&self, charge: &Charge, token: Token) -> Vec<Event> {
        decision::course(charge, token, self.settled_at(charge, token))
    }

    fn settled_at(&self, charge: &Charge, token: Token) -> Timestamp {
        let delay = if token == Token::Pending { self.pending_delay } else { Duration::ZERO };
        charge.created_at.plus(delay)
    }

    /// Sends the notice of a dispute, if that capture will be disputed.
    fn dispute(&self, charge: &Charge, captured: Option<&Event>) {
        if let Some(captured) = captured
            && captured.kind == EventKind::Captured
            && Token::of(charge) == Token::Dispute
        {
            let at = captured.at.plus(self.dispute_delay);
            let kind = EventKind::Disputed;
            let id = notice::id(kind, &captured.transaction, None);
            let dispute = Event { id, kind, at, ..captured.clone() };
            self.courier.send(&[dispute], at.since(self.clock.now()));
        }
    }

    fn done(&self, event: Event) -> Option<Event> {
        self.courier.send(std::slice::from_ref(&event), Duration::ZERO);
        Some(event)
    }
}

#[async_trait]
impl Gateway for Sandbox {
    fn name(&self) -> GatewayName {
        GatewayName::new(NAME.to_owned())
    }

    fn accepts(&self, token: &str) -> bool {
        Token::parse(token).is_some()
    }

    async fn charge(&self, charge: Charge) -> Result<Option<Event>, Unanswered> {
        let token = Token::of(&charge);
        let mut course = self.course(&charge, token);
        match token {
            Token::Visa | Token::Declined | Token::Dispute => {
                self.courier.send(&course, Duration::ZERO);
                self.dispute(&charge, course.last());
                Ok(course.pop())
            }
            Token::Pending => {
                self.courier.send(&course, self.settled_at(&charge, token).since(self.clock.now()));
                Ok(None)
            }
            Token::Timeout => Err(Unanswered),
        }
    }

    async fn charge_again(&self, charge: Charge) -> Result<Option<Event>, Unanswered> {
        let token = Token::of(&charge);
        if self.clock.now() < self.settled_at(&charge, token) {
            return Ok(None);
        }
        let answer = self.course(&charge, token).pop();
        // Whoever asks may never have heard, nor ever hear, of the dispute from a process that ended.
        self.dispute(&charge, answer.as_ref());
        Ok(answer)
    }

    async fn capture(&self, charge: Charge, amount: Money) -> Result<Option<Event>, Unanswered> {
        let captured = decision::event(&charge, EventKind::Captured, amount, self.clock.now());
        self.dispute(&charge, Some(&captured));
        Ok(self.done(captured))
    }

    async fn void(&self, charge: Charge) -> Result<Option<Event>, Unanswered> {
        Ok(self.done(decision::event(&charge, EventKind::Voided, charge.amount, self.clock.now())))
    }

    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
    ) -> Result<Option<Event>, Unanswered> {
        let event = decision::event(&charge, EventKind::RefundSucceeded, amount, self.clock.now());
        let id = notice::id(event.kind, &event.transaction, Some(&refund));
        Ok(self.done(Event { id, refund: Some(refund), ..event }))
    }

    fn verify(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        let id = self.secrets.verify(headers, body, now)?;
        Ok(Notice { id: masking::masked_id(id), raw: masking::masked_body(body) })
    }

    fn understand(&self, notice: &Notice, received_at: Timestamp) -> Meaning {
        notice::understand(notice, received_at)
    }
}

#[cfg(test)]
mod tests;
