//! How long a server may take, and how long it is left alone when it took longer.

#[cfg(test)]
mod tests;

use std::{
    error::Error,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ports::{ErrorChain, PortError};
use tokio::time;

use crate::{CallPermit, CircuitBreaker, Settings, State};

/// How long a call may take unless a setting says otherwise, the wait for a connection included.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_millis(80);

/// One failure is enough: what such a server gives is never needed, and each call that waits for it is late.
const SETTINGS: Settings = Settings { failures_to_open: 1, open_period: Duration::from_millis(500) };

/// Stands between callers and a server that only makes things fast, such as a cache. A call waits only so long, and for
/// a while after a failure not at all.
#[derive(Debug)]
pub struct ServerGuard {
    server: &'static str,
    /// Which of several servers of this name it is, for the log; empty if there is only one.
    address: String,
    call_timeout: Duration,
    breaker: CircuitBreaker,
    generation: AtomicU64,
}

/// Why a call failed.
#[derive(Debug)]
pub enum CallFailure {
    /// The server is unavailable, or cannot serve a call now: a failure of the server.
    Away(Box<dyn Error + Send + Sync>),
    /// The server answered, and refused this call: it is there.
    Refused(Box<dyn Error + Send + Sync>),
}

impl ServerGuard {
    /// A guard of a server that is taken to be there. The log calls it `server`; `call_timeout` is what one call may take
    /// in all.
    #[must_use]
    pub const fn new(server: &'static str, call_timeout: Duration) -> Self {
        let breaker = CircuitBreaker::new(SETTINGS);
        Self { server, address: String::new(), call_timeout, breaker, generation: AtomicU64::new(0) }
    }

    /// Adds to the log which of several servers it is, such as `host:port`.
    #[must_use]
    pub fn with_address(self, address: String) -> Self {
        Self { address, ..self }
    }

    /// What one call may take in all, the wait for a connection included.
    pub const fn call_timeout(&self) -> Duration {
        self.call_timeout
    }

    /// What the circuit does with the next call. It may be over at once.
    pub fn state(&self) -> State {
        self.breaker.state()
    }

    /// The generation of connections that are good now: one that was made in an earlier generation is of no use.
    pub fn connection_generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Begins a new generation: all connections of before are in doubt. Every failure does the same.
    pub fn invalidate_connections(&self) {
        // One each nanosecond would take 584 years to wrap.
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits for `call` within the limit, or fails at once while the server is known to be unavailable.
    ///
    /// # Errors
    /// [`PortError::Unavailable`], whatever failed: callers do without the server.
    pub async fn call<T>(&self, call: impl Future<Output = Result<T, CallFailure>>) -> Result<T, PortError> {
        let permit = self.breaker.acquire_permit().map_err(PortError::unavailable)?;
        match time::timeout(self.call_timeout, call).await {
            Ok(Ok(answer)) => {
                self.record_answer(permit);
                Ok(answer)
            }
            Ok(Err(CallFailure::Refused(source))) => {
                self.record_answer(permit);
                Err(PortError::unavailable(source))
            }
            Ok(Err(CallFailure::Away(source))) => Err(self.record_failure(permit, source)),
            Err(elapsed) => Err(self.record_failure(permit, elapsed.into())),
        }
    }

    fn record_failure(&self, permit: CallPermit<'_>, source: Box<dyn Error + Send + Sync>) -> PortError {
        // Before the circuit can close again: the first call after that must not get a connection of before.
        self.invalidate_connections();
        if permit.fail() {
            let (server, address) = (self.server, &self.address);
            tracing::warn!(
                server,
                address,
                error = %ErrorChain(&*source),
                "server is away, continuing without it"
            );
        }
        PortError::unavailable(source)
    }

    fn record_answer(&self, permit: CallPermit<'_>) {
        if permit.succeed() {
            tracing::info!(server = self.server, address = self.address, "server is back");
        }
    }
}
