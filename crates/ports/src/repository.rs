//! Reading the system of record. Every read sees everything that was committed before it began.
//!
//! Keys and stamps come from the clocks of several instances, so neither says what was committed first. What belongs to
//! one order is read by its number. A list is sorted by the stamp that it shows and then by row, and a page begins
//! behind the place of the last one: whatever was there when the first page was read is listed once, and what is
//! committed meanwhile stands where its stamp says.
//!
//! A row that cannot be read is [`Unreadable`](crate::Unreadable), and only who needs it is refused: a list leaves it out,
//! and what is read by its id fails. The [`Witness`](crate::Witness) hears of either. What is decided on is never left out:
//! an order's items, its transactions with their refunds, and the products of an order.

use async_trait::async_trait;
use domain::{
    ChangeId, Email, EventId, Finding, FindingId, GatewayName, Network, Order, OrderKey, OrderNumber,
    PasswordHash, Product, ProductId, ProductKey, Revision, Session, SessionId, SessionKey, Timestamp,
    Transaction, TransactionId, User, UserId, UserKey, Username,
    order::{Recorded, Status},
    payment::{NamedReference, RecordedRequest, StoredEvent},
    product,
};

use crate::{Claim, IdempotencyKey, Page, PortError, Taken, Unreadable};

type Read<T> = Result<T, PortError>;

/// Which of the things that are due to read. Whoever works on them takes what it could not move out of its way by
/// skipping it: it stays the longest due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// So many of the longest due are left out.
    pub skip: u32,
    /// At most so many.
    pub limit: u32,
}

/// A user and what the password is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: User,
    /// The hash.
    pub hash: PasswordHash,
}

/// Reads users.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// The user with that public id.
    async fn find(&self, id: &UserId) -> Read<Option<User>>;
    /// The user in that row.
    async fn find_by_key(&self, key: UserKey) -> Read<Option<User>>;
    /// The user with that name or e-mail address, regardless of case, and the hash. A name wins over an address.
    async fn find_by_login(&self, login: &str) -> Read<Option<Credentials>>;
    /// The user's present hash.
    async fn find_hash(&self, user: UserKey) -> Read<Option<PasswordHash>>;
    /// What of name and address is somebody's, regardless of case.
    async fn taken(&self, username: &Username, email: &Email) -> Read<Vec<Taken>>;
    /// The highest [cost](PasswordHash::cost) of all hashes; 0 when there are none.
    async fn highest_hash_cost(&self) -> Read<u32>;
    /// Users who changed at or after `since`, oldest change first and of one moment by row, at most `limit`; of those who
    /// changed at `since` itself only the ones whose row comes after `after`.
    async fn changed_since(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> Read<Vec<ChangedUser>>;
    /// Operators whose row comes after that one, by row, at most `limit`.
    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> Read<Vec<User>>;
}

/// A user who changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedUser {
    /// The row.
    pub key: UserKey,
    /// The public id.
    pub id: UserId,
    /// When it changed.
    pub at: Timestamp,
    /// The user as it is now; `None` when its row cannot be read.
    pub user: Option<User>,
}

/// A session that was ended, as far as others must know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// The row.
    pub key: SessionKey,
    /// The public id.
    pub id: SessionId,
    /// When it was ended.
    pub at: Timestamp,
}

/// Reads sessions.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// The session with that id, live or not.
    async fn find(&self, id: &SessionId) -> Read<Option<Session>>;
    /// The user's sessions that are live at `now`, by `created_at` and row, newest first, at most `limit`.
    async fn list_live(&self, user: UserKey, now: Timestamp, limit: u32) -> Read<Vec<Session>>;
    /// Whether a session of that user, live or not, began in that network at or after `since`.
    async fn has_logged_in(&self, user: UserKey, network: Network, since: Timestamp) -> Read<bool>;
    /// Sessions revoked at or after `since`, oldest revocation first and of one moment by row, at most `limit`; of those
    /// revoked at `since` itself only the ones whose row comes after `after`. Whatever else is in such a row, it can be
    /// read.
    async fn revoked_since(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Read<Vec<EndedSession>>;
}

/// Reads the catalogue.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ProductRepository: Send + Sync {
    /// The product with that id, active or not.
    async fn find(&self, id: &ProductId) -> Read<Option<Product>>;
    /// Those of the products that there are, in no order.
    async fn find_all(&self, ids: &[ProductId]) -> Read<Vec<Product>>;
    /// Products after that one, by `created_at` and row, oldest first.
    async fn list(&self, active_only: bool, after: Option<ProductId>, limit: u32) -> Read<Page<Product>>;
    /// What operators changed of a product after that change, newest version first.
    async fn changes(
        &self,
        product: ProductKey,
        kind: ChangeKind,
        after: Option<ChangeId>,
        limit: u32,
    ) -> Read<Page<product::Recorded>>;
}

/// Which changes of a product to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// All.
    Any,
    /// Adjustments of its stock.
    Adjustment,
}

