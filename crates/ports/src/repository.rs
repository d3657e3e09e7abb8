//! Reading the system of record. Every read sees everything that was committed before it began.
//!
//! Keys and stamps come from the clocks of several instances, so neither says what was committed first. What belongs to
//! one order is read by its number. A list is sorted by the stamp that it shows and then by row, and a page begins
//! behind the place of the last one: whatever was there when the first page was read is listed once, and what is
//! committed meanwhile stands where its stamp says.
//!
//! A row that cannot be read is [`UnreadableRow`](crate::UnreadableRow), and only who needs it is refused: a list leaves it out,
//! and what is read by its id fails. The [`UnreadableObserver`](crate::UnreadableObserver) hears of either. What is decided on is never left out:
//! an order's items, its transactions with their refunds, and the products of an order.

use async_trait::async_trait;
use domain::{
    ChangeId, Email, EventId, Finding, FindingId, GatewayName, Network, Order, OrderKey, OrderNumber,
    PasswordHash, Product, ProductId, ProductKey, Refund, Revision, Session, SessionId, SessionKey,
    Timestamp, Transaction, TransactionId, User, UserId, UserKey, Username,
    order::{OrderStatus, StoredHistoryEntry},
    payment::{StoredEvent, StoredPaymentRequest},
    product,
};

use crate::{AccountConflict, Claim, IdempotencyKey, Page, PortError, UnreadableRow};

type ReadResult<T> = Result<T, PortError>;

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
    async fn find_user(&self, id: &UserId) -> ReadResult<Option<User>>;
    /// The user in that row.
    async fn find_user_by_key(&self, key: UserKey) -> ReadResult<Option<User>>;
    /// The user with that name or e-mail address, regardless of case, and the hash. A name wins over an address.
    async fn find_credentials(&self, login: &str) -> ReadResult<Option<Credentials>>;
    /// The user's present hash.
    async fn find_password_hash(&self, user: UserKey) -> ReadResult<Option<PasswordHash>>;
    /// What of name and address is somebody's, regardless of case.
    async fn find_account_conflicts(
        &self,
        username: &Username,
        email: &Email,
    ) -> ReadResult<Vec<AccountConflict>>;
    /// The highest [cost](crate::PasswordHasher::hash_cost) of all hashes; 0 when there are none.
    async fn highest_hash_cost(&self) -> ReadResult<u32>;
    /// Users who changed at or after `since`, oldest change first and of one moment by row, at most `limit`; of those who
    /// changed at `since` itself only the ones whose row comes after `after`.
    async fn list_changed_users(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> ReadResult<Vec<ChangedUser>>;
    /// Operators whose row comes after that one, by row, at most `limit`.
    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> ReadResult<Vec<User>>;
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
pub struct RevokedSession {
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
    async fn find_session(&self, id: &SessionId) -> ReadResult<Option<Session>>;
    /// The user's sessions that are live at `now`, by `created_at` and row, newest first, at most `limit`.
    async fn list_live_sessions(&self, user: UserKey, now: Timestamp, limit: u32)
    -> ReadResult<Vec<Session>>;
    /// Whether a session of that user, live or not, began in that network at or after `since`.
    async fn has_logged_in(&self, user: UserKey, network: Network, since: Timestamp) -> ReadResult<bool>;
    /// Sessions revoked at or after `since`, oldest revocation first and of one moment by row, at most `limit`; of those
    /// revoked at `since` itself only the ones whose row comes after `after`. Whatever else is in such a row, it can be
    /// read.
    async fn list_revoked_sessions(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> ReadResult<Vec<RevokedSession>>;
}

/// Reads the catalogue.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ProductRepository: Send + Sync {
    /// The product with that id, active or not.
    async fn find_product(&self, id: &ProductId) -> ReadResult<Option<Product>>;
    /// Those of the products that there are, in no order.
    async fn find_products(&self, ids: &[ProductId]) -> ReadResult<Vec<Product>>;
    /// Products after that one, by `created_at` and row, oldest first.
    async fn list_products(
        &self,
        active_only: bool,
        after: Option<ProductId>,
        limit: u32,
    ) -> ReadResult<Page<Product>>;
    /// What operators changed of a product after that change, newest version first.
    async fn list_product_changes(
        &self,
        product: ProductKey,
        kind: ChangeFilter,
        after: Option<ChangeId>,
        limit: u32,
    ) -> ReadResult<Page<product::StoredProductChange>>;
}

/// Which changes of a product to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeFilter {
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
    pub status: Option<OrderStatus>,
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
pub enum DueOrders {
    /// `PENDING` orders whose `expires_at` is at or before this moment and that no transaction occupies.
    Expired(Timestamp),
    /// Orders of this status that last changed at or before this moment.
    Unchanged(OrderStatus, Timestamp),
    /// `PENDING` orders occupied by a transaction that is `AUTHORIZED`, with nothing asked of the gateway, and was made
    /// at or before this moment.
    Uncaptured(Timestamp),
}

/// Reads orders.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait OrderRepository: Send + Sync {
    /// The order with that number.
    async fn find_order(&self, number: &OrderNumber) -> ReadResult<Option<Order>>;
    /// What of the order with that number tells a copy from the present one, without reading the order.
    async fn find_order_head(&self, number: &OrderNumber) -> ReadResult<Option<OrderHead>>;
    /// Orders by `created_at` and row, newest first.
    async fn list_orders(&self, filter: OrderFilter) -> ReadResult<Page<Order>>;
    /// An order's history: its entries in the order of their numbers.
    async fn list_history_entries(&self, order: OrderKey) -> ReadResult<Vec<StoredHistoryEntry>>;
    /// Orders that a sweep must look at, longest due first, whether or not they can be read.
    async fn list_due_orders(&self, due: DueOrders, batch: Batch) -> ReadResult<Vec<OrderNumber>>;
}

