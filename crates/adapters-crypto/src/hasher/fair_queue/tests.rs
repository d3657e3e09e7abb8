use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Weak},
};

use proptest::prelude::*;

use super::*;

const PLACES: QueueLimits = QueueLimits { per_purpose: 96, per_network: 72 };
const ALL: [HashPurpose; PURPOSES] =
    [HashPurpose::Register, HashPurpose::Login, HashPurpose::KnownLogin, HashPurpose::Change];

fn share(purpose: HashPurpose, network: u8) -> HashQueueKey {
    HashQueueKey { purpose, network: Network::from_address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, network))) }
}

/// How many others are called before that one.
fn called_before(line: &mut FairQueue<u32>, wanted: u32) -> usize {
    std::iter::from_fn(|| line.next()).position(|it| it == wanted).expect("it waits")
}

#[test]
fn a_login_is_called_soon_however_many_register() {
    let mut line = FairQueue::new(PLACES);
    for at in 0..70 {
        assert!(line.add_waiter(share(HashPurpose::Register, 1), at).is_some(), "{at}");
    }
    line.next();
    line.add_waiter(share(HashPurpose::Login, 1), 1_000);
    assert!(called_before(&mut line, 1_000) <= 1);
}

#[test]
fn a_network_is_called_soon_however_many_another_one_sends() {
    let mut line = FairQueue::new(PLACES);
    for at in 0..70 {
        assert!(line.add_waiter(share(HashPurpose::Login, 1), at).is_some(), "{at}");
    }
    line.add_waiter(share(HashPurpose::Login, 2), 1_000);
    assert!(called_before(&mut line, 1_000) <= 1);
}

/// More networks than there are places, each with as many logins as it gets places for.
fn crowd(line: &mut FairQueue<u32>) {
    for network in 0..200 {
        let entered =
            (0..3).filter(|at| line.add_waiter(share(HashPurpose::Login, network), *at).is_some()).count();
        assert!(entered > 0 || usize::from(network) >= PLACES.per_purpose, "{network}");
    }
    assert_eq!(line.add_waiter(share(HashPurpose::Login, 250), 0), None, "a stranger has no place");
}

#[test]
fn one_that_logged_in_before_has_a_place_and_a_turn_however_many_networks_log_in() {
    let mut line = FairQueue::new(PLACES);
    crowd(&mut line);
    assert!(line.add_waiter(share(HashPurpose::KnownLogin, 250), 1_000).is_some());
    assert!(called_before(&mut line, 1_000) <= 1);
}

#[test]
fn strangers_keep_half_of_the_turns_however_many_have_logged_in_before() {
    let mut line = FairQueue::new(PLACES);
    crowd(&mut line);
    for network in 0..90 {
        assert!(line.add_waiter(share(HashPurpose::KnownLogin, network), 1_000).is_some(), "{network}");
    }
    let called: Vec<_> = std::iter::from_fn(|| line.next()).take(100).collect();
    assert_eq!(called.iter().filter(|it| **it == 1_000).count(), 50, "turn about");
}

#[test]
fn no_network_takes_all_places_of_a_purpose_and_no_purpose_those_of_another() {
    let mut line = FairQueue::new(PLACES);
    let mut fill = |share, attempts| (0..attempts).filter(|at| line.add_waiter(share, *at).is_some()).count();
    assert_eq!(fill(share(HashPurpose::Login, 1), 100), PLACES.per_network);
    assert_eq!(fill(share(HashPurpose::Login, 2), 100), PLACES.per_purpose / 2, "the two have the same then");
    assert_eq!(fill(share(HashPurpose::Register, 1), 100), PLACES.per_network);
}

#[test]
fn two_networks_that_fill_a_purpose_give_way_to_a_third() {
    let mut line = FairQueue::new(QueueLimits { per_purpose: 4, per_network: 3 });
    let mut enter = |network, number| line.add_waiter(share(HashPurpose::Login, network), number).is_some();
    assert!([(1, 10), (1, 11), (1, 12), (2, 20)].into_iter().all(|(network, number)| enter(network, number)));
    assert!(enter(3, 30), "for the last one of the first network");
    assert!(enter(4, 40), "and one more of it");
    assert!(!enter(5, 50) && !enter(1, 13), "now all have the same");
    assert_eq!(std::iter::from_fn(|| line.next()).collect::<Vec<_>>(), [10, 20, 30, 40]);
}

#[test]
fn one_that_waits_no_longer_gives_its_place_back() {
    let mut line = FairQueue::new(QueueLimits { per_purpose: 2, per_network: 2 });
    let login = share(HashPurpose::Login, 1);
    let first = line.add_waiter(login, 1).unwrap();
    line.add_waiter(login, 2).unwrap();
    assert_eq!(line.add_waiter(login, 3), None);
    line.remove_waiter(login, first);
    assert!(line.add_waiter(login, 4).is_some());
    line.remove_waiter(login, first);
    assert_eq!(std::iter::from_fn(|| line.next()).collect::<Vec<_>>(), [2, 4]);
}

/// One that enters, with its place among four purposes and four networks, or one that is called.
fn steps() -> impl Strategy<Value = Vec<Option<(usize, u8)>>> {
    prop::collection::vec(prop::option::weighted(0.7, (0..PURPOSES, 0_u8..4)), 0..200)
}

proptest! {
    /// And each only once, and in a network one after the other.
    #[test]
    fn all_that_enter_are_called_within_their_turn(steps in steps()) {
        let mut line = FairQueue::new(QueueLimits { per_purpose: 20, per_network: 15 });
        // Of each that waits: its number, its share, how many of its own network were before it, and calls since then.
        let mut waiting: Vec<(u32, HashQueueKey, usize, usize)> = Vec::new();
        let mut places: HashMap<u32, Weak<()>> = HashMap::new();
        let drained = std::iter::repeat_n(None, steps.len());
        for (number, step) in (0..).zip(steps.iter().copied().chain(drained)) {
            match step {
                Some((purpose, network)) => {
                    let share = share(ALL[purpose], network);
                    let before = waiting.iter().filter(|it| it.1 == share).count();
                    let place = Arc::new(());
                    places.insert(number, Arc::downgrade(&place));
                    if line.add_waiter(share, (number, place)).is_some() {
                        // One may have lost its place to it.
                        waiting.retain(|it| places[&it.0].strong_count() > 0);
                        waiting.push((number, share, before, 0));
                    }
                }
                None => {
                    let Some((called, _place)) = line.next() else {
                        prop_assert!(waiting.is_empty(), "{waiting:?}");
                        continue;
                    };
                    let at = waiting.iter().position(|it| it.0 == called).expect("it waits");
                    let (_, share, before, calls) = waiting.remove(at);
                    prop_assert!(waiting[..at].iter().all(|it| it.1 != share), "an older one of its network waits");
                    prop_assert!(calls < PURPOSES * 4 * (before + 1), "{calls} calls, {before} before it");
                    waiting.iter_mut().for_each(|it| it.3 += 1);
                }
            }
        }
        prop_assert!(waiting.is_empty());
    }
}
