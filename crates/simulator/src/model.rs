//! What clients may believe: an independent model of replies, written from the contract.
//!
//! It knows nothing of claims, locks or caches. It holds what each client asked for and what it learnt, and finds every
//! reply that the contract does not allow after those before it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::OrderKey;
use ports::{ErrorChain, PortError};

use crate::{
    command::{ClientRequest, Command, Reply},
    faults::Fault,
    world::World,
};

/// How long a reply is replayed at least, except those of orders, which are replayed forever.
const REPLAY_MIN: Duration = Duration::from_secs(24 * 60 * 60);

/// The first reply to a key, with the request that it was for.
#[derive(Debug, Clone)]
struct FirstReply {
    command: Command,
    body: String,
    at: Duration,
}

/// What a client knows when it sends a request, so that the reply can be judged.
#[derive(Debug, Clone)]
pub(crate) struct Expectation {
    /// The reply to the same request that this client has already.
    body: Option<String>,
    /// Whether the key has done another request, as this client knows.
    is_reuse: bool,
    /// The version of the order that this client has already seen.
    version: i64,
}

/// An order of which a client has learnt.
#[derive(Debug, Clone)]
pub(crate) struct KnownOrder {
    pub(crate) number: String,
    pub(crate) owner: usize,
    pub(crate) mark: String,
}

