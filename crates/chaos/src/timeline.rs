//! Which fault is at work, how many requests were answered during it, and how soon all was well again.

#![expect(clippy::disallowed_methods, reason = "it is a stopwatch")]

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::fault::Fault;

/// A fault that has happened, and how the service did meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// What happened to whom.
    pub(crate) fault: Fault,
    /// Requests that were sent while it was at work.
    pub(crate) asked: u64,
    /// Those of them that were answered, with more than a request to come again later.
    pub(crate) answered: u64,
    /// When it ended. None: it is at work.
    cleared_at: Option<Instant>,
    /// How long after the end each instance answered a write that was sent after it.
    recovered: [Option<Duration>; 2],
}

impl Window {
    /// The time from the end of the fault until both instances had answered a write. None: they have not.
    pub(crate) fn recovery_time(&self) -> Option<Duration> {
        self.recovered.iter().copied().reduce(|one, other| one.zip(other).map(|(a, b)| a.max(b))).flatten()
    }
}

/// A request that was sent and has no outcome yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    at: Instant,
    window: Option<usize>,
}

#[derive(Debug, Default)]
struct Inner {
    windows: Vec<Window>,
    is_at_work: bool,
    asked: u64,
    answered: u64,
}

/// Everything that has happened so far, shared by all clients.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline(Arc<Mutex<Inner>>);

impl Timeline {
    pub(crate) fn begin_fault(&self, fault: Fault) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.windows.push(Window { fault, asked: 0, answered: 0, cleared_at: None, recovered: [None; 2] });
        inner.is_at_work = true;
    }

    pub(crate) fn end_fault(&self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.is_at_work = false;
        if let Some(window) = inner.windows.last_mut() {
            window.cleared_at = Some(Instant::now());
        }
    }

    /// The number of requests that were sent during the latest fault and have an outcome.
    pub(crate) fn count_asked(&self) -> u64 {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.windows.last().map_or(0, |it| it.asked)
    }

    /// Whether both instances have answered a write since the latest fault ended.
    pub(crate) fn has_recovered(&self) -> bool {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.windows.last().is_none_or(|it| it.recovery_time().is_some())
    }

    /// A request is sent now.
    pub(crate) fn begin_request(&self) -> Sent {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.asked = inner.asked.saturating_add(1);
        let window = inner.windows.len().checked_sub(1).filter(|_| inner.is_at_work);
        Sent { at: Instant::now(), window }
    }

    /// What became of a request to that instance, which wrote something or only read.
    pub(crate) fn end_request(&self, sent: Sent, instance: usize, is_write: bool, is_answered: bool) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_answered {
            inner.answered = inner.answered.saturating_add(1);
        }
        if let Some(window) = sent.window.and_then(|it| inner.windows.get_mut(it)) {
            window.asked = window.asked.saturating_add(1);
            window.answered = window.answered.saturating_add(u64::from(is_answered));
        }
        if !(is_write && is_answered) {
            return;
        }
        let Some(window) = inner.windows.last_mut() else { return };
        let Some(cleared_at) = window.cleared_at.filter(|it| *it <= sent.at) else { return };
        if let Some(recovered) = window.recovered.get_mut(instance)
            && recovered.is_none()
        {
            *recovered = Some(cleared_at.elapsed());
        }
    }

    /// All faults so far, and the numbers of requests that were sent and answered in the whole run.
    pub(crate) fn read(&self) -> (Vec<Window>, u64, u64) {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.windows.clone(), inner.asked, inner.answered)
    }
}

/// The time since a run began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{FaultKind, FaultTarget};

    #[test]
    fn a_request_counts_for_the_fault_that_it_was_sent_in_and_recovery_needs_both_instances() {
        let timeline = Timeline::default();
        timeline.begin_fault(Fault { target: FaultTarget::Database(0), kind: FaultKind::Kill });
        let (lost, late) = (timeline.begin_request(), timeline.begin_request());
        timeline.end_request(lost, 0, true, false);
        timeline.end_fault();
        timeline.end_request(late, 0, true, true);
        let (windows, asked, answered) = timeline.read();
        let window = windows.first().unwrap();
        assert_eq!((asked, answered, window.asked, window.answered), (2, 1, 2, 1));
        assert_eq!(window.recovered, [None; 2], "it was sent before the end");
        let next = timeline.begin_request();
        timeline.end_request(next, 0, true, true);
        assert_eq!(timeline.read().0.first().unwrap().recovery_time(), None);
        let next = timeline.begin_request();
        timeline.end_request(next, 1, true, true);
        assert!(timeline.read().0.first().unwrap().recovery_time().is_some());
    }
}
