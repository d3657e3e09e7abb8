//! Which networks have how many connections.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::Network;
use ipnet::IpNet;

/// While fewer than this part of the places are taken, no network is turned away: three quarters.
const NEARLY_FULL: (usize, usize) = (3, 4);
/// When more are, a network that has this part of them gets no more: an eighth.
const SHARE: (usize, usize) = (1, 8);

/// The places that connections of clients may take, on all threads together.
///
/// One network cannot fill them: it is turned away before, while others are let in. What a trusted proxy brings comes from
/// many networks, which only the requests name, so proxies have no share.
#[derive(Clone)]
pub(crate) struct ConnectionPlaces(Arc<Places>);

struct Places {
    max: usize,
    proxies: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_network: HashMap<Network, usize>,
}

/// The place of one connection, given back when it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    network: Network,
}

impl ConnectionPlaces {
    /// That many places, on all threads together; these proxies may take any number of them.
    pub(crate) fn new(max: usize, proxies: Vec<IpNet>) -> Self {
        Self(Arc::new(Places { max, proxies, taken: Mutex::default() }))
    }

    /// A place for a connection from there; `None` when the places are nearly all taken and its network has its share.
    pub(crate) fn enter(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let network = Network::from_address(peer);
        let is_proxy = self.0.proxies.iter().any(|it| it.contains(&peer));
        let mut taken = self.0.taken();
        let of_network = taken.by_network.get(&network).copied().unwrap_or_default();
        if !is_proxy && taken.all >= part(self.0.max, NEARLY_FULL) && of_network >= part(self.0.max, SHARE) {
            return None;
        }
        taken.all += 1;
        taken.by_network.insert(network, of_network + 1);
        Some(Place { places: Arc::clone(&self.0), network })
    }
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(of_network) = taken.by_network.get_mut(&self.network) {
            *of_network = of_network.saturating_sub(1);
            if *of_network == 0 {
                taken.by_network.remove(&self.network);
            }
        }
    }
}

/// That part of the places, at least one.
fn part(max: usize, (parts, of): (usize, usize)) -> usize {
    (max.saturating_mul(parts) / of).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The connections from there that are let in, of `count` that come and stay.
    fn fill(places: &ConnectionPlaces, from: &str, count: usize) -> Vec<Place> {
        (0..count).filter_map(|_| places.enter(peer(from))).collect()
    }

    #[test]
    fn one_network_is_turned_away_before_the_places_are_all_taken_and_others_are_not() {
        let places = ConnectionPlaces::new(80, Vec::new());
        let one = fill(&places, "192.0.2.1", 200);
        assert_eq!(one.len(), 60);
        assert_eq!(fill(&places, "::ffff:192.0.2.1", 5).len(), 0, "it is the same one");
        let others = [fill(&places, "192.0.2.2", 30), fill(&places, "2001:db8::1", 30)];
        assert_eq!(others.each_ref().map(Vec::len), [10, 10]);
        assert_eq!(fill(&places, "2001:db8::2", 1).len(), 0, "which is of the same /64");
        assert_eq!(fill(&places, "2001:db8:1::1", 1).len(), 1);
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let places = ConnectionPlaces::new(80, Vec::new());
        for _ in 0..3 {
            let one = fill(&places, "192.0.2.1", 200);
            assert_eq!(one.len(), 60);
            drop(one);
        }
        assert!(places.0.taken().by_network.is_empty(), "nothing is remembered of who has gone");
    }

    #[test]
    fn a_trusted_proxy_has_no_share() {
        let places = ConnectionPlaces::new(80, vec!["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(fill(&places, "10.0.0.1", 80).len(), 80);
        let _more = fill(&places, "::ffff:10.0.0.1", 1);
    }

    #[test]
    fn where_there_are_few_places_a_network_has_one_at_least() {
        let places = ConnectionPlaces::new(1, Vec::new());
        assert_eq!(fill(&places, "192.0.2.1", 5).len(), 1);
    }
}
