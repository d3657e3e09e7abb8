//! A gateway with a limit on how many calls are under way, how long each may take, and a circuit breaker.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use circuit_breaker::{CallPermit, CircuitBreaker, Settings, State};
use domain::{GatewayName, Money, RefundId, Timestamp};
use ports::{
    Acknowledgement, Answer, BreakerState, CallOutcome, Charge, Clock, Gateway, Happening, InvalidSignature,
    Lookup, LookupAnswer, Meter, NoResponse, Notice, NoticeHeaders, ParsedNotice,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// This many failures in a row open the breaker; a single one may be anything.
const FAILURES_MAX: u32 = 5;
/// How long an open breaker lets nothing through, before one call tries.
const OPEN_PERIOD: Duration = Duration::from_secs(5);
/// How long it is waited for room when too many calls are under way.
const QUEUE_WAIT: Duration = Duration::from_secs(1);
/// How many wait for room at once, of one gateway; one more is turned away at once. Far fewer than the writes that a service
/// runs at once: those of a few gateways that hang leave most of them to orders.
const QUEUE_MAX: usize = 400;

/// How much of this service one gateway may take up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayLimits {
    /// How long one call may take. Then its answer counts as lost, and the thing is looked up later.
    pub time_limit: Duration,
    /// How many calls may be under way at once.
    pub concurrency: usize,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self { time_limit: Duration::from_secs(5), concurrency: 100 }
    }
}

/// The gateway is not asked now: it did not answer lately, or too many calls are under way. Nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the gateway is not available now")]
pub struct GatewayUnavailable {
    /// When to try again.
    pub retry_after: Duration,
}

/// A gateway that is only called with an [`Admission`]. What asks nothing of it needs none.
pub struct GuardedGateway {
    inner: Arc<dyn Gateway>,
    limits: GatewayLimits,
    permits: Arc<Semaphore>,
    queue: Semaphore,
    breaker: CircuitBreaker,
    /// What was said of the breaker last.
    shown: Mutex<BreakerState>,
    clock: Arc<dyn Clock>,
    meter: Arc<dyn Meter>,
}

impl GuardedGateway {
    /// Guards a gateway; its breaker is closed.
    #[must_use]
    pub fn new(
        inner: Arc<dyn Gateway>,
        limits: GatewayLimits,
        clock: Arc<dyn Clock>,
        meter: Arc<dyn Meter>,
    ) -> Self {
        meter.record(Happening::GatewayBreaker(inner.name(), BreakerState::Closed));
        let settings = Settings { failures_to_open: FAILURES_MAX, open_period: OPEN_PERIOD };
        Self {
            permits: Arc::new(Semaphore::new(limits.concurrency)),
            queue: Semaphore::new(QUEUE_MAX),
            breaker: CircuitBreaker::new(settings),
            shown: Mutex::new(BreakerState::Closed),
            inner,
            limits,
            clock,
            meter,
        }
    }

    /// As [`Gateway::name`].
    #[must_use]
    pub fn name(&self) -> GatewayName {
        self.inner.name()
    }

    /// As [`Gateway::accepts`].
    #[must_use]
    pub fn accepts(&self, token: &str) -> bool {
        self.inner.accepts(token)
    }

    /// As [`Gateway::verify`].
    ///
    /// # Errors
    /// [`InvalidSignature`].
    pub fn verify(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        self.inner.verify(headers, body, now)
    }

    /// As [`Gateway::parse_notice`].
    #[must_use]
    pub fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice {
        self.inner.parse_notice(notice, received_at)
    }

