//! The count of one subject within one window.

use std::time::Duration;

use ports::Attempts;

use super::REQUEST_WINDOW;

/// What one subject has sent since its window began, as far as this process knows.
#[derive(Debug)]
pub(super) struct Window {
    /// When it is over, by the monotonic clock.
    ends: Duration,
    /// The total of the shared counter when this process last added to it, and at least what was sent to it.
    known: u32,
    /// What was counted here and is not in `known`.
    unsent: u32,
    /// Whether the window waits in the queue of the loop that shares it.
    queued: bool,
    /// How often the window has begun. A total that arrives late belongs to the window before.
    round: u64,
}

/// What is added to the shared counter, and the window that it was counted in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsent {
    pub(super) count: u32,
    round: u64,
}

impl Window {
    pub(super) const fn starting_at(now: Duration) -> Self {
        Self { ends: now.saturating_add(REQUEST_WINDOW), known: 0, unsent: 0, queued: false, round: 0 }
    }

    /// Counts a request and returns how many are left; `None`, and nothing is counted, when none was left.
    pub(super) fn count_request(&mut self, quota: u32, now: Duration) -> Option<u32> {
        if now >= self.ends {
            // A window in the queue stays there: it is taken out with what is counted from here on.
            *self = Self { queued: self.queued, round: self.round + 1, ..Self::starting_at(now) };
        }
        let used = self.known.saturating_add(self.unsent);
        let left = quota.checked_sub(used)?.checked_sub(1)?;
        self.unsent += 1;
        Some(left)
    }

    /// How long it lasts yet.
    pub(super) const fn time_left(&self, now: Duration) -> Duration {
        self.ends.saturating_sub(now)
    }

    /// Whether it must be put into the queue, which is noted.
    pub(super) const fn needs_queueing(&mut self) -> bool {
        !std::mem::replace(&mut self.queued, true)
    }

    /// Notes that it was taken out of the queue, and returns what is to be added.
    pub(super) const fn take_unsent(&mut self) -> Unsent {
        self.queued = false;
        Unsent { count: self.unsent, round: self.round }
    }

    /// Notes that it is not known whether `sent` was added. It goes on to count here and is not sent again: counted twice,
    /// it would refuse requests that are within the quota.
    pub(super) const fn keep_sent(&mut self, sent: Unsent) {
        if sent.round == self.round {
            self.unsent = self.unsent.saturating_sub(sent.count);
            self.known = self.known.saturating_add(sent.count);
        }
    }

    /// Takes over the total of all instances after `sent` was added to it.
    pub(super) fn apply_total(&mut self, sent: Unsent, total: Attempts, now: Duration) {
        if sent.round != self.round {
            return;
        }
        self.keep_sent(sent);
        // Never less than this process has counted, because an addition before may have been lost. A smaller count that
        // lasts longer belongs to the next shared window, whose requests are not those of this one.
        let is_next = total.count < self.known && total.resets_in > self.time_left(now);
        self.known = if is_next { total.count } else { self.known.max(total.count) };
        // The shared window decides, so that all instances begin the next one together.
        self.ends = now.saturating_add(total.resets_in.min(REQUEST_WINDOW));
    }
}
