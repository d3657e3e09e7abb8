//! The feed of events.

use std::{collections::VecDeque, time::Duration};

use domain::FeedEventType;
use futures_util::{Stream, stream};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Client, Error, Request, Word, page::add_parameter};

/// Pause between two looks at a feed that has nothing new.
const POLL: Duration = Duration::from_secs(1);
/// Events of one page, the most that the service gives.
const PAGE: &str = "100";

/// Calls about the feed: see [`Client::events`].
#[derive(Debug, Clone, Copy)]
pub struct Events<'c>(pub(crate) &'c Client);

/// One page of the feed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventPage {
    /// Events in the order of their numbers; empty when there is nothing new.
    pub data: Vec<Event>,
    /// Number to ask after next.
    pub next_after: u64,
}

/// Something that has happened and is committed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// Id of the event, which is also the `webhook-id` of its webhooks.
    pub id: String,
    /// Number in the feed. Store the last one that you have handled: with it [`Events::follow`] misses nothing.
    pub sequence: u64,
    /// What happened, and to what.
    #[serde(rename = "type")]
    pub kind: Word<FeedEventType>,
    /// Time at which it happened.
    pub created_at: String,
    /// The order, transaction, refund or whatever the type is about, as an operator saw it then.
    pub data: Value,
}

impl Event {
    /// Reads the data as what the type is about: [`Order`](crate::Order) for `order.…`,
    /// [`Transaction`](crate::Transaction) for `payment.…`, [`Refund`](crate::Refund) for `refund.…`.
    ///
    /// # Errors
    /// [`Error::Decode`] if it is something else.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        Ok(T::deserialize(&self.data)?)
    }
}

impl Events<'_> {
    /// One page of events after this number; 0 begins at the oldest that is kept. Without types, all of them.
    pub fn list(self, after: u64, types: &[FeedEventType]) -> Request<EventPage> {
        let mut url = self.0.url(&["events"]);
        add_parameter(&mut url, "after", Some(&after.to_string()));
        add_parameter(&mut url, "limit", Some(PAGE));
        if !types.is_empty() {
            let names: Vec<_> = types.iter().map(|it| it.as_str()).collect();
            add_parameter(&mut url, "types", Some(&names.join(",")));
        }
        Request::read(self.0, url)
    }

    /// Every event after this number, in order, each once, and then each new one as it happens. The stream does not end by
    /// itself; it looks for new events once a second, and an error that outlives the retries is its last element.
    pub fn follow(
        self,
        after: u64,
        types: &[FeedEventType],
    ) -> impl Stream<Item = Result<Event, Error>> + Send + use<> {
        let start = Follower { client: self.0.clone(), types: types.to_vec(), after, read: VecDeque::new() };
        stream::try_unfold(start, |mut follower| async move {
            loop {
                if let Some(event) = follower.read.pop_front() {
                    return Ok(Some((event, follower)));
                }
                follower.read_page().await?;
                if follower.read.is_empty() {
                    tokio::time::sleep(POLL).await;
                }
            }
        })
    }
}

/// A place in the feed, with the events that were read ahead.
struct Follower {
    client: Client,
    types: Vec<FeedEventType>,
    after: u64,
    read: VecDeque<Event>,
}

impl Follower {
    async fn read_page(&mut self) -> Result<(), Error> {
        let page = self.client.events().list(self.after, &self.types).await?;
        // Not the number of the last event: the page may have passed over events of other types.
        self.after = page.next_after;
        self.read = page.data.into();
        Ok(())
    }
}
