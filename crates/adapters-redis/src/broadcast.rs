//! Broadcasts that reach every instance, through a channel of Redis.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use ports::{Broadcast, ErrorChain, PortError, Subscription};
use redis::{
    RedisError,
    aio::{PubSubSink, PubSubStream},
};
use tokio::time::{self, Interval, MissedTickBehavior};

use crate::{Redis, connect::ConnectError};

/// Prefix of channel names. All databases of a Redis server share its channels, so names have to be unique.
const PREFIX: &str = "idem:broadcast:";
/// Interval of attempts to subscribe while Redis is unavailable.
const TRY_EVERY: Duration = Duration::from_millis(500);
/// Interval of pings on the subscribed connection: one that was lost without a reset is as silent as one
/// without messages.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Time limit for subscribing and for a ping. No request waits for either, so it is far longer than the limit
/// of a call.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Notifies all instances through a channel of Redis. While Redis is unavailable, messages are lost.
#[derive(Debug, Clone)]
pub struct RedisBroadcast {
    redis: Redis,
    channel: String,
}

impl RedisBroadcast {
    /// The broadcast with this name on this server.
    #[must_use]
    pub fn new(redis: Redis, name: &str) -> Self {
        Self { redis, channel: format!("{PREFIX}{name}") }
    }
}

#[async_trait]
impl Broadcast for RedisBroadcast {
    async fn publish(&self) -> Result<(), PortError> {
        self.redis.publish(&self.channel).await
    }

    /// A subscription with its own connection, which is opened, and opened again after a loss, inside
    /// [`next`](Subscription::next).
    ///
    /// # Panics
    /// Outside of a tokio runtime, whose timers it needs.
    fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(RedisSubscription {
            redis: self.redis.clone(),
            channel: self.channel.clone(),
            connection: None,
            retry_ticks: tick_interval(TRY_EVERY),
            is_lost: false,
        })
    }
}

fn tick_interval(period: Duration) -> Interval {
    // A late tick moves those after it: pings and attempts that were missed need not be made up for.
    let mut ticks = time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

struct RedisSubscription {
    redis: Redis,
    channel: String,
    connection: Option<ChannelConnection>,
    retry_ticks: Interval,
    /// Whether the loss of the connection is logged, so that it is logged once and not twice a second.
    is_lost: bool,
}

#[async_trait]
impl Subscription for RedisSubscription {
    async fn next(&mut self) {
        loop {
            let outcome = match &mut self.connection {
                Some(line) => line.next().await,
                None => {
                    self.retry_ticks.tick().await;
                    ChannelConnection::open(&self.redis, &self.channel)
                        .await
                        .map(|line| self.connection = Some(line))
                }
            };
            // A new subscription returns as well, as the port asks: messages may have been lost since the
            // connection was.
            match outcome {
                Ok(()) => return self.report_recovery(),
                Err(error) => self.report_loss(&error),
            }
        }
    }
}

impl RedisSubscription {
    fn report_recovery(&mut self) {
        if std::mem::take(&mut self.is_lost) {
            tracing::info!("Redis subscription works again");
        }
    }

    fn report_loss(&mut self, error: &ConnectError) {
        self.connection = None;
        if !std::mem::replace(&mut self.is_lost, true) {
            tracing::warn!(error = %ErrorChain(error), "Redis subscription lost, will subscribe again");
        }
    }
}

/// A connection that is subscribed to one channel.
struct ChannelConnection {
    sink: PubSubSink,
    messages: PubSubStream,
    pings: Interval,
}

impl ChannelConnection {
    async fn open(redis: &Redis, channel: &str) -> Result<Self, ConnectError> {
        let (sink, messages) = with_timeout(redis.subscribe_channel(channel, ANSWER_WITHIN)).await?.split();
        Ok(Self { sink, messages, pings: tick_interval(PING_EVERY) })
    }

    /// Waits for a message and takes all others that have arrived with it.
    async fn next(&mut self) -> Result<(), ConnectError> {
        loop {
            tokio::select! {
                message = self.messages.next() => {
                    message.ok_or_else(|| RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset)))?;
                    // Messages carry nothing, so a burst of them is one reason to look at the database, not
                    // many.
                    while let Some(Some(_)) = self.messages.next().now_or_never() {}
                    return Ok(());
                }
                _ = self.pings.tick() => with_timeout(async { Ok(self.sink.ping::<redis::Value>().await?) }).await.map(drop)?,
            }
        }
    }
}

async fn with_timeout<T>(answer: impl Future<Output = Result<T, ConnectError>>) -> Result<T, ConnectError> {
    let silence = |it| RedisError::from(std::io::Error::from(it));
    time::timeout(ANSWER_WITHIN, answer).await.map_err(silence)?
}
