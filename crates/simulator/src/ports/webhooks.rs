//! The way to receivers: messages are lost, answers are lost, and receivers refuse.

use std::{sync::Arc, time::Duration};

use application::webhooks::MessageRenderer;
use async_trait::async_trait;
use domain::{
    EndpointId, FeedEvent, FeedSequence, Invalid, Timestamp, WebhookDelivery,
    webhook::{AttemptResult, WebhookUrl},
};
use ports::{SecretCipher, WebhookAnswer, WebhookMessage, WebhookSender};

use crate::{faults::Fault, lock::lock, mutants::Mutant, webhooks::Receipt, world::World};

/// How long a slow receiver may take, in milliseconds.
const SLOW_MS: u64 = 15_000;

/// Sends messages of one instance.
pub(crate) struct SimSender(pub(crate) Arc<World>);

fn answered(status: u16) -> WebhookAnswer {
    WebhookAnswer { result: AttemptResult::Answered { status, body: None }, retry_after: None }
}

fn no_answer() -> WebhookAnswer {
    WebhookAnswer { result: AttemptResult::NoAnswer("timed out".to_owned()), retry_after: None }
}

#[async_trait]
impl WebhookSender for SimSender {
    async fn check_url(&self, _: &WebhookUrl) -> Result<(), Invalid> {
        self.0.pause(3).await;
        Ok(())
    }

    async fn send_message(&self, message: &WebhookMessage) -> WebhookAnswer {
        let Self(world) = self;
        world.pause(30).await;
        if world.strikes(Fault::LoseWebhook) {
            return if world.has_mutant(Mutant::SilenceIsSuccess) { answered(200) } else { no_answer() };
        }
        if world.strikes(Fault::RefuseWebhook) {
            return answered(500);
        }
        if world.strikes(Fault::LoseReceiver) {
            return answered(410);
        }
        world.trace(|| format!("{} arrives at {}", message.id, message.url.as_str()));
        let receipt = Receipt {
            message: message.id.to_string(),
            body: message.body.clone(),
            signed_by: message.secrets.iter().map(|it| it.expose_secret().to_owned()).collect(),
        };
        let fault = lock(&world.hooks).receive(message.url.as_str(), receipt, world.elapsed());
        if let Some(fault) = fault {
            world.report_violation(fault);
        }
        if world.strikes(Fault::SlowReceiver) {
            tokio::time::sleep(Duration::from_millis(world.chance.below(SLOW_MS))).await;
        }
        if world.strikes(Fault::LoseWebhookAnswer) { no_answer() } else { answered(204) }
    }
}

/// Makes secrets that are all different, and encrypts nothing.
pub(crate) struct SimSecrets(pub(crate) Arc<World>);

impl SecretCipher for SimSecrets {
    fn generate_secret(&self) -> String {
        format!("secret{}", self.0.next_number())
    }

    fn encrypt_text(&self, _: &str, text: &str) -> String {
        text.to_owned()
    }

    fn decrypt_text(&self, _: &str, encrypted: &str) -> Option<String> {
        Some(encrypted.to_owned())
    }
}

/// Writes messages as words: number, id, type, subject and content.
pub(crate) struct SimMessages;

impl MessageRenderer for SimMessages {
    fn render_event(&self, sequence: FeedSequence, event: &FeedEvent) -> String {
        let (kind, subject) = (event.kind.as_str(), event.subject.id());
        format!("{} {} {kind} {subject} {}", sequence.get(), event.id, event.data)
    }

    fn render_test(&self, delivery: &WebhookDelivery, endpoint: &EndpointId, _: Timestamp) -> String {
        format!("test {} {endpoint}", delivery.message)
    }
}