/// Reads payments. A transaction always comes with its refunds, oldest first.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PaymentRepository: Send + Sync {
    /// The transaction with that id.
    async fn find_transaction(&self, id: &TransactionId) -> ReadResult<Option<Transaction>>;
    /// All transactions of an order, oldest first, to decide on: none of them if one cannot be read.
    async fn list_transactions(&self, order: OrderKey) -> ReadResult<Vec<Transaction>>;
    /// The transactions of an order that can be read, oldest first, to show them: one is left out if a refund or a
    /// dispute of it cannot be read, because its amounts follow from them.
    async fn list_readable(&self, order: OrderKey) -> ReadResult<Vec<Transaction>>;
    /// The refunds of the transaction with that id that can be read, oldest first, to show them; `None` if there is no
    /// such transaction.
    async fn list_refunds(&self, id: &TransactionId) -> ReadResult<Option<Vec<Refund>>>;
    /// What was asked for of all transactions of an order, and by whom, in the order it was asked.
    async fn list_payment_requests(&self, order: OrderKey) -> ReadResult<Vec<StoredPaymentRequest>>;
    /// Transactions that have, or one of whose refunds has, a `check_at` at or before `now`; longest due first, whether or
    /// not they can be read.
    async fn list_due_transactions(&self, now: Timestamp, batch: Batch) -> ReadResult<Vec<TransactionId>>;
}

/// Reads the gateways' events.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventRepository: Send + Sync {
    /// The event with that id.
    async fn find_event(&self, gateway: &GatewayName, id: &EventId) -> ReadResult<Option<StoredEvent>>;
    /// Events of that transaction that wait (`WAITING`, `PARKED` or `OVERDUE`), by `received_at` and row, oldest first.
    async fn list_waiting_events(
        &self,
        gateway: &GatewayName,
        transaction: &TransactionId,
    ) -> ReadResult<Vec<StoredEvent>>;
    /// `PARKED` and `OVERDUE` events whose transaction is known by now, by `received_at` and row, oldest first.
    async fn list_applicable_events(
        &self,
        batch: Batch,
    ) -> ReadResult<Vec<Result<StoredEvent, UnreadableRow>>>;
    /// `PARKED` events that arrived at or before `before`, by `received_at` and row, oldest first.
    async fn list_overdue_events(
        &self,
        before: Timestamp,
        batch: Batch,
    ) -> ReadResult<Vec<Result<StoredEvent, UnreadableRow>>>;
}

/// Reads findings.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait FindingRepository: Send + Sync {
    /// The finding with that id.
    async fn find_finding(&self, id: &FindingId) -> ReadResult<Option<Finding>>;
    /// Findings by `created_at` and row, newest first; open or closed ones only if asked for.
    async fn list_findings(
        &self,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> ReadResult<Page<Finding>>;
}

/// Reads used idempotency keys.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ClaimRepository: Send + Sync {
    /// What that key was used for.
    async fn find_claim(&self, key: &IdempotencyKey) -> ReadResult<Option<Claim>>;
}
