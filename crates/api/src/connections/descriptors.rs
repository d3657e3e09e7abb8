//! How many client connections there may be.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are not for clients: the files or connections of the database, Redis, memcached, the
/// sandbox's notices, the log, and the runtime.
const RESERVED: usize = 96;
/// Descriptors that each worker thread needs for itself.
const RESERVED_PER_WORKER: usize = 4;
/// Most connections of the process, however many descriptors there are.
const CONNECTIONS_MAX: usize = 20_000;

/// How many connections each worker may have, so that descriptors are left for everything else. It first
/// raises the process's own limit of descriptors as far as the system allows.
pub(crate) fn connections_max(workers: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // The outcome may be dropped: if the system refuses, the limit stays, and the next line reads what it is.
    let _ = setrlimit(Resource::Nofile, all);
    let descriptors = getrlimit(Resource::Nofile).current;
    connections_per_worker(
        descriptors.map_or(usize::MAX, |it| usize::try_from(it).unwrap_or(usize::MAX)),
        workers,
    )
}

fn connections_per_worker(descriptors: usize, workers: usize) -> usize {
    let reserved = RESERVED.saturating_add(workers.saturating_mul(RESERVED_PER_WORKER));
    // With very few descriptors a quarter goes to clients even though the reserve is not covered: a service
    // that accepts no connection at all would look broken instead of small.
    let connections = descriptors.saturating_sub(reserved).max(descriptors / 4).min(CONNECTIONS_MAX);
    (connections / workers.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_together_leave_descriptors_for_the_rest() {
        assert_eq!(connections_per_worker(1024, 2), (1024 - 96 - 8) / 2);
        assert_eq!(connections_per_worker(128, 2), 16);
        assert_eq!(connections_per_worker(usize::MAX, 4), 5_000);
        assert_eq!(connections_per_worker(65_536, 512), 39);
        assert_eq!(connections_per_worker(8, 512), 1);
        for descriptors in [256, 1024, 4096, 65_536] {
            for workers in [1, 2, 7, 32] {
                assert!(
                    connections_per_worker(descriptors, workers) * workers + 32 < descriptors,
                    "{descriptors} {workers}"
                );
            }
        }
    }
}