/// Which orders to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only this user's.
    pub owner: Option<UserKey>,
    /// Only those standing there.
    pub status: Option<Status>,
    /// Only those placed at or after this moment.
    pub created_after: Option<Timestamp>,
    /// Only those placed before this moment.
    pub created_before: Option<Timestamp>,
    /// Only those that come after this one in the list.
    pub after: Option<OrderNumber>,
    /// At most so many.
    pub limit: u32,
}

/// What the record says of an order without reading it: enough to tell whether a copy is the present one, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderHead {
    /// The row.
    pub key: OrderKey,
    /// Whose it is.
    pub owner: UserKey,
    /// The present revision.
    pub revision: Revision,
}

/// What a sweep looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// `PENDING` orders whose `expires_at` is at or before this moment and that no transaction occupies.
    Expired(Timestamp),
    /// Orders of this status that last changed at or before this moment.
    Unchanged(Status, Timestamp),
    /// `PENDING` orders occupied by a transaction that is `AUTHORIZED`, with nothing asked of the gateway, and was made
    /// at or before this moment.
    Uncaptured(Timestamp),
}

/// Reads orders.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait OrderRepository: Send + Sync {
    /// The order with that number.
    async fn find(&self, number: &OrderNumber) -> Read<Option<Order>>;
    /// What of the order with that number tells a copy from the present one, without reading the order.
    async fn head(&self, number: &OrderNumber) -> Read<Option<OrderHead>>;
    /// Whether the user has at least so many orders that are `PENDING`; no more of them are looked at.
    async fn has_pending(&self, owner: UserKey, at_least: u32) -> Read<bool>;
    /// Orders by `created_at` and row, newest first.
    async fn list(&self, filter: OrderFilter) -> Read<Page<Order>>;
    /// An order's history: its entries in the order of their numbers.
    async fn history(&self, order: OrderKey) -> Read<Vec<Recorded>>;
    /// Orders that a sweep must look at, longest due first, whether or not they can be read.
    async fn due(&self, due: Due, batch: Batch) -> Read<Vec<OrderNumber>>;
}

/// Reads payments. A transaction always comes with its refunds, oldest first, and all references that are known of it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PaymentRepository: Send + Sync {
    /// The transaction with that id.
    async fn find(&self, id: &TransactionId) -> Read<Option<Transaction>>;
    /// All transactions of an order, oldest first.
    async fn list(&self, order: OrderKey) -> Read<Vec<Transaction>>;
    /// What was asked for of all transactions of an order, and by whom, in the order it was asked.
    async fn requests(&self, order: OrderKey) -> Read<Vec<RecordedRequest>>;
    /// The transaction of that gateway for which, or for one of whose refunds or disputes, the gateway has that name.
    async fn find_by_reference(
        &self,
        gateway: &GatewayName,
        named: &NamedReference,
    ) -> Read<Option<TransactionId>>;
    /// Transactions of that gateway that have, or one of whose refunds has, a `check_at` at or before `now`; longest due
    /// first, whether or not they can be read.
    async fn to_check(&self, gateway: &GatewayName, now: Timestamp, batch: Batch)
    -> Read<Vec<TransactionId>>;
    /// The first gateway, by name, after that one (or of all) through which any transaction was made. The service may not
    /// have it any more.
    async fn next_gateway(&self, after: Option<GatewayName>) -> Read<Option<GatewayName>>;
}

/// Reads the gateways' events.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventRepository: Send + Sync {
    /// The event with that id.
    async fn find(&self, gateway: &GatewayName, id: &EventId) -> Read<Option<StoredEvent>>;
    /// Events that name that transaction, by its id or by one of these references, and wait (`WAITING`, `PARKED` or
    /// `OVERDUE`), by `received_at` and row, oldest first.
    async fn waiting(
        &self,
        gateway: &GatewayName,
        transaction: &TransactionId,
        references: &[NamedReference],
    ) -> Read<Vec<StoredEvent>>;
    /// `PARKED` and `OVERDUE` events whose transaction, or the reference that they name, is known by now, by `received_at` and row, oldest first.
    async fn applicable(&self, batch: Batch) -> Read<Vec<Result<StoredEvent, Unreadable>>>;
    /// `PARKED` events that arrived at or before `before`, by `received_at` and row, oldest first.
    async fn overdue(&self, before: Timestamp, batch: Batch) -> Read<Vec<Result<StoredEvent, Unreadable>>>;
}

/// Reads findings.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait FindingRepository: Send + Sync {
    /// The finding with that id.
    async fn find(&self, id: &FindingId) -> Read<Option<Finding>>;
    /// Findings by `created_at` and row, newest first; open or closed ones only if asked for.
    async fn list(&self, resolved: Option<bool>, after: Option<FindingId>, limit: u32)
    -> Read<Page<Finding>>;
}

/// Reads used idempotency keys.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ReplyRepository: Send + Sync {
    /// What that key was used for.
    async fn find(&self, key: &IdempotencyKey) -> Read<Option<Claim>>;
}
