//! The states of a circuit, and permits to call.

#[cfg(test)]
mod tests;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many calls in a row must fail; 0 is taken as 1.
    pub failures_to_open: u32,
    /// How long every call is refused before one may probe.
    pub open_period: Duration,
}

/// What a circuit does with the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Lets it through: the dependency answers, as far as is known.
    Closed,
    /// Refuses it: the dependency failed a moment ago.
    Open,
    /// Lets one through as a probe, and refuses it while a probe is under way.
    HalfOpen,
}

/// The call must not be made now: the dependency failed a moment ago and has not answered since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was away a moment ago")]
pub struct CircuitOpen;

/// Decides whether a call may be made, from the outcomes of those before. One for each dependency, shared by all callers.
#[derive(Debug)]
pub struct CircuitBreaker {
    settings: Settings,
    circuit: Mutex<Circuit>,
}

#[derive(Debug)]
struct Circuit {
    phase: Phase,
    /// How many probes there were. The last one may be under way: a probe is known by its number.
    probes: u64,
}

#[derive(Debug)]
enum Phase {
    /// How many calls in a row have failed.
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// The last probe is under way.
    Probing,
}

/// Leave to make one call. Its holder reports the outcome; a permit that is dropped instead reports none.
#[derive(Debug)]
#[must_use = "a permit that is dropped reports no outcome"]
pub struct CallPermit<'b> {
    breaker: &'b CircuitBreaker,
    /// The number of the probe, if the call is one.
    probe: Option<u64>,
    is_reported: bool,
}

impl CircuitBreaker {
    /// A closed circuit.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        let circuit = Circuit { phase: Phase::Closed { failures: 0 }, probes: 0 };
        Self { settings, circuit: Mutex::new(circuit) }
    }

    /// Leave to make one call now.
    ///
    /// # Errors
    /// [`CircuitOpen`] while the circuit is open, and while another call probes.
    pub fn acquire_permit(&self) -> Result<CallPermit<'_>, CircuitOpen> {
        let mut circuit = self.lock_circuit();
        let probe = match circuit.phase {
            Phase::Closed { .. } => None,
            Phase::Open { until } if until <= instant_now() => {
                circuit.phase = Phase::Probing;
                circuit.probes = circuit.probes.wrapping_add(1);
                Some(circuit.probes)
            }
            Phase::Open { .. } | Phase::Probing => return Err(CircuitOpen),
        };
        Ok(CallPermit { breaker: self, probe, is_reported: false })
    }

    /// What the next call meets, for metrics and health. It may be over at once: a caller asks for a permit instead.
    #[must_use]
    pub fn state(&self) -> State {
        match self.lock_circuit().phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { until } if instant_now() < until => State::Open,
            Phase::Open { .. } | Phase::Probing => State::HalfOpen,
        }
    }

    fn record_success(&self) -> bool {
        let mut circuit = self.lock_circuit();
        let was_closed = matches!(circuit.phase, Phase::Closed { .. });
        circuit.phase = Phase::Closed { failures: 0 };
        !was_closed
    }

    fn record_failure(&self, probe: Option<u64>) -> bool {
        let mut circuit = self.lock_circuit();
        match circuit.phase {
            Phase::Closed { failures } => {
                let failures = failures.saturating_add(1);
                let opens = failures >= self.settings.failures_to_open;
                circuit.phase = if opens { self.open_phase() } else { Phase::Closed { failures } };
                opens
            }
            Phase::Probing if probe == Some(circuit.probes) => {
                circuit.phase = self.open_phase();
                false
            }
            // It began before the circuit opened, or is a probe of long ago: that the dependency was unavailable is known.
            Phase::Open { .. } | Phase::Probing => false,
        }
    }

    /// A lost probe has no outcome, but the next one waits its turn: callers that give up early must not make all
    /// those after them try a dependency that hangs.
    fn record_lost_probe(&self, lost: u64) {
        let mut circuit = self.lock_circuit();
        if matches!(circuit.phase, Phase::Probing) && circuit.probes == lost {
            circuit.phase = self.open_phase();
        }
    }

    fn record_unused_probe(&self, unused: u64) {
        let mut circuit = self.lock_circuit();
        if matches!(circuit.phase, Phase::Probing) && circuit.probes == unused {
            circuit.phase = Phase::Open { until: instant_now() };
        }
    }

    fn open_phase(&self) -> Phase {
        Phase::Open { until: instant_now() + self.settings.open_period }
    }

    fn lock_circuit(&self) -> MutexGuard<'_, Circuit> {
        // No code that holds the lock leaves a circuit half-written, so a panic elsewhere spoils nothing.
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallPermit<'_> {
    /// The dependency answered: the circuit closes, even if the call began before it opened. Gives whether it was not
    /// closed until now, which is worth a line in the log.
    pub fn succeed(mut self) -> bool {
        self.is_reported = true;
        self.breaker.record_success()
    }

    /// The dependency did not answer, or not in time. Gives whether the circuit opened by that after it was closed, which
    /// is worth a line in the log; a probe that fails is no news.
    pub fn fail(mut self) -> bool {
        self.is_reported = true;
        self.breaker.record_failure(self.probe)
    }

    /// Returns a permit for which no call was made. If it was the probe, the next caller may probe at once.
    pub fn cancel(mut self) {
        self.is_reported = true;
        if let Some(probe) = self.probe {
            self.breaker.record_unused_probe(probe);
        }
    }
}

impl Drop for CallPermit<'_> {
    fn drop(&mut self) {
        if let (Some(probe), false) = (self.probe, self.is_reported) {
            self.breaker.record_lost_probe(probe);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a period is a length of time: it does not follow the clock on the wall"
)]
pub(crate) fn instant_now() -> Instant {
    Instant::now()
}
