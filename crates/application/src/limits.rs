//! What one user, or one network, may do in a while. Counts that cannot be had refuse no request.

use std::time::Duration;

use domain::{Network, Order, Timestamp, Transaction, UserKey, payment::PaymentStatus};
use ports::PortError;

use crate::App;

/// In which orders are counted.
const MINUTE: Duration = Duration::from_secs(60);
/// In which declined payments of a user are counted.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// So much was tried that no more is looked at for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// How many are allowed.
    pub limit: u32,
    /// Within this time.
    pub window: Duration,
    /// When to try again.
    pub retry_after: Duration,
}

/// What attempts are counted for, right ones too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptKind {
    /// Making an account.
    Register,
    /// Logging in.
    Login,
    /// Changing a password.
    Change,
}

impl AttemptKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Change => "change",
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
    count_within_limit(app, &name, limit, window).await
}

/// Counts an order for its user, and refuses one beyond the limit of a minute.
pub(crate) async fn count_order(app: &App, user: UserKey) -> Result<(), Throttled> {
    count_within_limit(app, &format!("orders:{}", user.get()), app.policy.orders_per_minute, MINUTE).await
}

/// Refuses another order while the user has as many unpaid ones as are allowed. Those that are placed at the same moment
/// may exceed it.
pub(crate) async fn check_open_orders<E>(app: &App, user: UserKey) -> Result<(), E>
where
    E: From<Throttled> + From<PortError>,
{
    let limit = app.policy.open_orders_per_user;
    if !app.orders.has_pending_orders(user, limit).await? {
        return Ok(());
    }
    // Paying or cancelling one helps at once; the oldest closes by itself within this time.
    let window = app.policy.order_ttl;
    Err(Throttled { limit, window, retry_after: MINUTE.min(window) }.into())
}

/// Refuses another payment of an order of which too many were declined. It stays so until the order closes.
pub(crate) fn check_declines_of_order(
    app: &App,
    order: &Order,
    payments: &[Transaction],
    now: Timestamp,
) -> Result<(), Throttled> {
    let limit = app.policy.declines_per_order;
    let declined = payments.iter().filter(|it| it.status() == PaymentStatus::Failed).count();
    if declined < usize::try_from(limit).unwrap_or(usize::MAX) {
        return Ok(());
    }
    Err(Throttled {
        limit,
        window: app.policy.order_ttl,
        retry_after: order.expires_at.saturating_duration_since(now),
    })
}

/// Refuses another payment of a user of whose payments too many were declined within a day.
pub(crate) async fn check_declines_of_user(app: &App, user: UserKey) -> Result<(), Throttled> {
    let limit = app.policy.declines_per_user;
    match app.throttle.read_attempts(&declines_name(user)).await {
        Ok(declined) if declined.count >= limit => {
            Err(Throttled { limit, window: DAY, retry_after: declined.resets_in })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Counts a declined payment for the user who asked for it.
pub(crate) async fn count_decline(app: &App, user: UserKey) {
    let _ = app.throttle.count_attempt(&declines_name(user), DAY).await;
}

fn declines_name(user: UserKey) -> String {
    format!("declines:{}", user.get())
}

async fn count_within_limit(app: &App, name: &str, limit: u32, window: Duration) -> Result<(), Throttled> {
    match app.throttle.count_attempt(name, window).await {
        Ok(attempts) if attempts.count > limit => {
            Err(Throttled { limit, window, retry_after: attempts.resets_in })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
