//! A sender that answers as a test says, and the other things that webhooks need.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    EndpointId, FeedEvent, FeedSequence, Invalid, Timestamp, WebhookDelivery,
    webhook::{AttemptResult, WebhookUrl},
};
use ports::{SecretCipher, WebhookAnswer, WebhookMessage, WebhookSender};

use crate::webhooks::MessageRenderer;

/// Keeps what it is asked to send. It answers 200 unless the test has said otherwise.
#[derive(Default)]
pub(crate) struct ScriptedSender {
    answers: Mutex<VecDeque<WebhookAnswer>>,
    sent: Mutex<Vec<WebhookMessage>>,
    refused_url: Mutex<Option<String>>,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

/// An answer with that status.
pub(crate) fn answer_status(status: u16) -> WebhookAnswer {
    WebhookAnswer { result: AttemptResult::Answered { status, body: None }, retry_after: None }
}

impl ScriptedSender {
    /// The next message without a scripted answer gets this one.
    pub(crate) fn push_answer(&self, answer: WebhookAnswer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    /// Takes back an answer that was not given yet.
    pub(crate) fn take_answer(&self) -> Option<WebhookAnswer> {
        self.answers.lock().unwrap().pop_front()
    }

    /// From now on this address may not be used.
    pub(crate) fn refuse_url(&self, url: &str) {
        *self.refused_url.lock().unwrap() = Some(url.to_owned());
    }

    /// Takes what was sent since the last call, oldest first.
    pub(crate) fn take_sent(&self) -> Vec<WebhookMessage> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    /// The largest number of messages that were on their way at once.
    pub(crate) fn most_running(&self) -> usize {
        self.most_running.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl WebhookSender for ScriptedSender {
    async fn check_url(&self, url: &WebhookUrl) -> Result<(), Invalid> {
        let refused = self.refused_url.lock().unwrap();
        if refused.as_deref() == Some(url.as_str()) { Err(Invalid("must not be this one")) } else { Ok(()) }
    }

    async fn send_message(&self, message: &WebhookMessage) -> WebhookAnswer {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.sent.lock().unwrap().push(message.clone());
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| answer_status(200))
    }
}

/// Encrypts by saying so, so that a test sees what was encrypted for what.
pub(crate) struct MarkingCipher(AtomicUsize);

impl MarkingCipher {
    pub(super) const fn new() -> Self {
        Self(AtomicUsize::new(1))
    }
}

impl SecretCipher for MarkingCipher {
    fn generate_secret(&self) -> String {
        format!("secret-{}", self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn encrypt_text(&self, purpose: &str, text: &str) -> String {
        format!("encrypted|{purpose}|{text}").chars().rev().collect()
    }

    fn decrypt_text(&self, purpose: &str, encrypted: &str) -> Option<String> {
        let plain: String = encrypted.chars().rev().collect();
        plain.strip_prefix(&format!("encrypted|{purpose}|")).map(str::to_owned)
    }
}

/// Writes messages in few words.
pub(crate) struct ShortMessages;

impl MessageRenderer for ShortMessages {
    fn render_event(&self, sequence: FeedSequence, event: &FeedEvent) -> String {
        format!("{} {} {}", sequence.get(), event.kind.as_str(), event.data)
    }

    fn render_test(&self, delivery: &WebhookDelivery, endpoint: &EndpointId, _: Timestamp) -> String {
        format!("{} of {endpoint}", delivery.event_type)
    }
}
