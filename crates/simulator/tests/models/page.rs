//! Compares the table of `docs/guarantees.md` with what the models have found just now.

use crate::{
    cache_validate, callback_apply, group_commit, order_create, order_moves, refresh_rotate, refund_reserve,
};

/// Searches a model, and returns the number of its states.
type SearchStates = fn() -> usize;

const PAGE: &str = include_str!("../../../../docs/guarantees.md");

#[test]
fn every_model_holds_in_the_documented_number_of_states() {
    let mut faults = Vec::new();
    let models: [(&str, SearchStates); 7] = [
        ("order-create", order_create::search_sound),
        ("order-moves", order_moves::search_sound),
        ("callback-apply", callback_apply::search_sound),
        ("refund-reserve", refund_reserve::search_sound),
        ("refresh-rotate", refresh_rotate::search_sound),
        ("cache-validate", cache_validate::search_sound),
        ("group-commit", group_commit::search_sound),
    ];
    for (name, search) in models {
        let states = search();
        let row = PAGE.lines().find(|it| it.starts_with(&format!("| {name} |"))).unwrap_or_default();
        if !row.contains(&format!("| {states} |")) {
            faults.push(format!("{name} has {states} states, and the page says: {row}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
