//! Exhaustive models of the small places where interleavings decide: every order of steps of two or three actors,
//! with crashes and lost replies, is visited.
//!
//! The rules of orders, payments and sessions are not written again here. Decisions come from `domain` (`TRANSITIONS`,
//! `apply_events`, `request_refund`, `Session::refresh`), so that model and code cannot drift; what a model adds is the
//! record with its guards, and the steps between which a process may die. The protocols of creating an order, confirming a
//! copy and committing a group have no such function, and are written by hand. Each model is also run with faults planted in its record or its steps, and
//! has to find each of them. `docs/guarantees.md` has the numbers of states, and a test compares them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail loudly, and prints the numbers that the documentation shows"
)]

mod cache_validate;
mod callback_apply;
mod group_commit;
mod order_create;
mod order_moves;
mod page;
mod payment;
mod refresh_rotate;
mod refund_reserve;

use std::{fmt::Debug, hash::Hash};

use stateright::{Checker, Model};

/// What a complete search of a model has found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Search {
    /// Different states that were reached.
    pub(crate) states: usize,
    /// Properties that do not hold in one of them, and reachable situations that none of them is; sorted.
    pub(crate) violations: Vec<&'static str>,
}

/// Visits every reachable state of a model.
pub(crate) fn search_all<M>(model: M) -> Search
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let checker = model.checker().threads(2).spawn_bfs().join();
    let mut violations: Vec<_> = checker
        .model()
        .properties()
        .into_iter()
        .filter(|it| {
            let is_found = checker.discovery(it.name).is_some();
            match it.expectation {
                stateright::Expectation::Always | stateright::Expectation::Eventually => is_found,
                stateright::Expectation::Sometimes => !is_found,
            }
        })
        .map(|it| it.name)
        .collect();
    violations.sort_unstable();
    Search { states: checker.unique_state_count(), violations }
}

/// Fails unless every property of a model holds; returns the number of its states.
pub(crate) fn assert_sound<M>(name: &str, model: M) -> usize
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let Search { states, violations } = search_all(model);
    assert!(violations.is_empty(), "{name}: {violations:?} in {states} states");
    println!("{name}: {states} states");
    states
}

/// Fails unless the model, with a fault planted in it, finds that this property is violated.
pub(crate) fn assert_found<M>(model: M, property: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let found = search_all(model).violations;
    assert!(found.contains(&property), "not found: {property}; found: {found:?}");
}
