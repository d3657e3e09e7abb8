//! A gateway with limits on the number and the time of calls, and with a circuit breaker.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use circuit_breaker::{CallPermit, CircuitBreaker, Settings, State};
use domain::{GatewayName, Money, RefundId, Timestamp, payment::CaptureMethod};
use ports::{
    Acknowledgement, Answer, AttemptLog, BreakerState, CallOutcome, Charge, Clock, Gateway, GatewayAttempt,
    GatewayCheck, InvalidSignature, Lookup, LookupAnswer, Metrics, NoResponse, Notice, NoticeHeaders,
    Observation, ParsedNotice, Statement, StatementFaults, Unsupported,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tracer::{Span, SpanKind};

/// The number of failures in a row that open the breaker.
const FAILURES_MAX: u32 = 5;
/// How long an open breaker refuses all calls. After it one call at a time probes the gateway.
const OPEN_PERIOD: Duration = Duration::from_secs(5);
/// The longest wait for a permit.
const QUEUE_WAIT: Duration = Duration::from_secs(1);
/// The number of requests that may wait for a permit of one gateway; the next one is refused at once. It is
/// far below the number of writes that the service runs at once, so a few gateways that hang leave most of
/// them to orders.
const QUEUE_MAX: usize = 400;

/// The limits on the calls to one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayLimits {
    /// The longest time of one call. After it the service stops waiting, and the operation is looked up
    /// later.
    pub time_limit: Duration,
    /// The number of admissions at once, from 1. Each makes one call at a time.
    pub concurrency: usize,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self { time_limit: Duration::from_secs(5), concurrency: 100 }
    }
}

/// The gateway is not called now: its circuit breaker is open, or no permit is free. Nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the gateway is not available now")]
pub struct GatewayUnavailable {
    /// How long the client should wait before it tries again.
    pub retry_after: Duration,
}

/// Why a request that moves an amount is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// The gateway can never take this amount in this way.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The gateway is not called now.
    #[error(transparent)]
    Unavailable(#[from] GatewayUnavailable),
}

/// A gateway that can be called only with an [`Admission`]. Methods that make no call need none.
pub struct GuardedGateway {
    inner: Arc<dyn Gateway>,
    limits: GatewayLimits,
    permits: Arc<Semaphore>,
    queue: Semaphore,
    breaker: CircuitBreaker,
    /// The state of the breaker that was last logged and counted.
    reported_state: Mutex<BreakerState>,
    clock: Arc<dyn Clock>,
    metrics: Arc<dyn Metrics>,
}

impl GuardedGateway {
    /// Wraps a gateway, with a closed breaker.
    #[must_use]
    pub fn new(
        inner: Arc<dyn Gateway>,
        limits: GatewayLimits,
        clock: Arc<dyn Clock>,
        metrics: Arc<dyn Metrics>,
    ) -> Self {
        metrics.observe(Observation::GatewayBreaker(inner.name(), BreakerState::Closed));
        let settings = Settings { failures_to_open: FAILURES_MAX, open_period: OPEN_PERIOD };
        Self {
            permits: Arc::new(Semaphore::new(limits.concurrency)),
            queue: Semaphore::new(QUEUE_MAX),
            breaker: CircuitBreaker::new(settings),
            reported_state: Mutex::new(BreakerState::Closed),
            inner,
            limits,
            clock,
            metrics,
        }
    }

    /// Returns the name of the gateway, as [`Gateway::name`] does.
    #[must_use]
    pub fn name(&self) -> GatewayName {
        self.inner.name()
    }

    /// Reports whether the gateway knows the token, as [`Gateway::accepts_token`] does.
    #[must_use]
    pub fn accepts_token(&self, token: &str) -> bool {
        self.inner.accepts_token(token)
    }

