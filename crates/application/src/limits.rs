//! Limits on what one user or one network may do within a time window.
//!
//! If a counter cannot be read or written, the request goes on: the counters make abuse slow, and an
//! unavailable counter must not stop the shop.

use std::time::Duration;

use domain::{Network, Order, Timestamp, Transaction, UserKey, payment::PaymentStatus};
use ports::{OpenLimit, OpenLimits};

use tokio::sync::OnceCell;

use crate::{App, Caller};

/// The time window of `Policy::orders_per_minute`.
const MINUTE: Duration = Duration::from_secs(60);
/// The time window of `Policy::declines_per_user`.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The request was refused because a limit is reached; the client should retry later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Which limit is reached.
    pub reached: Limit,
    /// How many are allowed.
    pub limit: u32,
    /// The length of the time window.
    pub window: Duration,
    /// How long the client should wait; sent as `Retry-After`.
    pub retry_after: Duration,
}

/// Which limit a request has reached. All counts of a name are one limit, whether or not there is such an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Registrations, logins or changes of a password from a network, right ones too.
    Attempts,
    /// Failed logins from a network.
    NetworkFailures,
    /// Failed logins with a name.
    LoginFailures,
    /// Wrong present passwords in a session.
    SessionFailures,
    /// Orders of a user within a minute.
    OrdersPerMinute,
    /// Changes of orders by a user within a minute.
    EditsPerMinute,
    /// Unpaid orders of a user.
    OpenOrders,
    /// Pieces of one product in the unpaid orders of a user.
    OpenPieces,
    /// Declined payments of an order.
    OrderDeclines,
    /// Declined payments of a user within a day.
    UserDeclines,
    /// Requests to reset a password, for one address.
    ResetRequests,
    /// Requests to reset a password, from one network.
    NetworkResets,
    /// Requests to verify an address, for one address.
    VerificationRequests,
    /// Requests to verify an address, from one network.
    NetworkVerifications,

    /// Requests of a user within a minute.
    UserRequests,
    /// Requests with an API key within a minute.
    KeyRequests,
    /// Requests from a network within a minute.
    NetworkRequests,
}

impl Limit {
    /// Every limit, for counters that begin at zero.
    pub const ALL: [Self; 17] = [
        Self::Attempts,
        Self::NetworkFailures,
        Self::LoginFailures,
        Self::SessionFailures,
        Self::OrdersPerMinute,
        Self::EditsPerMinute,
        Self::OpenOrders,
        Self::OpenPieces,
        Self::OrderDeclines,
        Self::UserDeclines,
        Self::ResetRequests,
        Self::NetworkResets,
        Self::VerificationRequests,
        Self::NetworkVerifications,
        Self::UserRequests,
        Self::KeyRequests,
        Self::NetworkRequests,
    ];

    /// Its name as the policy of answers and the label of metrics; a client may rely on it, so it must not change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::NetworkFailures => "network-failures",
            Self::LoginFailures => "login-failures",
            Self::SessionFailures => "session-failures",
            Self::OrdersPerMinute => "orders",
            Self::EditsPerMinute => "edits",
            Self::OpenOrders => "open-orders",
            Self::OpenPieces => "open-pieces",
            Self::OrderDeclines => "order-declines",
            Self::UserDeclines => "user-declines",
            Self::ResetRequests => "reset-requests",
            Self::NetworkResets => "network-resets",
            Self::VerificationRequests => "verification-requests",
            Self::NetworkVerifications => "network-verifications",
            Self::UserRequests => "user",
            Self::KeyRequests => "key",
            Self::NetworkRequests => "network",
        }
    }
}

/// What attempts are counted for, right ones too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptKind {
    /// Registration of a new account.
    Register,
    /// A login, whether or not it succeeds.
    Login,
    /// A change of the password by its user; also of the address, and the erasure of the account.
    Change,
    /// A request to reset a password.
    ResetRequest,
    /// A new password with the token of a reset.
    Reset,
    /// A request for a mail that verifies an address.
    VerificationRequest,
    /// A token that verifies an address.
    Verification,
}

