//! When a gateway that does not answer is left alone.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ports::{BreakerState, Clock};

/// So many failures in a row open the breaker; a single one may be anything.
pub(super) const FAILURES_MAX: u32 = 5;
/// How long an open breaker lets nothing through, and how long one call that tries keeps all others out.
pub(super) const OPEN_PAUSE: Duration = Duration::from_secs(5);

/// Counts failures in a row, and lets nothing through for a while when there were too many.
pub(super) struct CircuitBreaker {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// Times are those of [`Clock::monotonic`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everything goes through; so many calls in a row have failed.
    Closed(u32),
    /// Nothing goes through until then.
    Open(Duration),
    /// One call tries; if it has said nothing until then, another one may.
    HalfOpen(Duration),
}

impl State {
    const fn outside(self) -> BreakerState {
        match self {
            Self::Closed(_) => BreakerState::Closed,
            Self::Open(_) => BreakerState::Open,
            Self::HalfOpen(_) => BreakerState::HalfOpen,
        }
    }
}

/// A change of the state that others can see.
pub(super) type Moved = Option<BreakerState>;

impl CircuitBreaker {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::new(State::Closed(0)) }
    }

    /// Whether a call may be made; else how long to wait. After the pause one may, and is the one that tries.
    pub(super) fn check(&self) -> (Result<(), Duration>, Moved) {
        let now = self.clock.monotonic();
        let mut state = self.lock();
        match *state {
            State::Closed(_) => (Ok(()), None),
            State::Open(until) | State::HalfOpen(until) if now < until => {
                (Err(until.saturating_sub(now)), None)
            }
            // Who tried before may have been dropped before it called: its turn ends with the pause.
            State::Open(_) | State::HalfOpen(_) => {
                (Ok(()), move_to(&mut state, State::HalfOpen(now.saturating_add(OPEN_PAUSE))))
            }
        }
    }

    /// The gateway answered, whatever it said.
    pub(super) fn record_success(&self) -> Moved {
        move_to(&mut self.lock(), State::Closed(0))
    }

    /// The gateway did not answer.
    pub(super) fn record_failure(&self) -> Moved {
        let open = State::Open(self.clock.monotonic().saturating_add(OPEN_PAUSE));
        let mut state = self.lock();
        let next = match *state {
            State::Closed(failures) if failures.saturating_add(1) < FAILURES_MAX => {
                State::Closed(failures + 1)
            }
            State::Closed(_) | State::HalfOpen(_) => open,
            // A call from before: the pause is not made longer by it.
            State::Open(until) => State::Open(until),
        };
        move_to(&mut state, next)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn move_to(state: &mut State, next: State) -> Moved {
    let before = std::mem::replace(state, next).outside();
    Some(next.outside()).filter(|it| *it != before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SetClock;

    fn breaker() -> (CircuitBreaker, Arc<SetClock>) {
        let clock = Arc::<SetClock>::default();
        (CircuitBreaker::new(clock.clone()), clock)
    }

    fn open() -> (CircuitBreaker, Arc<SetClock>) {
        let it = breaker();
        for _ in 0..FAILURES_MAX {
            it.0.record_failure();
        }
        it
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let (it, _) = breaker();
        for _ in 0..3 * FAILURES_MAX {
            for _ in 1..FAILURES_MAX {
                assert_eq!(it.record_failure(), None);
            }
            it.record_success();
        }
        assert_eq!(it.check().0, Ok(()));
        let moved: Vec<_> = (0..FAILURES_MAX).filter_map(|_| it.record_failure()).collect();
        assert_eq!((moved, it.check().0), (vec![BreakerState::Open], Err(OPEN_PAUSE)));
    }

    #[test]
    fn after_the_pause_one_call_tries_and_its_answer_closes_it() {
        let (it, clock) = open();
        clock.advance(OPEN_PAUSE - Duration::from_millis(1));
        assert_eq!(it.check().0, Err(Duration::from_millis(1)));
        clock.advance(Duration::from_millis(1));
        assert_eq!(it.check(), (Ok(()), Some(BreakerState::HalfOpen)));
        assert_eq!(it.check().0, Err(OPEN_PAUSE), "another one does not");
        assert_eq!(it.record_success(), Some(BreakerState::Closed));
        assert_eq!(it.check().0, Ok(()));
    }

    #[test]
    fn a_try_that_fails_opens_it_and_one_that_says_nothing_makes_room_for_another() {
        let (it, clock) = open();
        clock.advance(OPEN_PAUSE);
        assert_eq!(it.check().0, Ok(()));
        assert_eq!((it.record_failure(), it.check().0), (Some(BreakerState::Open), Err(OPEN_PAUSE)));
        clock.advance(OPEN_PAUSE);
        assert_eq!(it.check().0, Ok(()));
        clock.advance(OPEN_PAUSE);
        assert_eq!(it.check().0, Ok(()), "the one before was dropped");
    }

    #[test]
    fn late_failures_do_not_keep_it_open_for_longer() {
        let (it, clock) = open();
        clock.advance(OPEN_PAUSE - Duration::from_secs(1));
        assert_eq!((it.record_failure(), it.check().0), (None, Err(Duration::from_secs(1))));
    }
}
