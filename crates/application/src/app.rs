//! [`App`]: the ports and settings that every use case receives.
//!
//! Several ports exist twice, once over the system of record and once behind a cache. The field's name says
//! which one may be old, so a use case that decides about goods or money cannot take the cached one by
//! mistake.

use std::{sync::Arc, time::Duration};

use domain::{
    ChangeId, ChangeKey, EventKey, FindingId, FindingKey, GatewayName, RefundId, RefundKey, Text, Timestamp,
    payment::RefundIds, product::ProductChange, session::SessionLifetime,
};
use ports::{
    AccountTaskRepository, ApiKeyRepository, AuditRepository, Broadcast, ClaimRepository, Clock, Digests,
    EventRepository, FeedRepository, FindingRepository, IdGenerator, KeyedDigests, LockManager, Metrics,
    OneTimeCodes, OrderRepository, OverviewRepository, PasswordHasher, PaymentRepository, ProductRepository,
    SecondFactorRepository, SecretCipher, SessionRepository, Store, Throttle, TokenIssuer, UserRepository,
    WebhookRepository, WebhookSender,
};

use crate::{
    Staff,
    api_keys::{KeyUses, RecentKeys},
    auth::Revocations,
    caching::{KnownEvents, KnownReplies, RecentBacklog, RenderedOrders},
    feed::FeedSignal,
    gateways::GuardedGateway,
    keys_in_flight::{KeysInFlight, NoticesInFlight},
    mailing::Mailing,
    payments::RecentCases,
    sweeps::OverdueWalk,
    unreadable::UnreadableRows,
    webhooks::{MessageRenderer, WebhookSignal},
};

