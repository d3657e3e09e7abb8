//! Which networks have how many connections.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::Network;
use ipnet::IpNet;

/// While fewer than this part of the permits are in use, no network is turned away: three quarters.
const NEARLY_FULL: (usize, usize) = (3, 4);
/// When more are, a network that holds this part of them gets no more: an eighth.
const SHARE: (usize, usize) = (1, 8);

/// The permits of the connections of clients, on all threads together.
///
/// One network cannot take all of them: it is turned away before, while others are let in. What a trusted proxy brings
/// comes from many networks, which only the requests name, so proxies have no share.
#[derive(Clone)]
pub(crate) struct ConnectionPermits(Arc<Limits>);

struct Limits {
    max: usize,
    proxies: Vec<IpNet>,
    in_use: Mutex<InUse>,
}

#[derive(Default)]
struct InUse {
    all: usize,
    by_network: HashMap<Network, usize>,
}

/// The permit of one connection, given back when it is dropped.
pub(crate) struct ConnectionPermit {
    permits: Arc<Limits>,
    network: Network,
}

impl ConnectionPermits {
    /// That many permits, on all threads together; these proxies may hold any number of them.
    pub(crate) fn new(max: usize, proxies: Vec<IpNet>) -> Self {
        Self(Arc::new(Limits { max, proxies, in_use: Mutex::default() }))
    }

    /// A permit for a connection from there; `None` when nearly all permits are in use and its network has its share.
    pub(crate) fn acquire(&self, peer: IpAddr) -> Option<ConnectionPermit> {
        let peer = peer.to_canonical();
        let network = Network::from_address(peer);
        let is_proxy = self.0.proxies.iter().any(|it| it.contains(&peer));
        let mut in_use = self.0.in_use();
        let of_network = in_use.by_network.get(&network).copied().unwrap_or_default();
        if !is_proxy && in_use.all >= part(self.0.max, NEARLY_FULL) && of_network >= part(self.0.max, SHARE) {
            return None;
        }
        in_use.all += 1;
        in_use.by_network.insert(network, of_network + 1);
        Some(ConnectionPermit { permits: Arc::clone(&self.0), network })
    }
}

impl Limits {
    fn in_use(&self) -> MutexGuard<'_, InUse> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut in_use = self.permits.in_use();
        in_use.all = in_use.all.saturating_sub(1);
        if let Some(of_network) = in_use.by_network.get_mut(&self.network) {
            *of_network = of_network.saturating_sub(1);
            if *of_network == 0 {
                in_use.by_network.remove(&self.network);
            }
        }
    }
}

/// That part of the permits, at least one.
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
    fn fill(permits: &ConnectionPermits, from: &str, count: usize) -> Vec<ConnectionPermit> {
        (0..count).filter_map(|_| permits.acquire(peer(from))).collect()
    }

    #[test]
    fn one_network_is_turned_away_before_all_permits_are_in_use_and_others_are_not() {
        let permits = ConnectionPermits::new(80, Vec::new());
        let one = fill(&permits, "192.0.2.1", 200);
        assert_eq!(one.len(), 60);
        assert_eq!(fill(&permits, "::ffff:192.0.2.1", 5).len(), 0, "it is the same one");
        let others = [fill(&permits, "192.0.2.2", 30), fill(&permits, "2001:db8::1", 30)];
        assert_eq!(others.each_ref().map(Vec::len), [10, 10]);
        assert_eq!(fill(&permits, "2001:db8::2", 1).len(), 0, "which is of the same /64");
        assert_eq!(fill(&permits, "2001:db8:1::1", 1).len(), 1);
    }

    #[test]
    fn a_permit_that_is_given_back_can_be_acquired_again() {
        let permits = ConnectionPermits::new(80, Vec::new());
        for _ in 0..3 {
            let one = fill(&permits, "192.0.2.1", 200);
            assert_eq!(one.len(), 60);
            drop(one);
        }
        assert!(permits.0.in_use().by_network.is_empty(), "nothing is remembered of who has gone");
    }

    #[test]
    fn a_trusted_proxy_has_no_share() {
        let permits = ConnectionPermits::new(80, vec!["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(fill(&permits, "10.0.0.1", 80).len(), 80);
        let _more = fill(&permits, "::ffff:10.0.0.1", 1);
    }

    #[test]
    fn where_there_are_few_permits_a_network_has_one_at_least() {
        let permits = ConnectionPermits::new(1, Vec::new());
        assert_eq!(fill(&permits, "192.0.2.1", 5).len(), 1);
    }
}
