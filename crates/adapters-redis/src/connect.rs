//! Opening a connection, and what its failures say about the server.

use std::time::Duration;

use circuit_breaker::CallFailure;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ErrorKind, RedisError, ServerErrorKind,
    aio::MultiplexedConnection,
};

use crate::wrong_server::WrongServer;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The server cannot be reached, or refuses the login.
    #[error(transparent)]
    Driver(#[from] RedisError),
    /// The server can be reached, and is not what the URL says.
    #[error(transparent)]
    Wrong(#[from] WrongServer),
}

/// Connects; `limit` is for the connection, and for each answer on it later.
pub(crate) async fn open_connection(
    info: ConnectionInfo,
    limit: Duration,
) -> Result<MultiplexedConnection, RedisError> {
    let limit = Some(limit);
    let config = AsyncConnectionConfig::new().set_connection_timeout(limit).set_response_timeout(limit);
    Client::open(info)?.get_multiplexed_async_connection_with_config(&config).await
}

/// What a failure of the driver says about the server.
pub(crate) fn driver_failure(error: RedisError) -> CallFailure {
    if is_unavailable(&error) { CallFailure::Away(error.into()) } else { CallFailure::Refused(error.into()) }
}

/// Whether the server cannot serve now. Any other error answer is about the command, and says that the server works.
pub(crate) fn is_unavailable(error: &RedisError) -> bool {
    let away = [
        ErrorKind::Io,
        // It loads its data, and will for seconds.
        ErrorKind::Server(ServerErrorKind::BusyLoading),
        // A replica, perhaps a master until a moment ago: the connection leads to the wrong server.
        ErrorKind::Server(ServerErrorKind::ReadOnly),
        // A part of the cluster that has no majority, or a replica that has lost its master.
        ErrorKind::Server(ServerErrorKind::ClusterDown),
        ErrorKind::Server(ServerErrorKind::MasterDown),
    ];
    away.contains(&error.kind()) || error.is_unrecoverable_error()
}

impl From<ConnectError> for CallFailure {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Driver(error) => driver_failure(error),
            // To the service such a server is no server: calls fail at once, and the log says why.
            ConnectError::Wrong(error) => Self::Away(error.into()),
        }
    }
}
