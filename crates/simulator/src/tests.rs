//! The fixed histories of every test run.

use std::collections::BTreeSet;

use crate::{
    explore::find_mutant,
    faults::Fault,
    history::{Options, run_history},
    mutants::Mutant,
};

/// How many histories a test run makes.
const HISTORIES: u64 = 60;
/// In how many histories each planted fault must be found.
const PLANTED_HISTORIES: u64 = 60;

#[test]
fn nothing_that_must_never_happen_happens_in_the_fixed_histories() {
    let mut met = BTreeSet::new();
    for seed in 1..=HISTORIES {
        let outcome = run_history(Options::new(seed));
        met.extend(outcome.coverage.keys().map(|(fault, _)| *fault));
        assert_eq!(outcome.violation, None, "cargo xtask sim --seed {seed}");
        let rows = outcome.rows;
        assert!(rows.orders > 0 && rows.payments > 0 && rows.sessions > 0, "seed {seed} has {rows:?}");
    }
    let never: Vec<_> = Fault::ALL.iter().filter(|it| !met.contains(it)).collect();
    assert!(never.is_empty(), "never met: {never:?}");
}

#[test]
fn a_seed_gives_the_same_history_byte_for_byte() {
    let traced = |seed| run_history(Options { traces: true, ..Options::new(seed) });
    for seed in 7..12 {
        let first = traced(seed);
        assert!(first.trace.len() > 300, "{} lines", first.trace.len());
        assert_eq!(first, traced(seed), "seed {seed}");
    }
    assert_ne!(traced(7).trace, traced(8).trace);
}

#[test]
fn every_planted_fault_is_found() {
    for mutant in Mutant::ALL {
        assert!(find_mutant(*mutant, PLANTED_HISTORIES).is_some(), "{}", mutant.as_str());
    }
}

#[test]
fn the_page_names_every_planted_fault_once() {
    let page = include_str!("../../../docs/guarantees.md");
    let (_, rest) = page.split_once("## Planted faults").unwrap();
    let (table, _) = rest.split_once("\n## ").unwrap();
    let first_cell = |row: &'static str| row.strip_prefix("| ")?.split(" | ").next();
    // Without the titles and the rule below them.
    let named: Vec<_> = table.lines().filter_map(first_cell).skip(2).collect();
    assert_eq!(named, Mutant::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>());
}
