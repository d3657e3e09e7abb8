//! What operators asked for, and what receivers got.

use std::{collections::BTreeSet, time::Duration};

use domain::webhook::EventTypes;

use super::secrets::KnownSecrets;

/// The types of events that each endpoint wants; none are all of them.
const TYPES: [&[&str]; 2] = [&[], &["order.placed", "order.paid", "payment.captured", "refund.succeeded"]];
/// The most endpoints that are made in a history, deleted ones included.
const ENDPOINTS_MAX: usize = 5;
/// How long after its answer a closed or deleted endpoint may still get what was on its way.
const QUIET_AFTER: Duration = Duration::from_secs(120);

/// A message that a receiver got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The `webhook-id`.
    pub(crate) message: String,
    /// The body, as it was rendered.
    pub(crate) body: String,
    /// The secrets that sign it, the newest first.
    pub(crate) signed_by: Vec<String>,
}

/// An endpoint, as its operator knows it.
#[derive(Debug, Clone)]
pub(crate) struct KnownEndpoint {
    /// The idempotency key of the request that makes it.
    pub(super) key: String,
    /// The public id; `None` until the operator knows it.
    pub(crate) id: Option<String>,
    /// The types of events that it wants.
    pub(crate) types: EventTypes,
    /// The last number of the feed when it was certainly there: every later event belongs to it.
    pub(crate) begins_after: i64,
    /// How many requests to open it have no answer.
    pub(super) openings: u32,
    /// When the last one was sent.
    pub(super) opening_sent: Option<Duration>,
    /// Since when an operator has certainly closed it.
    pub(super) closed_at: Option<Duration>,
    /// Whether an operator has asked to delete it. From then on only this is asked for, until it is answered.
    pub(crate) is_leaving: bool,
    /// Since when it is certainly deleted.
    pub(super) deleted_at: Option<Duration>,
    /// Its secrets.
    pub(super) secrets: KnownSecrets,
    /// Messages that an operator had sent again: these may overtake others.
    pub(crate) sent_again: BTreeSet<String>,
    /// All that arrived, in the order of arrival.
    pub(crate) receipts: Vec<Receipt>,
}

/// All endpoints of a world, with their receivers.
pub(crate) struct WebhookModel {
    pub(crate) endpoints: Vec<KnownEndpoint>,
}

impl Default for WebhookModel {
    fn default() -> Self {
        let types = |it: &&[&str]| EventTypes::new(it.iter().map(|it| (*it).to_owned()));
        let endpoints = TYPES.iter().map(types).enumerate();
        Self { endpoints: endpoints.map(|(number, types)| KnownEndpoint::new(number, types)).collect() }
    }
}

impl KnownEndpoint {
    /// One that is to be made.
    fn new(number: usize, types: EventTypes) -> Self {
        Self {
            key: format!("endpoint{number}"),
            id: None,
            types,
            begins_after: 0,
            openings: 0,
            opening_sent: None,
            closed_at: None,
            is_leaving: false,
            deleted_at: None,
            secrets: KnownSecrets::default(),
            sent_again: BTreeSet::new(),
            receipts: Vec::new(),
        }
    }

    /// What is wrong with a message that arrives now.
    fn judge_receipt(&self, receipt: &Receipt, now: Duration) -> Option<String> {
        let is_over = |since: Option<Duration>| since.is_some_and(|at| at + QUIET_AFTER < now);
        if is_over(self.deleted_at) {
            return Some("came though its endpoint is deleted".to_owned());
        }
        if is_over(self.closed_at) {
            return Some("came though its endpoint is closed".to_owned());
        }
        let signed_by: Vec<_> = receipt.signed_by.iter().map(String::as_str).collect();
        let other = self.receipts.iter().find(|it| it.message == receipt.message);
        let other = other.filter(|it| it.body != receipt.body);
        let is_changed = other.map(|it| format!("was {} and is {}", it.body, receipt.body));
        is_changed.or_else(|| self.secrets.judge_signature(&signed_by, now))
    }
}

impl WebhookModel {
    /// The address of a receiver.
    pub(super) fn url_of(number: usize) -> String {
        format!("https://receiver{number}.example/hooks")
    }

    /// How many messages all receivers got.
    pub(crate) fn count_messages(&self) -> usize {
        self.endpoints.iter().map(|it| it.receipts.len()).sum()
    }

    /// A message arrives at an address; a sentence if it must not.
    pub(crate) fn receive(&mut self, url: &str, receipt: Receipt, now: Duration) -> Option<String> {
        let number = (0..self.endpoints.len()).find(|it| Self::url_of(*it) == url)?;
        let endpoint = self.endpoints.get_mut(number)?;
        let fault = endpoint.judge_receipt(&receipt, now);
        let fault = fault.map(|it| format!("message {} {it}", receipt.message));
        endpoint.receipts.push(receipt);
        fault
    }

    /// An endpoint is certainly deleted; another one with the same types takes its place.
    pub(super) fn note_deletion(&mut self, number: usize, now: Duration) {
        let next = self.endpoints.len();
        let Some(endpoint) = self.endpoints.get_mut(number).filter(|it| it.deleted_at.is_none()) else {
            return;
        };
        endpoint.deleted_at = Some(now);
        let types = endpoint.types.clone();
        if next < ENDPOINTS_MAX {
            self.endpoints.push(KnownEndpoint::new(next, types));
        }
    }
}
