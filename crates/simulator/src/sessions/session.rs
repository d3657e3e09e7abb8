//! One session, as its client knows it.

use std::{collections::BTreeMap, time::Duration};

/// The tokens of one generation of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) access: String,
    pub(super) refresh: String,
}

/// The requests that presented the refresh token of one generation.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    /// When the first one was sent.
    pub(super) first_sent: Duration,
    /// How many were sent.
    pub(super) sent: u32,
    /// How many of them may still be judged too late, or were.
    pub(super) open: u32,
}

/// A session, as its client knows it.
#[derive(Debug, Clone)]
pub(super) struct KnownSession {
    /// Position of its account.
    pub(super) account: usize,
    /// The password that it began with.
    pub(super) password: String,
    /// When the login was sent.
    pub(super) sent_at: Duration,
    /// When the login was answered.
    pub(super) answered_at: Duration,
    /// The tokens of each generation that a client got, and a time before they were made.
    pub(super) pairs: BTreeMap<i64, (Pair, Duration)>,
    /// What happened to the refresh token of each generation.
    pub(super) exchanges: BTreeMap<i64, Exchange>,
    /// When the refresh token of each generation was certainly spent.
    pub(super) spent_at: BTreeMap<i64, Duration>,
    /// Whether its own end was asked for.
    pub(super) end_is_sent: bool,
    /// When its own end was certainly done, by a logout or because of a theft.
    pub(super) ended_at: Option<Duration>,
}

impl KnownSession {
    /// The newest generation that a client got.
    pub(super) fn newest(&self) -> i64 {
        self.pairs.last_key_value().map_or(0, |(generation, _)| *generation)
    }

    /// Notes that a refresh token is sent, and returns when it was first.
    pub(super) fn begin_exchange(&mut self, generation: i64, now: Duration) -> Duration {
        let new = Exchange { first_sent: now, sent: 0, open: 0 };
        let exchange = self.exchanges.entry(generation).or_insert(new);
        exchange.sent += 1;
        exchange.open += 1;
        exchange.first_sent
    }

    /// A request with that token was judged while it could not be late.
    pub(super) fn close_exchange(&mut self, generation: i64) {
        if let Some(it) = self.exchanges.get_mut(&generation) {
            it.open = it.open.saturating_sub(1);
        }
    }

    /// How many refresh tokens were sent at or after that time, at most.
    pub(super) fn exchanges_since(&self, at: Duration) -> usize {
        self.exchanges.values().filter(|it| it.first_sent >= at).count()
    }

    /// Whether a token may have come so late, after another request with it, that it was taken for stolen.
    pub(super) fn may_be_reused(&self) -> bool {
        self.exchanges.values().any(|it| it.sent > 1 && it.open > 0)
    }

    /// Stores the tokens of a generation; those of all older ones are spent then. `false` if other tokens of it are known.
    pub(super) fn learn_pair(&mut self, generation: i64, pair: Pair, now: Duration) -> bool {
        let made_after = self.exchanges.get(&generation.saturating_sub(1));
        let made_after = made_after.map_or(self.sent_at, |it| it.first_sent);
        for spent in 1..generation {
            self.spent_at.entry(spent).or_insert(now);
        }
        self.pairs.entry(generation).or_insert_with(|| (pair.clone(), made_after)).0 == pair
    }
}
