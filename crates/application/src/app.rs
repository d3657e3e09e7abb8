//! What every use case works with.

use std::{sync::Arc, time::Duration};

use domain::{
    ChangeId, ChangeKey, EventKey, FindingId, FindingKey, GatewayName, RefundId, RefundKey, Text, Timestamp,
    payment::Fresh, product::Change, session::Lifetime,
};
use ports::{
    Broadcast, Clock, EventRepository, FindingRepository, Ids, KeyedDigests, Locks, Meter, OrderRepository,
    PasswordHasher, PaymentRepository, ProductRepository, ReplyRepository, SessionRepository, Store,
    Throttle, Tokens, UserRepository,
};

use crate::{Operator, auth::Revocations, gateways::GuardedGateway, unreadable::UnreadableRows};

/// The ports and the settings of one running service.
pub struct App {
    /// The one way to write.
    pub store: Arc<dyn Store>,
    /// Users.
    pub users: Arc<dyn UserRepository>,
    /// Users that may be old: to be trusted while the last look for changes is new, and only then.
    pub user_copies: Arc<dyn UserRepository>,
    /// Sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Sessions that may be old, for a try whose commit is guarded.
    pub session_copies: Arc<dyn SessionRepository>,
    /// The catalogue.
    pub products: Arc<dyn ProductRepository>,
    /// Orders, to decide on.
    pub orders: Arc<dyn OrderRepository>,
    /// Orders, to be shown and for nothing else: as they stand, but maybe from a cache.
    pub shown_orders: Arc<dyn OrderRepository>,
    /// Payments.
    pub payments: Arc<dyn PaymentRepository>,
    /// The gateways' events.
    pub events: Arc<dyn EventRepository>,
    /// What operators must look at.
    pub findings: Arc<dyn FindingRepository>,
    /// Used idempotency keys.
    pub replies: Arc<dyn ReplyRepository>,
    /// Locks that save work.
    pub locks: Arc<dyn Locks>,
    /// Counts of failed logins, and of what else is limited.
    pub throttle: Arc<dyn Throttle>,
    /// What stands for a name in the names of counts.
    pub digests: Arc<dyn KeyedDigests>,
    /// Passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Access and refresh tokens.
    pub tokens: Arc<dyn Tokens>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Keys and ids.
    pub ids: Arc<dyn Ids>,
    /// What is worth counting.
    pub meter: Arc<dyn Meter>,
    /// The payment gateways, each with its guard.
    pub gateways: Vec<Arc<GuardedGateway>>,
    /// Tells every instance that sessions were ended.
    pub sessions_ended: Arc<dyn Broadcast>,
    /// Sessions that were ended while their access tokens live on.
    pub revocations: Revocations,
    /// Rows of the record that cannot be read.
    pub unreadable: Arc<UnreadableRows>,
    /// The settings.
    pub policy: Policy,
}

/// The settings that use cases know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// An unpaid order closes after this.
    pub order_ttl: Duration,
    /// An authorisation that is not captured is given up after this.
    pub authorization_ttl: Duration,
    /// A delivered order is completed after this.
    pub completion_after: Duration,
    /// A completed, refunded or cancelled order is closed after this.
    pub after_sales_period: Duration,
    /// An access token is good for this.
    pub access_token_ttl: Duration,
    /// A session ends after this unless it is refreshed.
    pub refresh_token_ttl: Duration,
    /// A session ends this long after its login, whatever happens.
    pub session_ttl: Duration,
    /// Failed logins of one account from one network before they are locked; and wrong present passwords of a session.
    pub login_failures_per_account: u32,
    /// Failed logins of one account from anywhere within a day before it is locked as a whole.
    pub login_failures_per_account_total: u32,
    /// Failed logins from one network before it is locked.
    pub login_failures_per_address: u32,
    /// Logins, and registrations, from one network within the window of failed logins, right ones too.
    pub attempts_per_address: u32,
    /// How long failed logins count.
    pub login_window: Duration,
    /// Unpaid orders of a user.
    pub open_orders_per_user: u32,
    /// Orders that a user may ask for within a minute.
    pub orders_per_minute: u32,
    /// Payments of an order that may be declined.
    pub declines_per_order: u32,
    /// Payments of a user that may be declined within a day.
    pub declines_per_user: u32,
    /// How long a request waits for another one with the same idempotency key.
    pub in_progress_wait: Duration,
    /// How long answers are kept under an idempotency key, but for orders: at least 24 h.
    pub reply_ttl: Duration,
    /// How long a notice waits for its transaction before an operator is told.
    pub parked_max: Duration,
    /// How long ended sessions are kept.
    pub session_kept: Duration,
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
            orders_per_minute: 6_000,
            declines_per_order: 20,
            declines_per_user: 200,
            in_progress_wait: Duration::from_secs(2),
            reply_ttl: Duration::from_secs(2 * DAY),
            parked_max: Duration::from_secs(15 * MINUTE),
            session_kept: Duration::from_secs(30 * DAY),
        }
    }
}

impl Policy {
    /// How long a session may last.
    pub(crate) const fn session_lifetime(&self) -> Lifetime {
        Lifetime { idle: self.refresh_token_ttl, total: self.session_ttl }
    }
}

impl App {
    /// The gateway of that name.
    #[must_use]
    pub fn gateway(&self, name: &GatewayName) -> Option<&Arc<GuardedGateway>> {
        self.gateways.iter().find(|it| it.name() == *name)
    }

    pub(crate) fn event_key(&self) -> EventKey {
        EventKey::new(self.ids.key())
    }

    pub(crate) fn finding(&self) -> (FindingKey, FindingId) {
        (FindingKey::new(self.ids.key()), FindingId::new(self.ids.id()))
    }

    pub(crate) fn change(&self, by: &Operator, reason: Option<Text>, at: Timestamp) -> Change {
        let (key, id) = (ChangeKey::new(self.ids.key()), ChangeId::new(self.ids.id()));
        Change { key, id, by: by.caller().changed_by(), reason, at }
    }

    pub(crate) fn refund(&self) -> Fresh {
        Fresh { key: RefundKey::new(self.ids.key()), id: RefundId::new(self.ids.id()) }
    }
}