impl AttemptKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Change => "change",
            Self::ResetRequest => "reset-request",
            Self::Reset => "reset",
            Self::VerificationRequest => "verification-request",
            Self::Verification => "verification",
        }
    }
}

/// Counts an attempt for its network, and refuses one beyond the limit.
pub(crate) async fn count_attempt(
    app: &App,
    attempt: AttemptKind,
    network: Network,
) -> Result<(), Throttled> {
    let name = format!("attempts:{}:{network}", attempt.as_str());
    let (limit, window) = (app.policy.attempts_per_address, app.policy.login_window);
    count_within_limit(app, &name, Limit::Attempts, limit, window).await
}

/// Counts a request to reset the password of the account with that address, whether or not there is one, and refuses
/// it beyond the limit of its network, or of the address for this network.
pub(crate) async fn count_reset_request(app: &App, address: &str, network: Network) -> Result<(), Throttled> {
    count_mail_request(app, ("reset", address), network, (Limit::NetworkResets, Limit::ResetRequests))
        .await?;
    // Never refused for what other networks ask: they must not keep the owner from a new password. Beyond the limit mails
    // are only rarer.
    let _ = app.throttle.count_attempt(&account_requests("reset", address), DAY).await;
    Ok(())
}

/// Whether more resets were asked for that address within a day than the limit of an account as a whole. If it cannot be
/// read: no.
pub(crate) async fn has_many_reset_requests(app: &App, address: &str) -> bool {
    let counted = app.throttle.read_attempts(&account_requests("reset", address)).await;
    counted.is_ok_and(|it| it.count > app.policy.login_failures_per_account_total)
}

/// Counts a request to verify that address, and refuses it beyond the limit of its network, of the address for this
/// network, or of the address as a whole.
pub(crate) async fn count_verification_request(
    app: &App,
    address: &str,
    network: Network,
) -> Result<(), Throttled> {
    let reached = (Limit::NetworkVerifications, Limit::VerificationRequests);
    count_mail_request(app, ("verification", address), network, reached).await?;
    let (name, limit) =
        (account_requests("verification", address), app.policy.login_failures_per_account_total);
    count_within_limit(app, &name, Limit::VerificationRequests, limit, DAY).await
}

/// The name of the counter of requests for mails to that address, whatever their networks.
fn account_requests(what: &str, address: &str) -> String {
    format!("{what}:account:{address}")
}

/// Counts a request for a mail, and refuses it beyond one of two limits, which are those of failed logins: of the network,
/// and of the account for this network.
async fn count_mail_request(
    app: &App,
    (what, address): (&str, &str),
    network: Network,
    (of_network, of_address): (Limit, Limit),
) -> Result<(), Throttled> {
    let (policy, window) = (&app.policy, app.policy.login_window);
    let network_name = format!("{what}:network:{network}");
    let pair = format!("{what}:pair:{network}:{address}");
    // The network first, and the account last: what the earlier ones refuse is not counted against the account, so
    // one network cannot use up the requests of the others.
    let limit = policy.login_failures_per_address;
    count_within_limit(app, &network_name, of_network, limit, window).await?;
    let limit = policy.login_failures_per_account;
    count_within_limit(app, &pair, of_address, limit, window).await
}

/// Counts a requested order for its user, and refuses it beyond the limit of a minute.
pub(crate) async fn count_order(app: &App, user: UserKey) -> Result<(), Throttled> {
    let (name, limit) = (format!("orders:{}", user.get()), app.policy.orders_per_minute);
    count_within_limit(app, &name, Limit::OrdersPerMinute, limit, MINUTE).await
}

