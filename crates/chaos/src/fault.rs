//! What may happen to whom.

use std::fmt;

/// Who is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Victim {
    /// MariaDB, the system of record.
    Database,
    /// Locks, counters, revocations and a cache.
    Redis,
    /// The first-level cache.
    Memcached,
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

impl Victim {
    const ALL: [Self; 5] = [Self::Database, Self::Redis, Self::Memcached, Self::First, Self::Second];

    /// What may happen to it. Instances keep nothing that could be emptied, and clients reach them directly.
    const fn possible_blows(self) -> &'static [Blow] {
        match self {
            Self::Database => &[Blow::Kill, Blow::Hang, Blow::Cut, Blow::Delay, Blow::HalfClose],
            Self::Redis | Self::Memcached => {
                &[Blow::Kill, Blow::Hang, Blow::Empty, Blow::Cut, Blow::Delay, Blow::HalfClose]
            }
            Self::First | Self::Second => &[Blow::Kill, Blow::Hang],
        }
    }
}

impl Fault {
    /// Every fault once.
    pub(crate) fn all() -> Vec<Self> {
        let of =
            |victim: Victim| victim.possible_blows().iter().map(move |blow| Self { victim, blow: *blow });
        Victim::ALL.into_iter().flat_map(of).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let victim = match self.victim {
            Victim::Database => "MariaDB",
            Victim::Redis => "Redis",
            Victim::Memcached => "memcached",
            Victim::First => "instance 1",
            Victim::Second => "instance 2",
        };
        let blow = match self.blow {
            Blow::Kill => "killed",
            Blow::Hang => "hung",
            Blow::Empty => "emptied",
            Blow::Cut => "cut off",
            Blow::Delay => "delayed",
            Blow::HalfClose => "half-closed",
        };
        write!(f, "{victim} {blow}")
    }
}