/// The ports and the settings of one running service, built once at the start and shared by all requests and
/// sweeps.
pub struct App {
    /// The only way to write to the system of record: one call is one database transaction.
    pub store: Arc<dyn Store>,
    /// Users and their password hashes, read from the system of record.
    pub users: Arc<dyn UserRepository>,
    /// Users from a cache. They are reliable only while the last synchronisation of revocations is fresh; use
    /// `users` otherwise.
    pub cached_users: Arc<dyn UserRepository>,
    /// Sessions, read from the system of record.
    pub sessions: Arc<dyn SessionRepository>,
    /// Sessions from a cache. One may be used only for the first attempt of a refresh, whose commit is
    /// guarded by the whole session.
    pub cached_sessions: Arc<dyn SessionRepository>,
    /// Second factors, read from the system of record.
    pub second_factors: Arc<dyn SecondFactorRepository>,
    /// The codes of the devices that are second factors.
    pub one_time_codes: Arc<dyn OneTimeCodes>,
    /// API keys, read from the system of record.
    pub api_keys: Arc<dyn ApiKeyRepository>,
    /// API keys that were read within the last second.
    pub recent_keys: RecentKeys,
    /// Uses of API keys that are not in the system of record yet.
    pub key_uses: KeyUses,
    /// Digests of API keys.
    pub content_digests: Arc<dyn Digests>,
    /// Products and the history of their changes.
    pub products: Arc<dyn ProductRepository>,
    /// Orders from the system of record; every decision about goods or money reads these.
    pub orders: Arc<dyn OrderRepository>,
    /// Orders for responses only: always at their present revision, but possibly from a cache.
    pub orders_for_display: Arc<dyn OrderRepository>,
    /// Replies that this process has stored or read.
    pub known_replies: KnownReplies,
    /// Idempotency keys of the requests that this process is handling.
    pub keys_in_flight: KeysInFlight,
    /// Notices of gateways that this process knows to be stored.
    pub known_events: KnownEvents,
    /// The orders about which this process is committing a notice or an answer of a gateway.
    pub notices_in_flight: NoticesInFlight,
    /// Payments as this process has committed them a moment ago. Only a notice that repeats a fact is judged by them.
    pub recent_cases: RecentCases,
    /// Orders as they were last rendered; each is used only after the system of record has confirmed it.
    pub rendered_orders: RenderedOrders,
    /// Transactions with their refunds, read from the system of record.
    pub payments: Arc<dyn PaymentRepository>,
    /// Events that gateways reported, each stored once by gateway and event id.
    pub events: Arc<dyn EventRepository>,
    /// The feed of events for other systems.
    pub feed: Arc<dyn FeedRepository>,
    /// Figures over time, from a cache that is at most some seconds old.
    pub overview: Arc<dyn OverviewRepository>,
    /// Reads the whole record for its auditor.
    pub audit: Arc<dyn AuditRepository>,
    /// What waited to be sent when the overview last counted it.
    pub recent_backlog: RecentBacklog,
    /// Says within this process that the feed has something new.
    pub feed_signal: Arc<FeedSignal>,
    /// How far this process has looked at overdue events.
    pub overdue_walk: OverdueWalk,
    /// Findings: problems that an operator must look at and close.
    pub findings: Arc<dyn FindingRepository>,
    /// Endpoints of webhooks and the deliveries to them.
    pub webhooks: Arc<dyn WebhookRepository>,
    /// Sends messages to the endpoints of webhooks.
    pub webhook_sender: Arc<dyn WebhookSender>,
    /// Writes the messages of webhooks.
    pub webhook_renderer: Arc<dyn MessageRenderer>,
    /// Wakes the tasks of this process that send webhooks.
    pub webhook_signal: WebhookSignal,
    /// Encrypts the secrets that sign webhooks.
    pub secret_cipher: Arc<dyn SecretCipher>,
    /// Claims of idempotency keys, with the stored replies.
    pub claims: Arc<dyn ClaimRepository>,
    /// Named locks that save useless attempts. They may be lost at any time; no result depends on them.
    pub locks: Arc<dyn LockManager>,
    /// Counters with a time window: failed logins, attempts, orders and declined payments.
    pub throttle: Arc<dyn Throttle>,
    /// Keyed digests that replace login names in the names of counters, so that no counter stores what was
    /// typed.
    pub digests: Arc<dyn KeyedDigests>,
    /// Hashes and verifies passwords, in bounded queues shared fairly between networks.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Issues and verifies access and refresh tokens.
    pub tokens: Arc<dyn TokenIssuer>,
    /// The time of day, and a monotonic time for durations.
    pub clock: Arc<dyn Clock>,
    /// Makes row keys and public ids; both are needed before the commit.
    pub ids: Arc<dyn IdGenerator>,
    /// Receives observations for the metrics; never blocks or fails.
    pub metrics: Arc<dyn Metrics>,
    /// The configured payment gateways, each with its guard; each has a different name.
    pub gateways: Vec<Arc<GuardedGateway>>,
    /// Asks every instance to synchronise revocations and changed users now instead of at its next tick.
    pub revocation_broadcast: Arc<dyn Broadcast>,
    /// Ended sessions whose access tokens have not expired yet, as far as this process knows.
    pub revocations: Revocations,
    /// Rows that this process could not read and has yet to report to operators.
    pub unreadable_rows: Arc<UnreadableRows>,
    /// Limits and durations from the configuration.
    pub policy: Policy,
    /// Mails to send, passwords to reset and data to erase.
    pub account_tasks: Arc<dyn AccountTaskRepository>,
    /// How mails are sent; `None` without a mail server: then none are queued.
    pub mailing: Option<Mailing>,
}

/// The settings that use cases need. `Default` has the values of the manual; tests use them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long after it is placed an unpaid order is closed.
    pub order_ttl: Duration,
    /// How long after the payment began an uncaptured authorisation is voided and its order closed.
    pub authorization_ttl: Duration,
    /// How long after its last change a delivered order is completed.
    pub completion_after: Duration,
    /// How long after its last change a completed, refunded or cancelled order is closed.
    pub after_sales_period: Duration,
    /// The lifetime of an access token, in whole seconds; at most `session_retention`.
    pub access_token_ttl: Duration,
    /// How long after the last refresh a session ends.
    pub refresh_token_ttl: Duration,
    /// How long after its login a session ends, however often it is refreshed.
    pub session_ttl: Duration,
    /// How many failed logins from one network lock an account for that network; also, how many wrong current
    /// passwords lock the password change of a session.
    pub login_failures_per_account: u32,
    /// How many failed logins within 24 h, from all networks together, lock an account as a whole.
    pub login_failures_per_account_total: u32,
    /// How many failed logins, to whatever accounts, lock a network.
    pub login_failures_per_address: u32,
    /// How many logins one network may attempt within `login_window`, successful ones included; the same
    /// number holds for registrations and for password changes, each counted separately.
    pub attempts_per_address: u32,
    /// The time window of failed logins and of attempts. It begins with the first one counted.
    pub login_window: Duration,
    /// How many unpaid orders a user may have at once.
    pub open_orders_per_user: u32,
    /// Pieces of one product, if its stock is tracked, in all unpaid orders of a user together.
    pub open_pieces_per_user: u32,
    /// Orders that a user may ask for within a minute.
    pub orders_per_minute: u32,
    /// How many payments of one order may be declined before it takes no more.
    pub declines_per_order: u32,
    /// How many payments of one user may be declined within 24 h before no further one begins.
    pub declines_per_user: u32,
    /// How long a request waits for another request with the same idempotency key to finish.
    pub in_progress_wait: Duration,
    /// How long a stored reply can be replayed, at least 24 h. Placed orders are replayed without limit.
    pub reply_ttl: Duration,
    /// How long an event may wait for its transaction before it is reported to operators as a finding.
    pub parked_max: Duration,
    /// How long an event may wait for its transaction before it is given up; longer than `parked_max`.
    pub overdue_max: Duration,
    /// How long an ended session stays in the system of record; at least as long as its access tokens live.
    pub session_retention: Duration,
    /// How long what was asked of a gateway, and what it answered, stays in the system of record.
    pub attempt_retention: Duration,
    /// How long a delivery of a webhook stays in the system of record, sent or not; longer than one is tried.
    pub webhook_retention: Duration,
    /// How long an event of the feed stays in the system of record.
    pub event_retention: Duration,
    /// Whether operators need a second factor.
    pub operator_totp: OperatorTotp,
}

