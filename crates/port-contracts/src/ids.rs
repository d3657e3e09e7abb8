//! The promises of [`ports::IdGenerator`].

use std::{collections::HashSet, sync::Arc};

use ports::IdGenerator;
use tokio::task::JoinSet;

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn IdGenerator>`.
#[macro_export]
macro_rules! ids {
    ($($fixture:ident)::+) => {
        $crate::stamp! { ids:
            every_key_is_above_zero_and_larger_than_the_one_before
            no_key_is_given_out_twice
            an_id_is_26_characters_that_are_safe_in_a_url
            every_bit_of_an_id_is_random
            no_id_is_given_out_twice
            ; $($fixture)::+
        }
    };
}

const KEYS: usize = 10_000;

/// Also for keys that are generated within one millisecond.
pub async fn every_key_is_above_zero_and_larger_than_the_one_before(ids: &Arc<dyn IdGenerator>) {
    let keys: Vec<_> = (0..KEYS).map(|_| ids.next_key()).collect();
    assert!(keys.iter().all(|it| *it > 0));
    assert!(keys.is_sorted_by(|a, b| a < b));
}

/// Also when many tasks generate keys at the same time.
pub async fn no_key_is_given_out_twice(ids: &Arc<dyn IdGenerator>) {
    assert_eq!(at_once(ids, |ids| ids.next_key()).await, 4 * KEYS);
}

/// Only `a-z` and `2-7` occur.
pub async fn an_id_is_26_characters_that_are_safe_in_a_url(ids: &Arc<dyn IdGenerator>) {
    for _ in 0..100 {
        let id = ids.next_id();
        assert!(id.len() == 26 && id.bytes().all(|it| matches!(it, b'a'..=b'z' | b'2'..=b'7')), "{id}");
    }
}

/// No position of an id always has the same character.
pub async fn every_bit_of_an_id_is_random(ids: &Arc<dyn IdGenerator>) {
    let made: Vec<_> = (0..100).map(|_| ids.next_id()).collect();
    for place in 0..26 {
        let seen: HashSet<_> = made.iter().filter_map(|it| it.chars().nth(place)).collect();
        assert!(seen.len() > 1, "place {place} is always the same");
    }
}

/// Also when many tasks generate ids at the same time.
pub async fn no_id_is_given_out_twice(ids: &Arc<dyn IdGenerator>) {
    assert_eq!(at_once(ids, |ids| ids.next_id()).await, 4 * KEYS);
}

/// Counts the distinct values that four concurrent tasks get.
async fn at_once<T: Eq + std::hash::Hash + Send + 'static>(
    ids: &Arc<dyn IdGenerator>,
    ask: fn(&dyn IdGenerator) -> T,
) -> usize {
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let ids = Arc::clone(ids);
        tasks.spawn(async move { (0..KEYS).map(|_| ask(&*ids)).collect::<Vec<_>>() });
    }
    tasks.join_all().await.into_iter().flatten().collect::<HashSet<_>>().len()
}
