//! A Redis Cluster: each call goes to the node that has its key.
//!
//! Every node has its own connection, time limit and circuit, so one that hangs or is gone costs only the keys that it
//! has. Which node has which keys is learned from any of them, and again after a call that failed or was redirected.
//!
//! Not the driver's own connection to a cluster: it has one state for all nodes, and while it looks for the new master of
//! some keys, no call to any node goes on (ADR 0038).

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, future, stream::FuturesUnordered};
use ports::PortError;
use redis::{Cmd, ConnectionInfo, FromRedisValue, Value, aio::PubSub, cmd};
use tokio::time::{self, Instant};

use crate::{
    address::with_host,
    connect::ConnectError,
    connection::Target,
    faults::Faults,
    node::{Answer, Misplacement, Node, Prelude},
    slots::{NodeAddress, SlotMap, parse_redirection, slot_of},
};

/// Most redirections that one call follows: while keys move, a node may send on to one that sends on once more.
const REDIRECTIONS_MAX: u32 = 2;
/// How many time limits of a node one call has in all, for what it has to learn and for redirections.
const LIMITS_PER_CALL: u32 = 2;
/// The shortest time between two attempts to learn the slots.
const REFRESH_PAUSE: Duration = Duration::from_millis(100);
/// Most nodes that are known at once. Beyond them, those that are in no map are forgotten.
const NODES_MAX: usize = 1_024;
/// Most names that are tried to find a key that a node has.
const TAGS_MAX: u32 = 16_384;
/// Most nodes that a message is given to until one takes it.
const PUBLISHERS_MAX: usize = 3;

/// The nodes of a cluster. Clones share them.
#[derive(Clone)]
pub(crate) struct Cluster {
    shared: Arc<Shared>,
}

struct Shared {
    /// The login and the encryption, which are those of every node; its host is not used.
    login: ConnectionInfo,
    /// The nodes that the URL names.
    seeds: Vec<NodeAddress>,
    timeout: Duration,
    known: Mutex<Known>,
    /// Whether a call failed or was redirected since the slots were learned.
    is_outdated: AtomicBool,
    /// When the nodes were asked for the slots. Held while they are, so that many calls after a failure ask once.
    asked_at: tokio::sync::Mutex<Option<Instant>>,
    /// Which node is subscribed to next; another one after each failure.
    turn: AtomicUsize,
}

impl Shared {
    fn node_target(&self, (host, port): &NodeAddress) -> Target {
        Target::Node(with_host(&self.login, host, *port))
    }
}

#[derive(Default)]
struct Known {
    slots: Arc<SlotMap>,
    nodes: HashMap<NodeAddress, Arc<Node>>,
}

