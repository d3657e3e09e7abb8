//! One server, with its connection, its time limit and its circuit.

use std::{sync::Arc, time::Duration};

use circuit_breaker::{CallFailure, ServerGuard, State};
use ports::PortError;
use redis::{
    Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind,
    aio::{MultiplexedConnection, PubSub},
    pipe,
};

use crate::{
    connect::{ConnectError, driver_failure},
    connection::{SharedConnection, Target},
};

/// How often a call is repeated on another connection because its own turned out to be closed.
const RETRIES_MAX: u32 = 1;

/// A server, and what is known of its availability.
pub(crate) struct Node {
    connection: SharedConnection,
    guard: Arc<ServerGuard>,
}

/// What a server answers to a command.
pub(crate) enum Answer<T> {
    /// The result of the command.
    Done(T),
    /// The command belongs to another server, and was not carried out.
    Misplaced(Misplacement),
}

/// Why a command is at the wrong server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misplacement {
    /// Its keys are on the server at this address from now on.
    Moved(String),
    /// Its keys are being moved to the server at this address, which has to be asked this once.
    Ask(String),
    /// Its keys are not together on one server.
    CrossSlot,
}

/// Whether a command is sent together with one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prelude {
    /// It is sent alone.
    None,
    /// The permission to ask for keys that are being moved to this server.
    Asking,
}

impl Node {
    /// The log calls it `redis`, with this address if there are several.
    pub(crate) fn new(target: Target, address: Option<String>, timeout: Duration) -> Self {
        let guard = ServerGuard::new("redis", timeout);
        let guard = Arc::new(address.into_iter().fold(guard, ServerGuard::with_address));
        Self { connection: SharedConnection::new(target, Arc::clone(&guard)), guard }
    }

    /// Whether the next call is made as usual: the node did not fail a moment ago.
    pub(crate) fn is_in_service(&self) -> bool {
        self.guard.state() == State::Closed
    }

    /// Sends one command and waits for its answer, within the time limit.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        command: &Cmd,
        prelude: Prelude,
    ) -> Result<Answer<T>, PortError> {
        self.guard.call(self.query_with_retry(command, prelude)).await
    }

    /// A connection of its own that is subscribed to this channel. It has no time limit; the caller sets one.
    pub(crate) async fn subscribe_channel(
        &self,
        channel: &str,
        limit: Duration,
    ) -> Result<PubSub, ConnectError> {
        let mut connection = self.connection.open_subscriber(limit).await?;
        connection.subscribe(channel).await?;
        Ok(connection)
    }

    /// Connects, and checks that the server is of the expected kind, whatever its circuit says.
    pub(crate) async fn check_kind(&self, limit: Duration) -> Result<(), ConnectError> {
        self.connection.check_kind(limit).await
    }

    async fn query_with_retry<T: FromRedisValue>(
        &self,
        command: &Cmd,
        prelude: Prelude,
    ) -> Result<Answer<T>, CallFailure> {
        let mut tried = 0;
        loop {
            let mut connection = self.connection.get_or_connect().await?;
            match send_command(command, prelude, &mut connection).await {
                Ok(answer) => return Ok(Answer::Done(answer)),
                // It was closed while it was idle, as it is when Redis restarts. If the command was
                // carried out all the same, an attempt counts twice, or a lock is held until its lease ends:
                // neither decides anything.
                Err(error) if error.is_connection_dropped() && tried < RETRIES_MAX => {
                    tried += 1;
                    self.guard.invalidate_connections();
                }
                Err(error) => {
                    return read_misplacement(&error)
                        .map(Answer::Misplaced)
                        .ok_or_else(|| driver_failure(error));
                }
            }
        }
    }
}

async fn send_command<T: FromRedisValue>(
    command: &Cmd,
    prelude: Prelude,
    connection: &mut MultiplexedConnection,
) -> Result<T, RedisError> {
    match prelude {
        Prelude::None => command.query_async(connection).await,
        // Together, because other calls use the same connection: the permission is for the very next command.
        Prelude::Asking => {
            let mut both = pipe();
            both.cmd("ASKING").ignore().add_command(command.clone());
            let (answer,) = both.query_async(connection).await?;
            Ok(answer)
        }
    }
}

fn read_misplacement(error: &RedisError) -> Option<Misplacement> {
    let target = || error.redirect_node().map(|(address, _)| address.to_owned());
    let is = |kind| error.kind() == ErrorKind::Server(kind);
    if is(ServerErrorKind::Moved) {
        target().map(Misplacement::Moved)
    } else if is(ServerErrorKind::Ask) {
        target().map(Misplacement::Ask)
    } else {
        is(ServerErrorKind::CrossSlot).then_some(Misplacement::CrossSlot)
    }
}
