//! One server of the URL: how to connect to it, and whether it is left for another one at present.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mysql_async::Opts;
use tokio::time::{Instant, timeout};

use super::server_state::{ServerState, prepare_session};
use super::{BoxError, Conn, Consistency, connect_options};
use crate::stopwatch::start_stopwatch;

/// How long a server that cannot be connected to comes after all others.
const AVOIDED_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The same for a server that left work without an answer, or refused it. Such a server may still take logins, so that only
/// more work would show its state.
const AVOIDED_AFTER_DEPARTURE: Duration = Duration::from_secs(30);

/// A server, with what this process knows of it.
pub(super) struct Server {
    options: Opts,
    /// Until when it comes after all others.
    avoided: Mutex<Avoided>,
    /// How often it was left by all connections. A connection that is older than the last time is not used again.
    departures: AtomicU64,
}

/// Until when a server comes after all others, for each reason.
#[derive(Clone, Copy, Default)]
struct Avoided {
    /// It could not be connected to. A login shows that it can again.
    failed_until: Option<Instant>,
    /// It was left. A login says nothing about that.
    left_until: Option<Instant>,
}

/// A connection, and where it leads.
pub(crate) struct ServedConn {
    pub(super) conn: Conn,
    pub(super) origin: Origin,
}

/// The server of a connection, as it was when the connection was opened.
#[derive(Clone)]
pub(super) struct Origin {
    server: Arc<Server>,
    departures: u64,
}

impl Server {
    /// `None` for a URL that the driver does not know, without a database, or with port 0.
    pub(super) fn parse_url(url: &str) -> Option<Self> {
        let options = Opts::from_url(url).ok()?;
        let is_usable = options.tcp_port() != 0 && options.db_name().is_some_and(|name| !name.is_empty());
        let options = connect_options(options);
        is_usable.then(|| Self { options, avoided: Mutex::default(), departures: AtomicU64::new(0) })
    }

    pub(super) fn host(&self) -> &str {
        self.options.ip_or_hostname()
    }

    /// What orders the servers of a URL: the one that becomes usable first comes first.
    pub(super) fn avoided_until(&self) -> Option<Instant> {
        let Avoided { failed_until, left_until } =
            *self.avoided.lock().unwrap_or_else(PoisonError::into_inner);
        failed_until.max(left_until).filter(|it| *it > start_stopwatch())
    }

    /// Opens a connection with all its settings.
    pub(super) async fn connect_within(
        &self,
        limit: Duration,
        consistency: Consistency,
    ) -> Result<(mysql_async::Conn, ServerState), BoxError> {
        // One limit around login and settings too: a server that hangs still accepts TCP connections, and then
        // says nothing.
        let connecting = async {
            let mut conn = mysql_async::Conn::new(self.options.clone()).await?;
            let state = prepare_session(&mut conn, consistency).await?;
            Ok::<_, BoxError>((conn, state))
        };
        timeout(limit, connecting).await?
    }

    /// Moves the server behind the others for [`AVOIDED_AFTER_FAILURE`].
    pub(super) fn avoid(&self) {
        self.avoided.lock().unwrap_or_else(PoisonError::into_inner).failed_until =
            Some(start_stopwatch() + AVOIDED_AFTER_FAILURE);
    }
}

impl Origin {
    /// To be called before the connection is opened: a server that is left meanwhile is left with this connection.
    pub(super) fn new(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), departures: server.departures.load(Ordering::Acquire) }
    }

    /// Whether the server was left after this connection was opened.
    pub(super) fn is_left(&self) -> bool {
        self.server.departures.load(Ordering::Acquire) != self.departures
    }

    /// Restores the server's position in the URL order after a connection succeeds.
    pub(super) fn prefer_again(&self) {
        self.server.avoided.lock().unwrap_or_else(PoisonError::into_inner).failed_until = None;
    }

    /// Leaves the server with every connection to it that is as old as this one or older. A later answer of an old
    /// connection does not leave it once more.
    pub(super) fn leave_server(&self, reason: &'static str) {
        let mut avoided = self.server.avoided.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, next) = (self.departures, self.departures.wrapping_add(1));
        if self.server.departures.compare_exchange(seen, next, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            avoided.left_until = Some(start_stopwatch() + AVOIDED_AFTER_DEPARTURE);
            tracing::warn!(host = self.server.host(), reason, "leaving a database server");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> Arc<Server> {
        Arc::new(Server::parse_url("mysql://a/shop").unwrap())
    }

    #[test]
    fn a_login_says_that_a_server_can_be_connected_to() {
        let server = server();
        server.avoid();
        assert!(server.avoided_until().is_some());
        Origin::new(&server).prefer_again();
        assert_eq!(server.avoided_until(), None);
    }

    #[test]
    fn a_login_does_not_end_the_time_for_which_a_server_is_left() {
        let server = server();
        Origin::new(&server).leave_server("it hangs");
        let left_until = server.avoided_until().unwrap();
        Origin::new(&server).prefer_again();
        assert_eq!(server.avoided_until(), Some(left_until));
        server.avoid();
        assert_eq!(server.avoided_until(), Some(left_until), "the longer time counts");
    }
}