    /// As [`Gateway::verify_notice`].
    ///
    /// # Errors
    /// [`InvalidSignature`].
    pub fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        self.inner.verify_notice(headers, body, now)
    }

    /// Reads a notice, as [`Gateway::parse_notice`] does.
    #[must_use]
    pub fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice {
        self.inner.parse_notice(notice, received_at)
    }

    /// Returns the response to a notice, as [`Gateway::acknowledge`] does.
    #[must_use]
    pub fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        self.inner.acknowledge(duplicate)
    }

    /// Parses a settlement file, as [`Gateway::parse_statement`] does.
    ///
    /// # Errors
    /// [`StatementFaults`].
    pub fn parse_statement(&self, file: &[u8]) -> Result<Statement, StatementFaults> {
        self.inner.parse_statement(file)
    }

    /// Acquires a permit for calls to the gateway, and the breaker's permit for the first one. Waits up to
    /// `QUEUE_WAIT`.
    ///
    /// # Errors
    /// [`GatewayUnavailable`] if the breaker is open, the queue is full, or no permit became free in time.
    pub async fn admit(&self) -> Result<Admission<'_>, GatewayUnavailable> {
        // The breaker comes last. A request that waited with the permit to probe the gateway would delay the
        // probe.
        let permit = self.wait_for_room().await.ok_or_else(|| self.refuse_call(QUEUE_WAIT))?;
        let first_call = self.breaker.acquire_permit();
        self.report_state();
        let first_call = first_call.map_err(|_open| self.refuse_call(OPEN_PERIOD))?;
        Ok(Admission {
            gateway: self,
            first_call: Mutex::new(Some(first_call)),
            log: AttemptLog::default(),
            _room: permit,
        })
    }

    /// Admits a payment, a capture or a refund of this amount, as [`Self::admit`] does, if the gateway can
    /// represent it ([`Gateway::supports`]).
    ///
    /// # Errors
    /// [`NotAdmitted`]. Nothing was sent.
    pub async fn admit_amount(
        &self,
        amount: Money,
        capture_method: CaptureMethod,
    ) -> Result<Admission<'_>, NotAdmitted> {
        self.inner.supports(amount, capture_method)?;
        Ok(self.admit().await?)
    }

    async fn wait_for_room(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        let _waiting = self.queue.try_acquire().ok()?;
        // The semaphore is never closed, so the only possible error is the timeout.
        timeout(QUEUE_WAIT, Arc::clone(&self.permits).acquire_owned()).await.ok()?.ok()
    }

    fn refuse_call(&self, retry_after: Duration) -> GatewayUnavailable {
        self.count_call(CallOutcome::Refused, Duration::ZERO);
        GatewayUnavailable { retry_after }
    }

    fn count_call(&self, outcome: CallOutcome, took: Duration) {
        self.metrics.observe(Observation::GatewayCall(self.name(), outcome, took));
    }

    /// Logs and counts the state of the breaker if it has changed since the last report.
    fn report_state(&self) {
        let mut reported_state = self.reported_state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = match self.breaker.state() {
            State::Closed => BreakerState::Closed,
            State::Open => BreakerState::Open,
            State::HalfOpen => BreakerState::HalfOpen,
        };
        if std::mem::replace(&mut *reported_state, state) == state {
            return;
        }
        let gateway = self.name();
        match state {
            BreakerState::Open => {
                tracing::warn!(%gateway, "gateway circuit breaker is open, calls are refused")
            }
            BreakerState::HalfOpen => {
                tracing::info!(%gateway, "gateway circuit breaker is half-open, one call probes the gateway")
            }
            BreakerState::Closed => {
                tracing::info!(%gateway, "gateway circuit breaker is closed, the gateway answers again")
            }
        }
        self.metrics.observe(Observation::GatewayBreaker(gateway, state));
    }
}

/// The permit of one use case to call one gateway, one call after the other. Dropping it frees the permit.
pub struct Admission<'g> {
    gateway: &'g GuardedGateway,
    /// The breaker's permit for the first call; `None` after that call.
    first_call: Mutex<Option<CallPermit<'g>>>,
    /// The requests that were sent, with their answers.
    log: AttemptLog,
    _room: OwnedSemaphorePermit,
}

