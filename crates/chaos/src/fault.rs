//! What may happen to whom.

use std::fmt;

/// Who is struck. Servers have numbers from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Victim {
    /// A server of the record.
    Database(usize),
    /// A server of locks, counters, revocations and a cache.
    Redis(usize),
    /// A server of the first-level cache.
    Memcached(usize),
    /// The first instance of the service.
    First,
    /// The second instance, whose clock differs.
    Second,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blow {
    /// `kill -9`; it starts again with the files on its disk.
    Kill,
    /// `SIGSTOP`: connections are accepted, and nothing is answered.
    Hang,
    /// It forgets everything: `FLUSHALL`, `flush_all`.
    Empty,
    /// Connections to it are closed, and new ones, too.
    Cut,
    /// Every packet to and from it is late.
    Delay,
    /// Requests reach it, and its answers are cut off: work is done, and its client does not learn it.
    HalfClose,
}

/// A blow to a victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// Who is struck.
    pub(crate) victim: Victim,
    /// What happens to it.
    pub(crate) blow: Blow,
}

impl Fault {
    /// Each fault once, for these numbers of servers.
    pub(crate) fn list(databases: usize, redis: usize, memcached: usize) -> Vec<Self> {
        let links = [Blow::Cut, Blow::Delay, Blow::HalfClose];
        let ends = [Blow::Kill, Blow::Hang];
        // Several Redis servers announce their own addresses, so instances connect to them directly.
        let redis_links = if redis == 1 { &links[..] } else { &[] };
        let of = |victim, blows: &[&[Blow]]| {
            blows.concat().into_iter().map(move |blow| Self { victim, blow }).collect::<Vec<_>>()
        };
        let databases = (0..databases).map(|it| of(Victim::Database(it), &[&ends, &links]));
        let redis = (0..redis).map(|it| of(Victim::Redis(it), &[&ends, &[Blow::Empty], redis_links]));
        let memcached = (0..memcached).map(|it| of(Victim::Memcached(it), &[&ends, &[Blow::Empty], &links]));
        // Instances keep nothing that could be emptied, and clients reach them directly.
        let instances = [of(Victim::First, &[&ends]), of(Victim::Second, &[&ends])];
        databases.chain(redis).chain(memcached).chain(instances).flatten().collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blow = match self.blow {
            Blow::Kill => "killed",
            Blow::Hang => "hung",
            Blow::Empty => "emptied",
            Blow::Cut => "cut off",
            Blow::Delay => "delayed",
            Blow::HalfClose => "half-closed",
        };
        match self.victim {
            Victim::Database(server) => write!(f, "database {} {blow}", server.saturating_add(1)),
            Victim::Redis(server) => write!(f, "Redis {} {blow}", server.saturating_add(1)),
            Victim::Memcached(server) => write!(f, "memcached {} {blow}", server.saturating_add(1)),
            Victim::First => write!(f, "instance 1 {blow}"),
            Victim::Second => write!(f, "instance 2 {blow}"),
        }
    }
}
