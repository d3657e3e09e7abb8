//! What may happen to whom.

use std::fmt;

/// What a fault affects. Servers have numbers from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FaultTarget {
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
pub(crate) enum FaultKind {
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

/// A kind of fault at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// What it affects.
    pub(crate) target: FaultTarget,
    /// What happens to it.
    pub(crate) kind: FaultKind,
}

impl Fault {
    /// Each fault once, for these numbers of servers.
    pub(crate) fn list(databases: usize, redis: usize, memcached: usize) -> Vec<Self> {
        let links = [FaultKind::Cut, FaultKind::Delay, FaultKind::HalfClose];
        let ends = [FaultKind::Kill, FaultKind::Hang];
        // Several Redis servers announce their own addresses, so instances connect to them directly.
        let redis_links = if redis == 1 { &links[..] } else { &[] };
        let of = |target, kinds: &[&[FaultKind]]| {
            kinds.concat().into_iter().map(move |kind| Self { target, kind }).collect::<Vec<_>>()
        };
        let databases = (0..databases).map(|it| of(FaultTarget::Database(it), &[&ends, &links]));
        let redis =
            (0..redis).map(|it| of(FaultTarget::Redis(it), &[&ends, &[FaultKind::Empty], redis_links]));
        let memcached =
            (0..memcached).map(|it| of(FaultTarget::Memcached(it), &[&ends, &[FaultKind::Empty], &links]));
        // Instances keep nothing that could be emptied, and clients reach them directly.
        let instances = [of(FaultTarget::First, &[&ends]), of(FaultTarget::Second, &[&ends])];
        databases.chain(redis).chain(memcached).chain(instances).flatten().collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FaultKind::Kill => "killed",
            FaultKind::Hang => "hung",
            FaultKind::Empty => "emptied",
            FaultKind::Cut => "cut off",
            FaultKind::Delay => "delayed",
            FaultKind::HalfClose => "half-closed",
        };
        match self.target {
            FaultTarget::Database(server) => write!(f, "database {} {kind}", server.saturating_add(1)),
            FaultTarget::Redis(server) => write!(f, "Redis {} {kind}", server.saturating_add(1)),
            FaultTarget::Memcached(server) => write!(f, "memcached {} {kind}", server.saturating_add(1)),
            FaultTarget::First => write!(f, "instance 1 {kind}"),
            FaultTarget::Second => write!(f, "instance 2 {kind}"),
        }
    }
}