/// What all clients know.
#[derive(Default)]
pub(crate) struct Model {
    /// Every request so far, sent once or often.
    pub(crate) requests: Vec<ClientRequest>,
    /// The orders that clients got replies about.
    pub(crate) orders: Vec<KnownOrder>,
    /// The payments that clients got replies about, by id, with the status that they had.
    pub(crate) payments: BTreeMap<String, String>,
    /// The last status of each order that any client was shown.
    pub(crate) statuses: BTreeMap<String, String>,
    /// The notices that the service acknowledged.
    pub(crate) acknowledged: BTreeSet<String>,
    /// The requests that have a reply which ends them.
    pub(crate) settled: BTreeSet<(usize, &'static str, String)>,
    first_replies: BTreeMap<(usize, &'static str, String), FirstReply>,
    seen_versions: BTreeMap<(usize, String), i64>,
    /// The history of each order at the last check.
    pub(crate) histories: BTreeMap<OrderKey, Vec<String>>,
    /// The version of each order at the last check.
    pub(crate) versions: BTreeMap<OrderKey, i64>,
}

type Scope = (usize, &'static str, String);

fn scope_of(request: &ClientRequest) -> Scope {
    (request.person, request.command.route(), request.key.clone())
}

impl Model {
    /// What the client of a request knows as it is sent.
    pub(crate) fn expect_reply(&self, world: &World, request: &ClientRequest) -> Expectation {
        let first = self.first_replies.get(&scope_of(request)).filter(|it| {
            matches!(it.command, Command::Place { .. })
                || world.elapsed().saturating_sub(it.at) < REPLAY_MIN / 2
        });
        let same = first.filter(|it| it.command == request.command);
        let version = match &request.command {
            Command::Read { order, .. } => self.seen_versions.get(&(request.person, order.clone())),
            Command::Place { .. }
            | Command::Pay { .. }
            | Command::Move { .. }
            | Command::Capture { .. }
            | Command::Void { .. }
            | Command::Refund { .. }
            | Command::Adjust { .. } => None,
        };
        Expectation {
            body: same.map(|it| it.body.clone()),
            is_reuse: first.is_some() && same.is_none(),
            version: version.copied().unwrap_or_default(),
        }
    }

    /// Judges a reply, and learns from it.
    pub(crate) fn note_reply(
        &mut self,
        world: &World,
        of: &ClientRequest,
        known: &Expectation,
        reply: Reply,
    ) {
        let fault = match &reply {
            Reply::Unknown => None,
            Reply::Reused if known.is_reuse || self.has_other_request(of) => None,
            Reply::Reused => Some("a key was refused as used, which has one request".to_owned()),
            Reply::Refused(why) => {
                known.body.as_ref().map(|_| format!("a retry was refused after it was done: {why}"))
            }
            Reply::Done { body, .. } if matches!(of.command, Command::Read { .. }) => {
                self.learn_version(of.person, body, Some(known.version))
            }
            Reply::Done { body, is_replay } => self.learn_reply(world, of, known, body, *is_replay),
        };
        if !matches!(reply, Reply::Unknown) {
            self.settled.insert(scope_of(of));
        }
        if let Some(fault) = fault {
            world.report_violation(format!("{fault}: {of:?} -> {reply:?}"));
        }
    }

    /// Whether any client has another request with this scope.
    fn has_other_request(&self, of: &ClientRequest) -> bool {
        self.requests.iter().any(|it| scope_of(it) == scope_of(of) && it.command != of.command)
    }

    fn learn_reply(
        &mut self,
        world: &World,
        of: &ClientRequest,
        known: &Expectation,
        body: &str,
        is_replay: bool,
    ) -> Option<String> {
        if known.is_reuse {
            return Some("a key did two requests".to_owned());
        }
        if known.body.as_deref().is_some_and(|it| it != body) {
            return Some(format!("a retry got another reply than {:?}", known.body));
        }
        let scope = scope_of(of);
        match self.first_replies.get(&scope) {
            Some(first) if first.command != of.command => return Some("a key did two requests".to_owned()),
            Some(first)
                if first.body != body
                    && (matches!(of.command, Command::Place { .. })
                        || world.elapsed().saturating_sub(first.at) < REPLAY_MIN) =>
            {
                return Some(format!("two replies to one request; the other was {:?}", first.body));
            }
            Some(_) => {}
            None => {
                let first =
                    FirstReply { command: of.command.clone(), body: body.to_owned(), at: world.elapsed() };
                self.first_replies.insert(scope, first);
                self.learn_resource(of, body);
            }
        }
        match &of.command {
            // A stored reply shows what was, so it is no view of the order.
            Command::Move { .. } | Command::Place { .. } if !is_replay => {
                self.learn_version(of.person, body, None)
            }
            Command::Place { .. }
            | Command::Pay { .. }
            | Command::Move { .. }
            | Command::Capture { .. }
            | Command::Void { .. }
            | Command::Refund { .. }
            | Command::Adjust { .. }
            | Command::Read { .. } => None,
        }
    }

    fn learn_resource(&mut self, of: &ClientRequest, body: &str) {
        let mut words = body.split(' ').map(str::to_owned);
        let (Some(first), _, third) = (words.next(), words.next(), words.next()) else { return };
        match of.command {
            Command::Place { .. } => {
                let mark = crate::client::order_mark(of.person, &of.key);
                self.orders.push(KnownOrder { number: first, owner: of.person, mark });
            }
            Command::Pay { .. } => {
                self.payments.insert(first, third.unwrap_or_default());
            }
            Command::Move { .. }
            | Command::Capture { .. }
            | Command::Void { .. }
            | Command::Refund { .. }
            | Command::Adjust { .. }
            | Command::Read { .. } => {}
        }
    }

    /// Learns a version of an order that a client was shown; an older one than `least` is a fault.
    fn learn_version(&mut self, person: usize, body: &str, least: Option<i64>) -> Option<String> {
        let mut words = body.split(' ');
        let number = words.next()?.to_owned();
        let version: i64 = words.next()?.parse().ok()?;
        let status = words.next().unwrap_or_default();
        self.statuses.insert(number.clone(), status.to_owned());
        let seen = self.seen_versions.entry((person, number)).or_default();
        *seen = version.max(*seen);
        let least = least?;
        (version < least).then(|| format!("a client that saw version {least} was shown {version}"))
    }

    /// The version of an order that a person has seen; `None` if none.
    pub(crate) fn seen_version(&self, person: usize, number: &str) -> Option<i64> {
        self.seen_versions.get(&(person, number.to_owned())).copied()
    }

    /// The requests without a reply that ends them.
    pub(crate) fn list_unsettled(&self) -> Vec<ClientRequest> {
        let open = self.requests.iter().filter(|it| !self.settled.contains(&scope_of(it)));
        open.cloned().collect()
    }
}

/// A fault of the program is a violation wherever it shows; so is a row that cannot be read, because none is corrupt.
pub(crate) fn check_port_error(world: &World, error: &PortError) {
    match error {
        PortError::Unavailable(_) => {}
        PortError::Unreadable(_) if world.had_unreadable_row() => world.count_fault(Fault::UnreadableRow),
        PortError::Unreadable(_) | PortError::Bug(_) => {
            world.report_violation(format!("a use case failed: {}", ErrorChain(error)));
        }
    }
}
