//! Every two units of a batch have outcomes as if one came after the other.
//!
//! ```text
//! scene ─► commit_all([a, b]) ─► outcomes, and what is read
//! scene ─► commit(a), commit(b) ─► the same, or as of commit(b), commit(a)
//! ```

mod accounts;
mod shop;

pub use accounts::*;
pub use shop::*;

use ports::{CommitError, PortError, UnitOfWork};

use crate::Backend;

/// Rows that units are about.
trait Scene: Sized {
    /// Stores new ones.
    async fn store_new(backend: &Backend) -> Self;
    /// What reads show, without what differs from scene to scene.
    async fn describe(&self, backend: &Backend) -> String;
}

/// A unit that each scene lets happen, with its name.
type NamedUnit<S> = (&'static str, fn(&S) -> UnitOfWork);

/// Which of two units were committed, and what is read afterwards.
#[derive(Debug, PartialEq, Eq)]
struct Ending {
    committed: [bool; 2],
    record: String,
}

/// Commits all pairs, also of one kind, in batches and one by one.
async fn check_pairs<S: Scene>(backend: &Backend, units: &[NamedUnit<S>]) {
    for (place, first) in units.iter().enumerate() {
        for second in units.iter().skip(place) {
            for [a, b] in [[first, second], [second, first]] {
                let together = commit_in_batch(backend, a, b).await;
                let one_by_one = commit_singly(backend, [a, b]).await;
                if together == one_by_one {
                    continue;
                }
                let mut reversed = commit_singly(backend, [b, a]).await;
                reversed.committed.reverse();
                assert_eq!(together, reversed, "{} and {}, or {one_by_one:?}", a.0, b.0);
            }
        }
    }
}

async fn commit_in_batch<S: Scene>(backend: &Backend, a: &NamedUnit<S>, b: &NamedUnit<S>) -> Ending {
    let scene = S::store_new(backend).await;
    let outcomes = backend.store.commit_all(vec![a.1(&scene), b.1(&scene)]).await;
    let [a, b] = outcomes.as_slice() else { panic!("one outcome for each unit: {outcomes:?}") };
    Ending { committed: [is_committed(a), is_committed(b)], record: scene.describe(backend).await }
}

async fn commit_singly<S: Scene>(backend: &Backend, units: [&NamedUnit<S>; 2]) -> Ending {
    let scene = S::store_new(backend).await;
    let mut committed = [false; 2];
    for (is_done, unit) in committed.iter_mut().zip(units) {
        *is_done = is_committed(&backend.store.commit(unit.1(&scene)).await);
    }
    Ending { committed, record: scene.describe(backend).await }
}

/// Whether a unit was committed; it was refused otherwise.
#[track_caller]
fn is_committed(outcome: &Result<(), CommitError>) -> bool {
    if let Err(CommitError::Failed(PortError::Unavailable(_) | PortError::Bug(_))) = outcome {
        panic!("neither committed nor refused: {outcome:?}");
    }
    outcome.is_ok()
}
