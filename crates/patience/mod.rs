//! How long a server may take, and how long it is left alone when it took longer.
//!
//! The adapters whose servers only make things fast compile this text as a module of their own.

use std::{
    error::Error,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ports::{ErrorChain, PortError};
use tokio::time::{self, Instant};

/// How long a call may take unless told otherwise, the wait for a connection included.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(80);
/// How long after a failure every call fails at once. Then a single one tries again.
const PAUSE: Duration = Duration::from_millis(500);

/// Waits for a server only so long, and after a failure not at all for a while.
#[derive(Debug)]
pub(crate) struct Patience {
    timeout: Duration,
    /// While it is away: when the next call may try.
    next_try: Mutex<Option<Instant>>,
    doubts: AtomicU64,
}

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server is away, or cannot serve anybody now.
    Away(Box<dyn Error + Send + Sync>),
    /// The server answered: not this.
    Refused(Box<dyn Error + Send + Sync>),
}

impl Patience {
    pub(crate) const fn new(timeout: Duration) -> Self {
        Self { timeout, next_try: Mutex::new(None), doubts: AtomicU64::new(0) }
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How often the server's connections came into doubt: what was connected before the last time is of no use.
    pub(crate) fn doubts(&self) -> u64 {
        self.doubts.load(Ordering::SeqCst)
    }

    /// Puts all connections in doubt.
    pub(crate) fn doubt(&self) {
        // Nobody counts to 2^64.
        self.doubts.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits for `call` within the limit, or fails at once while the server is known to be away.
    pub(crate) async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, PortError> {
        if !self.may_try() {
            return Err(PortError::unavailable("it was away a moment ago"));
        }
        match time::timeout(self.timeout, call).await {
            Ok(Ok(answer)) => {
                self.answered();
                Ok(answer)
            }
            Ok(Err(Failure::Refused(source))) => {
                self.answered();
                Err(PortError::unavailable(source))
            }
            Ok(Err(Failure::Away(source))) => Err(self.failed(source)),
            Err(elapsed) => Err(self.failed(elapsed.into())),
        }
    }

    fn failed(&self, source: Box<dyn Error + Send + Sync>) -> PortError {
        self.doubt();
        if self.set_next_try(Some(now() + PAUSE)).is_none() {
            tracing::warn!(fault = %ErrorChain(&*source), "the server is away; everything goes on without it");
        }
        PortError::unavailable(source)
    }

    /// When the pause is over one call may try, which begins the next pause for all others.
    fn may_try(&self) -> bool {
        let mut next_try = self.next_try.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        match *next_try {
            None => true,
            Some(next) if now < next => false,
            Some(_) => {
                *next_try = Some(now + PAUSE);
                true
            }
        }
    }

    /// Gives what it was before.
    fn set_next_try(&self, next: Option<Instant>) -> Option<Instant> {
        std::mem::replace(&mut *self.next_try.lock().unwrap_or_else(PoisonError::into_inner), next)
    }

    fn answered(&self) {
        if self.set_next_try(None).is_some() {
            tracing::info!("the server is back");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a pause is a length of time: it does not follow the clock on the wall"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    /// Calls and tells whether the call was made at all, and whether it succeeded.
    async fn call(patience: &Patience, outcome: impl Future<Output = Result<(), Failure>>) -> (bool, bool) {
        let mut made = false;
        let succeeded = patience.call(async {
            made = true;
            outcome.await
        });
        let succeeded = succeeded.await.is_ok();
        (made, succeeded)
    }

    fn away() -> impl Future<Output = Result<(), Failure>> {
        ready(Err(Failure::Away("away".into())))
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_is_given_up_and_left_alone_for_a_while() {
        let patience = Patience::new(TIMEOUT);
        let began = now();
        assert_eq!(call(&patience, pending()).await, (true, false));
        assert!((TIMEOUT..TIMEOUT * 2).contains(&began.elapsed()), "{:?}", began.elapsed());
        assert_eq!(call(&patience, ready(Ok(()))).await, (false, false));
        time::advance(PAUSE).await;
        assert_eq!(call(&patience, ready(Ok(()))).await, (true, true));
        assert_eq!(call(&patience, ready(Ok(()))).await, (true, true));
        assert_eq!(patience.doubts(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_pause_a_single_call_tries() {
        let patience = Patience::new(TIMEOUT);
        assert_eq!(call(&patience, away()).await, (true, false));
        time::advance(PAUSE).await;
        let (probe, other) = tokio::join!(call(&patience, pending()), call(&patience, ready(Ok(()))));
        assert_eq!((probe, other), ((true, false), (false, false)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_was_dropped_does_not_keep_the_others_out_for_ever() {
        let patience = Patience::new(TIMEOUT);
        assert_eq!(call(&patience, away()).await, (true, false));
        time::advance(PAUSE).await;
        let dropped = time::timeout(Duration::from_millis(1), call(&patience, pending())).await;
        assert!(dropped.is_err());
        time::advance(PAUSE).await;
        assert_eq!(call(&patience, ready(Ok(()))).await, (true, true));
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        let patience = Patience::new(TIMEOUT);
        let refused = ready(Err(Failure::Refused("no".into())));
        assert_eq!(call(&patience, refused).await, (true, false));
        assert_eq!(call(&patience, ready(Ok(()))).await, (true, true));
        assert_eq!(patience.doubts(), 0);
    }
}