/// Whether operators need a second factor. A user who has one needs it for each login, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorTotp {
    /// Each operator decides.
    Optional,
    /// An operator without one can do nothing but enrol it.
    Required,
}

impl OperatorTotp {
    /// The word in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const DAY: u64 = 24 * 60 * MINUTE;
        Self {
            order_ttl: Duration::from_secs(30 * MINUTE),
            authorization_ttl: Duration::from_secs(7 * DAY),
            completion_after: Duration::from_secs(7 * DAY),
            after_sales_period: Duration::from_secs(30 * DAY),
            access_token_ttl: Duration::from_secs(15 * MINUTE),
            refresh_token_ttl: Duration::from_secs(30 * DAY),
            session_ttl: Duration::from_secs(90 * DAY),
            login_failures_per_account: 10,
            login_failures_per_account_total: 100,
            login_failures_per_address: 100,
            attempts_per_address: 5_000,
            login_window: Duration::from_secs(15 * MINUTE),
            open_orders_per_user: 1_000,
            open_pieces_per_user: 100_000,
            orders_per_minute: 6_000,
            declines_per_order: 20,
            declines_per_user: 200,
            in_progress_wait: Duration::from_secs(2),
            reply_ttl: Duration::from_secs(2 * DAY),
            parked_max: Duration::from_secs(15 * MINUTE),
            overdue_max: Duration::from_secs(30 * DAY),
            session_retention: Duration::from_secs(30 * DAY),
            attempt_retention: Duration::from_secs(90 * DAY),
            webhook_retention: Duration::from_secs(30 * DAY),
            event_retention: Duration::from_secs(30 * DAY),
            operator_totp: OperatorTotp::Optional,
        }
    }
}

impl Policy {
    /// The two limits of a session, in the form that `domain` takes.
    pub(crate) const fn session_lifetime(&self) -> SessionLifetime {
        SessionLifetime { idle: self.refresh_token_ttl, total: self.session_ttl }
    }
}

impl App {
    /// The gateway with that name; `None` when it is not configured, for example for an old transaction.
    #[must_use]
    pub fn find_gateway(&self, name: &GatewayName) -> Option<&Arc<GuardedGateway>> {
        self.gateways.iter().find(|it| it.name() == *name)
    }

    pub(crate) fn new_event_key(&self) -> EventKey {
        EventKey::new(self.ids.next_key())
    }

    pub(crate) fn new_finding_ids(&self) -> (FindingKey, FindingId) {
        (FindingKey::new(self.ids.next_key()), FindingId::new(self.ids.next_id()))
    }

    pub(crate) fn new_change(&self, by: &Staff, reason: Option<Text>, at: Timestamp) -> ProductChange {
        // Ids and keys come from a port, not from the database: a unit of work is complete before its commit,
        // and a stale attempt draws new ones.
        let (key, id) = (ChangeKey::new(self.ids.next_key()), ChangeId::new(self.ids.next_id()));
        ProductChange { key, id, by: by.caller().changed_by(), reason, at }
    }

    pub(crate) fn new_refund_ids(&self) -> RefundIds {
        RefundIds { key: RefundKey::new(self.ids.next_key()), id: RefundId::new(self.ids.next_id()) }
    }
}
