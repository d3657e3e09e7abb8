//! Broadcasts that reach every instance.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use ports::{Broadcast, ErrorChain, PortError, Subscription};
use redis::{
    RedisError,
    aio::{PubSubSink, PubSubStream},
    cmd,
};
use tokio::time::{self, Interval, MissedTickBehavior};

use crate::Redis;

/// What stands before the name of a channel in Redis. Channels are the server's: they are the same in all its databases.
const PREFIX: &str = "idem:broadcast:";
/// How often it is tried to subscribe while Redis is away.
const TRY_EVERY: Duration = Duration::from_millis(500);
/// How often Redis is asked for a sign of life: a connection that was lost without a word is as silent as one on which
/// nothing is said.
const PING_EVERY: Duration = Duration::from_secs(1);
/// How long subscribing or a sign of life may take. Nobody waits for it.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Tells all instances, by a channel of Redis. While that is away nobody is told.
#[derive(Debug, Clone)]
pub struct RedisBroadcast {
    redis: Redis,
    channel: String,
}

impl RedisBroadcast {
    /// The broadcast of that name on that server.
    #[must_use]
    pub fn new(redis: Redis, name: &str) -> Self {
        Self { redis, channel: format!("{PREFIX}{name}") }
    }
}

#[async_trait]
impl Broadcast for RedisBroadcast {
    async fn publish(&self) -> Result<(), PortError> {
        self.redis.run_command(cmd("PUBLISH").arg(&self.channel).arg("")).await
    }

    /// Has a connection of its own, which is made, and made again, while somebody waits.
    ///
    /// # Panics
    /// Outside of a runtime.
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
    let mut ticks = time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

struct RedisSubscription {
    redis: Redis,
    channel: String,
    connection: Option<ChannelConnection>,
    retry_ticks: Interval,
    /// Whether the log says that Redis is away.
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
            tracing::info!("Redis tells again what is published");
        }
    }

    fn report_loss(&mut self, error: &RedisError) {
        self.connection = None;
        if !std::mem::replace(&mut self.is_lost, true) {
            tracing::warn!(fault = %ErrorChain(error), "Redis does not tell what is published");
        }
    }
}

/// A connection that is subscribed.
struct ChannelConnection {
    sink: PubSubSink,
    messages: PubSubStream,
    pings: Interval,
}

impl ChannelConnection {
    async fn open(redis: &Redis, channel: &str) -> Result<Self, RedisError> {
        let (sink, messages) = with_timeout(redis.subscribe_channel(channel)).await?.split();
        Ok(Self { sink, messages, pings: tick_interval(PING_EVERY) })
    }

    /// Waits for a message, and takes all that are there.
    async fn next(&mut self) -> Result<(), RedisError> {
        loop {
            tokio::select! {
                message = self.messages.next() => {
                    message.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::ConnectionReset))?;
                    while let Some(Some(_)) = self.messages.next().now_or_never() {}
                    return Ok(());
                }
                _ = self.pings.tick() => with_timeout(self.sink.ping::<redis::Value>()).await.map(drop)?,
            }
        }
    }
}

async fn with_timeout<T>(answer: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    time::timeout(ANSWER_WITHIN, answer).await.map_err(std::io::Error::from)?
}