/// Changes of an order by one request, which count once, however often its commit is stale.
#[derive(Debug, Default)]
pub(crate) struct EditCount(OnceCell<Result<(), Throttled>>);

impl EditCount {
    /// Counts the request if its caller is a customer, and refuses it beyond the limit of a minute. A change is an event that
    /// every webhook sends in turn; and a request with a key stores the whole order as its reply, also if nothing changes.
    pub(crate) async fn count_request(&self, app: &App, caller: &Caller) -> Result<(), Throttled> {
        let Some(user) = caller.user_key().filter(|_| !caller.is_staff()) else { return Ok(()) };
        let (name, limit) = (format!("edits:{}", user.get()), app.policy.orders_per_minute);
        let count = || count_within_limit(app, &name, Limit::EditsPerMinute, limit, MINUTE);
        *self.0.get_or_init(count).await
    }
}

/// What the unpaid orders of one user may be at most.
pub(crate) const fn open_limits(app: &App) -> OpenLimits {
    OpenLimits { orders: app.policy.open_orders_per_user, pieces: app.policy.open_pieces_per_user }
}

/// The refusal of another order of a user whose unpaid ones are as many, or as large, as is allowed.
pub(crate) fn throttled_open_order(app: &App, reached: OpenLimit) -> Throttled {
    let limits = open_limits(app);
    let (reached, limit) = match reached {
        OpenLimit::Orders => (Limit::OpenOrders, limits.orders),
        OpenLimit::Pieces => (Limit::OpenPieces, limits.pieces),
    };
    // Paying or cancelling one helps at once; the oldest closes by itself within this time.
    let window = app.policy.order_ttl;
    Throttled { reached, limit, window, retry_after: MINUTE.min(window) }
}

/// Refuses another payment of an order when too many of its payments were declined. The refusal lasts until
/// the order closes.
pub(crate) fn check_declines_of_order(
    app: &App,
    order: &Order,
    payments: &[Transaction],
    now: Timestamp,
) -> Result<(), Throttled> {
    let limit = app.policy.declines_per_order;
    // Counted from the transactions themselves, which the decision has read anyway: unlike a counter they
    // cannot be lost, and the commit is guarded by the order's revision.
    let declined = payments.iter().filter(|it| it.status() == PaymentStatus::Failed).count();
    if declined < usize::try_from(limit).unwrap_or(usize::MAX) {
        return Ok(());
    }
    let (reached, window) = (Limit::OrderDeclines, app.policy.order_ttl);
    Err(Throttled { reached, limit, window, retry_after: order.expires_at.saturating_duration_since(now) })
}

/// Refuses another payment when too many payments of the user were declined within 24 h.
pub(crate) async fn check_declines_of_user(app: &App, user: UserKey) -> Result<(), Throttled> {
    let limit = app.policy.declines_per_user;
    match app.throttle.read_attempts(&declines_name(user)).await {
        // Read here and counted in `count_decline` after the gateway's answer, because only a declined
        // payment counts. Payments that run concurrently may therefore exceed the limit by their number.
        Ok(declined) if declined.count >= limit => {
            let reached = Limit::UserDeclines;
            Err(Throttled { reached, limit, window: DAY, retry_after: declined.resets_in })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Counts a declined payment for the user who asked for it.
pub(crate) async fn count_decline(app: &App, user: UserKey) {
    // Dropped on failure: the payment is already declined and stored, and a lost count only makes the limit
    // softer.
    let _ = app.throttle.count_attempt(&declines_name(user), DAY).await;
}

fn declines_name(user: UserKey) -> String {
    format!("declines:{}", user.get())
}

async fn count_within_limit(
    app: &App,
    name: &str,
    reached: Limit,
    limit: u32,
    window: Duration,
) -> Result<(), Throttled> {
    match app.throttle.count_attempt(name, window).await {
        Ok(attempts) if attempts.count > limit => {
            Err(Throttled { reached, limit, window, retry_after: attempts.resets_in })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
