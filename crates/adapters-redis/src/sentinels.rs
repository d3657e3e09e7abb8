//! Sentinels: servers that watch a master and its replicas, and name a new master when the old one is gone.

use std::{collections::HashMap, time::Duration};

use futures_util::future;
use redis::{ConnectionInfo, RedisError, cmd};
use tokio::time;

use crate::{
    address::with_host,
    connect::{ConnectError, open_connection},
    wrong_server::WrongServer,
};

/// The answer of a Sentinel without which its login is tried.
const LOGIN_MISSING: &str = "NOAUTH";

/// Some Sentinels, and the master that they are asked for.
pub(crate) struct Sentinels {
    sentinels: Vec<ConnectionInfo>,
    master: String,
    server: ConnectionInfo,
}

impl Sentinels {
    pub(crate) const fn new(sentinels: Vec<ConnectionInfo>, master: String, server: ConnectionInfo) -> Self {
        Self { sentinels, master, server }
    }

    /// Asks all Sentinels at once, for half of `limit` at most, and takes the master that most of them name: one that is
    /// cut off from the others names the old master for some time.
    ///
    /// # Errors
    /// [`WrongServer`] when none of those that answer is a Sentinel or knows the master; the driver's error when none
    /// answers.
    pub(crate) async fn find_master(&self, limit: Duration) -> Result<ConnectionInfo, ConnectError> {
        let half = limit / 2;
        let answers = self.sentinels.iter().map(|it| async move {
            match time::timeout(half, self.ask_sentinel(it, half)).await {
                Ok(answer) => answer,
                Err(elapsed) => Err(RedisError::from(std::io::Error::from(elapsed)).into()),
            }
        });
        let (mut votes, mut failure) = (HashMap::<(String, u16), usize>::new(), None);
        for answer in future::join_all(answers).await {
            match answer {
                Ok(master) => *votes.entry(master).or_default() += 1,
                Err(error) => failure = Some(prefer_wrong(failure, error)),
            }
        }
        match votes.into_iter().max_by_key(|(_, votes)| *votes) {
            Some(((host, port), _)) => Ok(with_host(&self.server, &host, port)),
            None => Err(failure.unwrap_or_else(|| WrongServer::NoSentinel.into())),
        }
    }

    async fn ask_sentinel(
        &self,
        sentinel: &ConnectionInfo,
        limit: Duration,
    ) -> Result<(String, u16), ConnectError> {
        // Most Sentinels have no login, and they refuse one. A new connection each time: masters seldom change.
        let anonymous = redis::RedisConnectionInfo::default();
        let first = self.ask_as(sentinel.clone().set_redis_settings(anonymous), limit).await;
        let answer = match first {
            Err(error) if error.code() == Some(LOGIN_MISSING) => self.ask_as(sentinel.clone(), limit).await,
            other => other,
        };
        match answer {
            Ok(Some((host, port))) => Ok((host, port)),
            Ok(None) => Err(WrongServer::UnknownMaster.into()),
            Err(error) if is_unknown_command(&error) => Err(WrongServer::NoSentinel.into()),
            Err(error) => Err(error.into()),
        }
    }

    async fn ask_as(
        &self,
        sentinel: ConnectionInfo,
        limit: Duration,
    ) -> Result<Option<(String, u16)>, RedisError> {
        let mut connection = open_connection(sentinel, limit).await?;
        let mut ask = cmd("SENTINEL");
        ask.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.master).query_async(&mut connection).await
    }
}

/// The failure that says more: that a server is of the wrong kind.
fn prefer_wrong(before: Option<ConnectError>, error: ConnectError) -> ConnectError {
    match before {
        Some(before @ ConnectError::Wrong(_)) => before,
        Some(ConnectError::Driver(_)) | None => error,
    }
}

fn is_unknown_command(error: &RedisError) -> bool {
    error.code() == Some("ERR") && error.detail().is_some_and(|it| it.contains("unknown command"))
}