impl Cluster {
    /// A cluster of which some nodes are known. A call to one of them takes at most `timeout`.
    pub(crate) fn new(login: ConnectionInfo, seeds: Vec<NodeAddress>, timeout: Duration) -> Self {
        let shared = Shared {
            login,
            seeds,
            timeout,
            known: Mutex::default(),
            is_outdated: AtomicBool::new(false),
            asked_at: tokio::sync::Mutex::default(),
            turn: AtomicUsize::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sends one command to the node that has `key`.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        key: &str,
        command: &Cmd,
        faults: &Faults,
    ) -> Result<T, PortError> {
        let limit = self.shared.timeout.saturating_mul(LIMITS_PER_CALL);
        let answer = time::timeout(limit, self.follow_redirections(slot_of(key), command, faults)).await;
        answer.unwrap_or_else(|elapsed| Err(PortError::unavailable(elapsed)))
    }

    async fn follow_redirections<T: FromRedisValue>(
        &self,
        slot: u16,
        command: &Cmd,
        faults: &Faults,
    ) -> Result<T, PortError> {
        let (mut address, mut prelude) = (self.find_master(slot).await?, Prelude::None);
        for _ in 0..=REDIRECTIONS_MAX {
            let answer = self.open_node(&address).run(command, prelude).await;
            let misplaced = match answer {
                Ok(Answer::Done(answer)) => return Ok(answer),
                Ok(Answer::Misplaced(misplaced)) => misplaced,
                Err(error) => {
                    // Another node may have been made the master of these keys, or be made it soon.
                    self.mark_outdated();
                    return Err(error);
                }
            };
            faults.record(&misplaced);
            let target = match &misplaced {
                Misplacement::Moved(target) => {
                    self.mark_outdated();
                    prelude = Prelude::None;
                    target
                }
                Misplacement::Ask(target) => {
                    prelude = Prelude::Asking;
                    target
                }
                Misplacement::CrossSlot => {
                    return Err(PortError::unavailable("the keys are on several nodes"));
                }
            };
            let next = parse_redirection(target, &address.0);
            address = next.ok_or_else(|| PortError::unavailable("a redirection names no node"))?;
        }
        Err(PortError::unavailable("a call was redirected too often"))
    }

    /// Publishes at the node that has the channel's slot, or at another one: a cluster sends messages to all of its nodes.
    pub(crate) async fn publish(&self, channel: &str, faults: &Faults) -> Result<(), PortError> {
        let mut command = cmd("PUBLISH");
        command.arg(channel).arg("");
        let mut outcome = self.run(channel, &command, faults).await;
        for address in self.known_masters().into_iter().take(PUBLISHERS_MAX) {
            if outcome.is_ok() {
                break;
            }
            outcome = match self.open_node(&address).run::<()>(&command, Prelude::None).await {
                Ok(Answer::Done(())) => Ok(()),
                Ok(Answer::Misplaced(_)) => Err(PortError::unavailable("a node does not publish")),
                Err(error) => Err(error),
            };
        }
        outcome
    }

    /// A connection that is subscribed to a channel at any node; at another one with each call.
    pub(crate) async fn subscribe_channel(
        &self,
        channel: &str,
        limit: Duration,
    ) -> Result<PubSub, ConnectError> {
        let mut addresses = self.known_masters();
        addresses.extend(self.shared.seeds.iter().cloned());
        let turn = self.shared.turn.fetch_add(1, Ordering::Relaxed);
        let index = turn.checked_rem(addresses.len()).unwrap_or_default();
        let address = addresses.into_iter().nth(index).unwrap_or_default();
        self.open_node(&address).subscribe_channel(channel, limit).await
    }

    /// Writes to every master. Each has to take it, and every slot needs one.
    pub(crate) async fn check_health(
        &self,
        key: &str,
        ttl_ms: u32,
        faults: &Faults,
    ) -> Result<(), PortError> {
        self.find_master(slot_of(key)).await?;
        let slots = Arc::clone(&self.lock_known().slots);
        if !slots.is_complete() {
            self.mark_outdated();
            return Err(PortError::unavailable("some slots of the cluster have no master"));
        }
        let writes = slots.masters().into_iter().filter_map(|master| {
            let tagged = (0..TAGS_MAX).map(|tag| format!("{key}:{tag}"));
            let mut own = tagged.filter(|it| slots.find_master(slot_of(it)) == Some(master));
            let key = own.next()?;
            let mut write = cmd("SET");
            write.arg(&key).arg("").arg("PX").arg(ttl_ms);
            Some(async move { self.run::<()>(&key, &write, faults).await })
        });
        // All to their end, also after a fault: a write that is given up may be the probe of a circuit.
        future::join_all(writes).await.into_iter().collect()
    }

    /// Connects to the nodes that the URL names, and asks whether they are in a cluster.
    pub(crate) async fn check_kind(&self, limit: Duration) -> Result<(), ConnectError> {
        let checks = self
            .shared
            .seeds
            .iter()
            .map(|it| async move { self.shared.node_target(it).connect(limit).await });
        future::join_all(checks).await.into_iter().try_for_each(|it| it.map(drop))
    }

    async fn find_master(&self, slot: u16) -> Result<NodeAddress, PortError> {
        let known = self.known_master(slot);
        if known.is_none() {
            let mut asked_at = self.shared.asked_at.lock().await;
            self.learn_slots(&mut asked_at).await?;
        } else if self.shared.is_outdated.load(Ordering::Relaxed)
            // One call asks, and the others go on with what is known: most of it still holds.
            && let Ok(mut asked_at) = self.shared.asked_at.try_lock()
        {
            // A failure leaves the slots as they are, and the next call asks again.
            drop(self.learn_slots(&mut asked_at).await);
        }
        self.known_master(slot).ok_or_else(|| PortError::unavailable("no node has this part of the keys"))
    }

    fn known_master(&self, slot: u16) -> Option<NodeAddress> {
        self.lock_known().slots.find_master(slot).cloned()
    }

    fn known_masters(&self) -> Vec<NodeAddress> {
        self.lock_known().slots.masters().into_iter().cloned().collect()
    }

    /// Asks the nodes for the slots, many at once, and takes the first answer. Does nothing if that was done a moment ago.
    async fn learn_slots(&self, asked_at: &mut Option<Instant>) -> Result<(), PortError> {
        let now = instant_now();
        if asked_at.is_some_and(|it| it + REFRESH_PAUSE > now) {
            return Ok(());
        }
        *asked_at = Some(now);
        // Before the question: what fails meanwhile may have changed after the answer.
        self.shared.is_outdated.store(false, Ordering::Relaxed);
        // The masters first: they take part in every change, and others hear of it a moment later.
        let masters = self.known_masters();
        let others = self.shared.seeds.iter().filter(|it| !masters.contains(it)).cloned().collect();
        // A question that loses the race is given up. If it was the probe of a circuit, that node is left alone for another
        // period, so the nodes behind such a circuit come last: each race would cost them their probe, and their keys with it.
        let ((masters, failed_masters), (others, failed_others)) =
            (self.split_by_service(masters), self.split_by_service(others));
        let failed = [failed_masters, failed_others].concat();
        let mut outcome = Err(PortError::unavailable("no node is known"));
        for addresses in [masters, others, failed] {
            let mut answers: FuturesUnordered<_> = addresses.iter().map(|it| self.ask_slots(it)).collect();
            while let Some(answer) = answers.next().await {
                match answer {
                    Ok(slots) => {
                        self.keep_slots(slots);
                        return Ok(());
                    }
                    Err(error) => outcome = Err(error),
                }
            }
        }
        self.mark_outdated();
        outcome
    }

    /// Those nodes that answered lately, and those that failed a moment ago.
    fn split_by_service(&self, addresses: Vec<NodeAddress>) -> (Vec<NodeAddress>, Vec<NodeAddress>) {
        addresses.into_iter().partition(|it| self.open_node(it).is_in_service())
    }

    fn mark_outdated(&self) {
        self.shared.is_outdated.store(true, Ordering::Relaxed);
    }

    async fn ask_slots(&self, address: &NodeAddress) -> Result<SlotMap, PortError> {
        let mut ask = cmd("CLUSTER");
        ask.arg("SLOTS");
        match self.open_node(address).run::<Value>(&ask, Prelude::None).await? {
            Answer::Done(answer) => Some(SlotMap::parse(&answer, &address.0))
                .filter(|it| *it != SlotMap::default())
                .ok_or_else(|| PortError::unavailable("a node knows no slots")),
            Answer::Misplaced(_) => Err(PortError::unavailable("a node does not know the slots")),
        }
    }

    fn keep_slots(&self, slots: SlotMap) {
        let mut known = self.lock_known();
        if *known.slots != slots {
            tracing::info!(masters = slots.masters().len(), "slots of the Redis Cluster were learned");
        }
        known.slots = Arc::new(slots);
    }

    fn open_node(&self, address: &NodeAddress) -> Arc<Node> {
        let mut known = self.lock_known();
        if let Some(node) = known.nodes.get(address) {
            return Arc::clone(node);
        }
        if known.nodes.len() >= NODES_MAX {
            let slots = Arc::clone(&known.slots);
            known.nodes.retain(|it, _| slots.masters().contains(&it));
        }
        let name = format!("{}:{}", address.0, address.1);
        let node = Arc::new(Node::new(self.shared.node_target(address), Some(name), self.shared.timeout));
        known.nodes.insert(address.clone(), Arc::clone(&node));
        node
    }

    fn lock_known(&self) -> MutexGuard<'_, Known> {
        // No code that holds the lock leaves it half changed.
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a pause is a length of time: it does not follow the clock on the wall"
)]
fn instant_now() -> Instant {
    Instant::now()
}
