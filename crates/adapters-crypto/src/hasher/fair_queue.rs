//! The order of waiters: purposes take turns, and within a purpose the networks do.
//!
//! ```text
//! purposes          networks of a purpose     waiters of a network
//! login ──────────► 192.0.2.1 ──────────────► 1, 2, 3, 4, 5, …   a flood waits behind itself only
//!                   198.51.100.7 ───────────► 6                  called second, after 1
//! register ───────► …
//! change ─────────► …
//! ```

use std::collections::VecDeque;

use domain::Network;
use ports::{HashPurpose, HashQueueKey};

/// How many purposes there are.
const PURPOSES: usize = 4;

/// How many waiters there may be at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    /// For one purpose, from all networks.
    pub(super) per_purpose: usize,
    /// For one purpose, from one network.
    pub(super) per_network: usize,
}

/// A queue for each network of each purpose.
///
/// While `p` purposes and `n` networks of its own purpose wait, the first waiter of a network is called after
/// at most `p * n` others, however many wait behind each of them.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    limits: QueueLimits,
    /// In the order in which they are served; the first one is next.
    purposes: VecDeque<PurposeQueue<T>>,
    next_ticket: u64,
}

/// All waiters of one purpose, by network.
#[derive(Debug)]
struct PurposeQueue<T> {
    purpose: HashPurpose,
    /// In the order in which they are served. A network without waiters has no entry.
    networks: VecDeque<(Network, VecDeque<Waiter<T>>)>,
}

#[derive(Debug)]
struct Waiter<T> {
    ticket: u64,
    call: T,
}

impl<T> FairQueue<T> {
    pub(super) fn new(places: QueueLimits) -> Self {
        let all: [HashPurpose; PURPOSES] =
            [HashPurpose::Login, HashPurpose::KnownLogin, HashPurpose::Change, HashPurpose::Register];
        let purposes = all.map(|purpose| PurposeQueue { purpose, networks: VecDeque::new() }).into();
        Self { limits: places, purposes, next_ticket: 0 }
    }

    /// Adds a waiter and returns the ticket to [remove](Self::remove_waiter) it with; `None` when there is no
    /// room.
    ///
    /// When the purpose is full, the last waiter of the network with the most is dropped for a network that
    /// has fewer, even with the newcomer.
    pub(super) fn add_waiter(&mut self, share: HashQueueKey, call: T) -> Option<u64> {
        let QueueLimits { per_purpose: purpose, per_network: network } = self.limits;
        let ticket = self.next_ticket;
        let lane = self.purposes.iter_mut().find(|it| it.purpose == share.purpose)?;
        let of_network = lane.network_len(share.network);
        if of_network >= network || (lane.len() >= purpose && !lane.evict_longest(of_network)) {
            return None;
        }
        let waiter = Waiter { ticket, call };
        match lane.networks.iter_mut().find(|(it, _)| *it == share.network) {
            Some((_, waiting)) => waiting.push_back(waiter),
            None => lane.networks.push_back((share.network, VecDeque::from([waiter]))),
        }
        self.next_ticket = ticket.wrapping_add(1);
        Some(ticket)
    }

    /// Removes and returns the next waiter, if there is any.
    pub(super) fn next(&mut self) -> Option<T> {
        for _ in 0..PURPOSES {
            let mut lane = self.purposes.pop_front()?;
            // To the end whether it had a waiter or not: the order of the purposes stays the same.
            let called = lane.next();
            self.purposes.push_back(lane);
            if called.is_some() {
                return called;
            }
        }
        None
    }

    /// Removes a waiter that gave up; does nothing when it was called or evicted before.
    pub(super) fn remove_waiter(&mut self, share: HashQueueKey, ticket: u64) {
        let Some(lane) = self.purposes.iter_mut().find(|it| it.purpose == share.purpose) else { return };
        for (_, waiting) in lane.networks.iter_mut().filter(|(it, _)| *it == share.network) {
            waiting.retain(|it| it.ticket != ticket);
        }
        lane.networks.retain(|(_, waiting)| !waiting.is_empty());
    }
}

impl<T> PurposeQueue<T> {
    fn len(&self) -> usize {
        self.networks.iter().map(|(_, waiting)| waiting.len()).sum()
    }

    fn network_len(&self, network: Network) -> usize {
        self.networks.iter().find(|(it, _)| *it == network).map_or(0, |(_, waiting)| waiting.len())
    }

    /// Drops the last waiter of the network with the most, if that leaves it with no fewer than the
    /// newcomer's network then has, and returns whether it did. So places are evened out and never just
    /// change hands.
    fn evict_longest(&mut self, of_newcomer: usize) -> bool {
        // The last one, not the first: it has waited least, and dropping it wakes its caller with an error at
        // once.
        let most = self.networks.iter_mut().map(|(_, waiting)| waiting).max_by_key(|it| it.len());
        let Some(most) = most.filter(|it| it.len() > of_newcomer.saturating_add(1)) else { return false };
        most.pop_back().is_some()
    }

    fn next(&mut self) -> Option<T> {
        let (network, mut waiting) = self.networks.pop_front()?;
        let called = waiting.pop_front().map(|it| it.call);
        if !waiting.is_empty() {
            self.networks.push_back((network, waiting));
        }
        called
    }
}

#[cfg(test)]
mod tests;
