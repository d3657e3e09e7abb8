//! What is sent again, when, and how often.

use std::time::Duration;

use crate::Error;

/// Limits of the attempts of one call.
///
/// Sent again is what may succeed later without doing a thing twice: a request without a complete answer, 409
/// `idempotency-in-progress`, 429 and 503. Nothing else is. The pauses grow from `pause_first` by the factor two, with jitter,
/// and a `Retry-After` of the answer comes before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts of one call, the first included; at least one is made.
    pub attempts_max: u32,
    /// Time after which no further attempt begins.
    pub total: Duration,
    /// Time for one attempt. The service ends each request within 10 s, unless it was set up otherwise.
    pub attempt_timeout: Duration,
    /// The pause before the second attempt, without jitter.
    pub pause_first: Duration,
    /// The longest pause. When `Retry-After` asks for a longer one, the call fails at once, and the problem says how long.
    pub pause_max: Duration,
}

impl Default for RetryPolicy {
    /// Six attempts within a minute.
    fn default() -> Self {
        Self {
            attempts_max: 6,
            total: Duration::from_secs(60),
            attempt_timeout: Duration::from_secs(20),
            pause_first: Duration::from_millis(200),
            pause_max: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// One attempt, for callers that retry themselves.
    #[must_use]
    pub fn once() -> Self {
        Self { attempts_max: 1, ..Self::default() }
    }

    /// The pause after a failed attempt, the `attempt`-th from 1, `elapsed` after the call began. `None`: the call fails.
    /// `random` is any number, which decides the jitter.
    pub(crate) fn pause_after(
        &self,
        attempt: u32,
        error: &Error,
        elapsed: Duration,
        random: u64,
    ) -> Option<Duration> {
        if attempt >= self.attempts_max || !is_retryable(error) {
            return None;
        }
        let asked = error.problem().and_then(|problem| problem.retry_after).unwrap_or_default();
        if asked > self.pause_max {
            return None;
        }
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let longest = self.pause_first.saturating_mul(factor).min(self.pause_max);
        // Between a half and the whole: clients that failed together do not come back together, also after a common
        // `Retry-After`.
        let permille = u32::try_from(random % 501).unwrap_or_default() + 500;
        let pause = asked.saturating_add(longest.saturating_mul(permille) / 1000);
        (elapsed.saturating_add(pause) < self.total).then_some(pause)
    }
}

fn is_retryable(error: &Error) -> bool {
    match error {
        Error::Transport(_) => true,
        Error::Problem(problem) => match problem.status {
            409 => problem.slug() == "idempotency-in-progress",
            429 | 503 => true,
            _ => false,
        },
        Error::Decode(_) | Error::Setting(_) => false,
    }
}

/// The wait of a `Retry-After` in seconds. A date, which only a proxy sends, is not read: the usual pauses hold.
pub(crate) fn parse_retry_after(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;

    fn refusal(status: u16, slug: &str, retry_after: Option<u64>) -> Error {
        let body = format!(r#"{{"type":"/problems/{slug}","title":"","status":{status},"detail":""}}"#);
        let problem = Problem::read(status, body.as_bytes(), retry_after.map(Duration::from_secs));
        Error::Problem(Box::new(problem))
    }

    fn pause(attempt: u32, error: &Error, random: u64) -> Option<u128> {
        let pause = RetryPolicy::default().pause_after(attempt, error, Duration::ZERO, random);
        pause.map(|it| it.as_millis())
    }

    #[test]
    fn only_what_may_succeed_later_is_sent_again() {
        for (status, slug) in
            [(409, "idempotency-in-progress"), (429, "too-many-requests"), (503, "overloaded")]
        {
            assert!(is_retryable(&refusal(status, slug, None)), "{slug}");
        }
        for (status, slug) in
            [(409, "out-of-stock"), (422, "idempotency-key-reused"), (500, "internal-error")]
        {
            assert!(!is_retryable(&refusal(status, slug, None)), "{slug}");
        }
    }

    #[test]
    fn pauses_grow_with_jitter_and_end_with_the_attempts() {
        let busy = refusal(503, "overloaded", None);
        assert_eq!((pause(1, &busy, 0), pause(1, &busy, 500)), (Some(100), Some(200)));
        assert_eq!((pause(3, &busy, 0), pause(3, &busy, 500)), (Some(400), Some(800)));
        assert_eq!((pause(5, &busy, 500), pause(6, &busy, 500)), (Some(3200), None));
    }

    #[test]
    fn a_retry_after_comes_first_and_one_that_is_too_long_ends_the_call() {
        assert_eq!(pause(1, &refusal(429, "too-many-requests", Some(30)), 500), Some(30_200));
        assert_eq!(pause(1, &refusal(429, "too-many-requests", Some(31)), 500), None);
        assert_eq!(parse_retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(parse_retry_after("Thu, 26 Nov 2026 08:00:00 GMT"), None);
    }

    #[test]
    fn no_attempt_begins_after_the_whole_time() {
        let policy = RetryPolicy { attempts_max: u32::MAX, ..RetryPolicy::default() };
        let busy = refusal(503, "overloaded", Some(1));
        let after = |seconds| policy.pause_after(40, &busy, Duration::from_secs(seconds), 0);
        assert_eq!(after(0), Some(Duration::from_secs(16)));
        assert_eq!(after(44), None);
    }
}
