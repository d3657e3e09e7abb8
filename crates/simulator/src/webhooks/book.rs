//! What operators asked for, and what receivers got.

use std::{collections::BTreeSet, time::Duration};

use domain::webhook::EventTypes;

/// The types of events that each endpoint wants; none are all of them.
const TYPES: [&[&str]; 2] = [&[], &["order.placed", "order.paid", "payment.captured", "refund.succeeded"]];
/// How long after its answer a closed endpoint may still get what was on its way.
const QUIET_AFTER: Duration = Duration::from_secs(120);

/// A message that a receiver got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The `webhook-id`.
    pub(crate) message: String,
    /// The body, as it was rendered.
    pub(crate) body: String,
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
    /// Messages that an operator had sent again: these may overtake others.
    pub(crate) sent_again: BTreeSet<String>,
    /// All that arrived, in the order of arrival.
    pub(crate) receipts: Vec<Receipt>,
}

/// All endpoints of a world, with their receivers.
pub(crate) struct HookBook {
    pub(crate) endpoints: Vec<KnownEndpoint>,
}

impl Default for HookBook {
    fn default() -> Self {
        let endpoint = |(number, types): (usize, &&[&str])| KnownEndpoint {
            key: format!("endpoint{number}"),
            id: None,
            types: EventTypes::new(types.iter().map(|it| (*it).to_owned())),
            begins_after: 0,
            openings: 0,
            opening_sent: None,
            closed_at: None,
            sent_again: BTreeSet::new(),
            receipts: Vec::new(),
        };
        Self { endpoints: TYPES.iter().enumerate().map(endpoint).collect() }
    }
}

impl HookBook {
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
        let is_closed = endpoint.closed_at.is_some_and(|at| at + QUIET_AFTER < now);
        let other = endpoint.receipts.iter().find(|it| it.message == receipt.message);
        let fault = if is_closed {
            Some(format!("endpoint {number} got {} though it is closed", receipt.message))
        } else {
            other
                .filter(|it| it.body != receipt.body)
                .map(|it| format!("message {} was {} and is {}", it.message, it.body, receipt.body))
        };
        endpoint.receipts.push(receipt);
        fault
    }
}