    /// As [`Gateway::acknowledge`].
    #[must_use]
    pub fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        self.inner.acknowledge(duplicate)
    }

    /// Takes room for calls to the gateway, for as long as what is returned lives, and leave to make the first one. Waits a
    /// moment when there is no room.
    ///
    /// # Errors
    /// [`GatewayUnavailable`].
    pub async fn enter(&self) -> Result<Admission<'_>, GatewayUnavailable> {
        // Room first: who waits for it must not be the one that tries whether the gateway is back.
        let room = self.wait_for_room().await.ok_or_else(|| self.turn_away(QUEUE_WAIT))?;
        let first_call = self.breaker.acquire_permit();
        self.report_state();
        let first_call = first_call.map_err(|_open| self.turn_away(OPEN_PERIOD))?;
        Ok(Admission { gateway: self, first_call: Mutex::new(Some(first_call)), _room: room })
    }

    async fn wait_for_room(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        let _waiting = self.queue.try_acquire().ok()?;
        // The semaphore is never closed: an error can only be that the time is over.
        timeout(QUEUE_WAIT, Arc::clone(&self.permits).acquire_owned()).await.ok()?.ok()
    }

    fn turn_away(&self, retry_after: Duration) -> GatewayUnavailable {
        self.count_call(CallOutcome::TurnedAway, Duration::ZERO);
        GatewayUnavailable { retry_after }
    }

    fn count_call(&self, outcome: CallOutcome, took: Duration) {
        self.meter.record(Happening::GatewayCall(self.name(), outcome, took));
    }

    /// Says of the breaker what has not been said yet, to the log and the counters.
    fn report_state(&self) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let state = match self.breaker.state() {
            State::Closed => BreakerState::Closed,
            State::Open => BreakerState::Open,
            State::HalfOpen => BreakerState::HalfOpen,
        };
        if std::mem::replace(&mut *shown, state) == state {
            return;
        }
        let gateway = self.name();
        match state {
            BreakerState::Open => {
                tracing::warn!(%gateway, "the gateway does not answer: it is not called for a while")
            }
            BreakerState::HalfOpen => tracing::info!(%gateway, "one call tries whether the gateway is back"),
            BreakerState::Closed => tracing::info!(%gateway, "the gateway answers again"),
        }
        self.meter.record(Happening::GatewayBreaker(gateway, state));
    }
}

/// Room for calls to one gateway, one after the other. It goes back when this is dropped.
pub struct Admission<'g> {
    gateway: &'g GuardedGateway,
    /// Leave for the first call, until that is made.
    first_call: Mutex<Option<CallPermit<'g>>>,
    _room: OwnedSemaphorePermit,
}

impl Admission<'_> {
    /// As [`Gateway::key_lifetime`].
    #[must_use]
    pub fn key_lifetime(&self) -> Duration {
        self.gateway.inner.key_lifetime()
    }

    /// As [`Gateway::charge`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn charge(&self, charge: Charge) -> Result<Answer, NoResponse> {
        self.call(self.gateway.inner.charge(charge)).await
    }

    /// As [`Gateway::look_up`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn look_up(&self, lookup: Lookup) -> Result<LookupAnswer, NoResponse> {
        self.call(self.gateway.inner.look_up(lookup)).await
    }

    /// As [`Gateway::capture`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn capture(&self, charge: Charge, amount: Money) -> Result<Answer, NoResponse> {
        self.call(self.gateway.inner.capture(charge, amount)).await
    }

    /// As [`Gateway::void`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn void(&self, charge: Charge) -> Result<Answer, NoResponse> {
        self.call(self.gateway.inner.void(charge)).await
    }

    /// As [`Gateway::refund`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
    ) -> Result<Answer, NoResponse> {
        self.call(self.gateway.inner.refund(charge, refund, amount)).await
    }

    /// Waits for a call within the time limit and tells the breaker how it ended. Each call but the first asks for leave
    /// again: the one before may have opened the breaker.
    async fn call<T>(&self, call: impl Future<Output = Result<T, NoResponse>>) -> Result<T, NoResponse> {
        let gateway = self.gateway;
        let first = self.first_call.lock().unwrap_or_else(PoisonError::into_inner).take();
        let permit = match first {
            Some(permit) => permit,
            None => gateway.breaker.acquire_permit().map_err(NoResponse::away)?,
        };
        let began = gateway.clock.monotonic();
        let (outcome, answer) = match timeout(gateway.limits.time_limit, call).await {
            Ok(Ok(answer)) => (CallOutcome::Answered, Ok(answer)),
            Ok(Err(lost @ NoResponse::Lost)) => (CallOutcome::Lost, Err(lost)),
            Ok(Err(away @ NoResponse::Away(_))) => (CallOutcome::Away, Err(away)),
            Err(elapsed) => (CallOutcome::TimedOut, Err(NoResponse::away(elapsed))),
        };
        match outcome {
            // Where one answer is lost, the gateway is there.
            CallOutcome::Answered | CallOutcome::Lost => drop(permit.succeed()),
            CallOutcome::Away | CallOutcome::TimedOut | CallOutcome::TurnedAway => drop(permit.fail()),
        }
        gateway.report_state();
        gateway.count_call(outcome, gateway.clock.monotonic().saturating_sub(began));
        answer
    }
}

#[cfg(test)]
mod tests;