impl Admission<'_> {
    /// Returns how long a key lives, as [`Gateway::key_lifetime`] does.
    #[must_use]
    pub fn key_lifetime(&self) -> Duration {
        self.gateway.inner.key_lifetime()
    }

    /// Removes and returns the requests that were sent since the last time, with their answers.
    #[must_use]
    pub fn take_attempts(&self) -> Vec<GatewayAttempt> {
        self.log.take()
    }

    /// As [`Gateway::states_action_by_charge`].
    #[must_use]
    pub fn states_action_by_charge(&self) -> bool {
        self.gateway.inner.states_action_by_charge()
    }

    /// As [`Gateway::charge`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn charge(&self, charge: Charge) -> Result<Answer, NoResponse> {
        self.call("gateway charge", self.gateway.inner.charge(charge, &self.log)).await
    }

    /// As [`Gateway::look_up`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn look_up(&self, lookup: Lookup) -> Result<LookupAnswer, NoResponse> {
        self.call("gateway look-up", self.gateway.inner.look_up(lookup, &self.log)).await
    }

    /// As [`Gateway::capture`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn capture(&self, charge: Charge, amount: Money) -> Result<Answer, NoResponse> {
        self.call("gateway capture", self.gateway.inner.capture(charge, amount, &self.log)).await
    }

    /// As [`Gateway::void`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn void(&self, charge: Charge) -> Result<Answer, NoResponse> {
        self.call("gateway void", self.gateway.inner.void(charge, &self.log)).await
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
        self.call("gateway refund", self.gateway.inner.refund(charge, refund, amount, &self.log)).await
    }

    /// Asks the gateway whether it accepts the credentials, as [`Gateway::check`], within the time limit.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub async fn check(&self) -> Result<GatewayCheck, NoResponse> {
        self.call("gateway check", self.gateway.inner.check(&self.log)).await
    }

    /// Makes a call within the time limit and reports its outcome to the breaker. Every call after the first
    /// acquires a new permit of the breaker, which the call before may have opened. `name` is that of the span.
    async fn call<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, NoResponse>>,
    ) -> Result<T, NoResponse> {
        let gateway = self.gateway;
        let first = self.first_call.lock().unwrap_or_else(PoisonError::into_inner).take();
        let permit = match first {
            Some(permit) => permit,
            None => gateway.breaker.acquire_permit().map_err(|open| {
                gateway.count_call(CallOutcome::Refused, Duration::ZERO);
                NoResponse::unavailable(open)
            })?,
        };
        let mut span = Span::begin(SpanKind::Client, name);
        span.add_text("idem.gateway", || gateway.name().to_string());
        let began = gateway.clock.monotonic_now();
        let (outcome, answer) = match span.run(timeout(gateway.limits.time_limit, call)).await {
            Ok(Ok(answer)) => (CallOutcome::Answered, Ok(answer)),
            Ok(Err(error @ NoResponse::Lost)) => (CallOutcome::Lost, Err(error)),
            Ok(Err(error @ NoResponse::Unavailable(_))) => (CallOutcome::Unavailable, Err(error)),
            Err(elapsed) => (CallOutcome::TimedOut, Err(NoResponse::unavailable(elapsed))),
        };
        if outcome != CallOutcome::Answered {
            span.set_error("no answer");
        }
        match outcome {
            // A single lost answer is no failure for the breaker: the gateway can be reached.
            CallOutcome::Answered | CallOutcome::Lost => drop(permit.succeed()),
            CallOutcome::Unavailable | CallOutcome::TimedOut | CallOutcome::Refused => drop(permit.fail()),
        }
        gateway.report_state();
        gateway.count_call(outcome, gateway.clock.monotonic_now().saturating_sub(began));
        answer
    }
}

impl Drop for Admission<'_> {
    /// An admission without a call says nothing about the gateway: its probe is returned, so that the next use
    /// case can make it at once.
    fn drop(&mut self) {
        if let Some(unused) = self.first_call.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            unused.cancel();
        }
    }
}

#[cfg(test)]
mod tests;
