//! Reading the system of record. Every read sees everything that was committed before it began.
//!
//! Keys and timestamps come from the clocks of several instances, so neither tells the order of commits.
//! Whatever belongs to one order is read by its sequence number. A list is sorted by the timestamp that it
//! shows and then by row, and a page begins after the last row of the page before. Rows that exist when the
//! first page is read are listed once; rows committed meanwhile appear at the position of their timestamp.
//!
//! An unreadable row is [`UnreadableRow`] and affects only the request that needs it: a
//! list leaves it out, and a read by id fails. The [`UnreadableObserver`](crate::UnreadableObserver) is
//! notified of both. Rows that a decision rests on are never left out: an order's items, its transactions
//! with their refunds, and the products of an order.

use async_trait::async_trait;
use domain::{
    ApiKey, ApiKeyId, ApiKeyKey, AttemptId, ChangeId, Email, EventId, Finding, FindingId, GatewayName,
    Network, Order, OrderKey, OrderNumber, PasswordHash, Product, ProductId, ProductKey, Refund, Session,
    SessionId, SessionKey, Timestamp, Transaction, TransactionId, TransactionKey, User, UserId, UserKey,
    Username,
    api_key::ApiKeyDigest,
    order::{OrderStatus, StoredHistoryEntry},
    payment::{EventDisposition, NamedReference, StoredEvent, StoredPaymentRequest},
    product,
    session::ListedSession,
};

use crate::{
    Account, AccountConflict, AccountFilter, CaseKey, Claim, DatedPayment, DueOrders, EventPosition,
    IdempotencyKey, OldOrder, OrderFilter, OrderHead, OverdueStretch, Page, PaymentCase, PaymentFilter,
    PaymentPeriod, PortError, RefundFilter, StoredAttempt, StoredRefund, UnreadableRow,
};

type ReadResult<T> = Result<T, PortError>;

/// The part of the due items to read. A sweep skips the items that it could not process: they stay due, and
/// without the skip the same failing items would fill every batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// The number of longest due items to leave out.
    pub skip: u32,
    /// Page size, from 1.
    pub limit: u32,
}

/// A user and the hash that a login is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user, disabled or not.
    pub user: User,
    /// The bcrypt hash of the user's password.
    pub hash: PasswordHash,
}

/// Reads users and their password hashes.
///
/// Every method fails with [`PortError`]: `Unavailable` if the system of record does not answer in time, `Unreadable` if a
/// row that the call needs cannot be read, `Bug` if a statement is refused.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// The user with that public id, disabled or not.
    async fn find_user(&self, id: &UserId) -> ReadResult<Option<User>>;
    /// The user with that row key.
    async fn find_user_by_key(&self, key: UserKey) -> ReadResult<Option<User>>;
    /// The users of these row keys that can be read, in no particular order.
    async fn list_users_by_key(&self, keys: &[UserKey]) -> ReadResult<Vec<User>>;
    /// The user with that username or e-mail address, regardless of case, and the hash. A username wins over
    /// an address.
    async fn find_credentials(&self, login: &str) -> ReadResult<Option<Credentials>>;
    /// The user's present hash; `None` when there is no such user.
    async fn find_password_hash(&self, user: UserKey) -> ReadResult<Option<PasswordHash>>;
    /// Which of username and e-mail another account has, regardless of case.
    async fn find_account_conflicts(
        &self,
        username: &Username,
        email: &Email,
    ) -> ReadResult<Vec<AccountConflict>>;
    /// The highest [cost](crate::PasswordHasher::hash_cost) of all hashes; 0 when there are none.
    async fn highest_hash_cost(&self) -> ReadResult<u32>;
    /// Users who changed at or after `since`, oldest change first, then by row, at most `limit`. Of those who
    /// changed exactly at `since`, only rows after `after`.
    // Many users may share one timestamp. Without the row as a second cursor, a page that ends within them
    // would either repeat or skip some.
    async fn list_changed_users(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> ReadResult<Vec<ChangedUser>>;
    /// The account with that public id, as operators see it.
    async fn find_account(&self, id: &UserId) -> ReadResult<Option<Account>>;
    /// Accounts as operators see them. Without a prefix by `created_at` and row, newest first. With one by the
    /// name that begins with it, each account once; a page is then short, or even empty, where many accounts match
    /// with both of their names, and goes on behind its cursor. An exact name or address gives one page.
    async fn list_accounts(&self, filter: AccountFilter) -> ReadResult<Page<Account>>;
    /// Operators whose row comes after `after`, by row, at most `limit`.
    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> ReadResult<Vec<User>>;
}

/// A user whose role or `disabled` flag changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedUser {
    /// The row key, which is also the cursor of the list.
    pub key: UserKey,
    /// The public id, under which the user is cached.
    pub id: UserId,
    /// The time of the change; a larger one is newer.
    pub at: Timestamp,
    /// The user as it is now; `None` when its row cannot be read.
    pub user: Option<User>,
}

/// A revoked session, with the columns that other instances need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedSession {
    /// The row key, which is also the cursor of the list.
    pub key: SessionKey,
    /// The public id, which its access tokens name.
    pub id: SessionId,
    /// The time of the revocation, by the clock of the instance that made it.
    pub at: Timestamp,
}

/// Reads sessions, live and ended ones. Every method fails as those of [`UserRepository`] do.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// The session with that public id, live or not.
    async fn find_session(&self, id: &SessionId) -> ReadResult<Option<Session>>;
    /// The user's sessions that are live at `now`, with where they began, by `created_at` and row, newest first, at most
    /// `limit`.
    async fn list_live_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        limit: u32,
    ) -> ReadResult<Vec<ListedSession>>;
    /// The sessions of the user that are live at `now`, without the `kept` newest by `created_at` and row: newest first, at
    /// most `limit`, also those that are otherwise unreadable.
    async fn list_older_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        kept: u32,
        limit: u32,
    ) -> ReadResult<Vec<SessionKey>>;
    /// Whether a session of that user, live or not, began in that network at or after `since`.
    async fn has_logged_in(&self, user: UserKey, network: Network, since: Timestamp) -> ReadResult<bool>;
    /// Sessions revoked at or after `since`, oldest revocation first, then by row, at most `limit`. Of those
    /// revoked exactly at `since`, only rows after `after`. It can read such a row whatever its other columns
    /// hold.
    // Only three columns are read: an unreadable value elsewhere in the row must not keep a revoked session
    // valid.
    async fn list_revoked_sessions(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> ReadResult<Vec<RevokedSession>>;
}

/// Reads the catalogue and its changes. Every method fails as those of [`UserRepository`] do.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ProductRepository: Send + Sync {
    /// The product with that public id, active or not.
    async fn find_product(&self, id: &ProductId) -> ReadResult<Option<Product>>;
    /// The existing products among `ids`, in no particular order. One that is unreadable fails the call.
    async fn find_products(&self, ids: &[ProductId]) -> ReadResult<Vec<Product>>;
    /// Products after `after`, by `created_at` and row, oldest first.
    async fn list_products(
        &self,
        active_only: bool,
        after: Option<ProductId>,
        limit: u32,
    ) -> ReadResult<Page<Product>>;
    /// Operators' changes of a product that come after `after`, newest version first.
    async fn list_product_changes(
        &self,
        product: ProductKey,
        kind: ChangeFilter,
        after: Option<ChangeId>,
        limit: u32,
    ) -> ReadResult<Page<product::StoredProductChange>>;
}

/// The kind of product changes to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeFilter {
    /// Every change, whatever it was.
    Any,
    /// Only adjustments of the stock.
    Adjustment,
}

/// Reads orders, their items and history. Every method fails as those of [`UserRepository`] do.
///
/// An order is in the record or in the [archive](crate::Write::ArchiveOrders). What is read by its number, its row key or
/// the id of a payment of it is found in both; lists of several orders, payments or refunds are those of the record,
/// unless they say otherwise. The same holds for [`PaymentRepository`] and [`EventRepository`].
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait OrderRepository: Send + Sync {
    /// The order with that public number, with all its items.
    async fn find_order(&self, number: &OrderNumber) -> ReadResult<Option<Order>>;
    /// The head of the order with that number, to validate a cached entry.
    async fn find_order_head(&self, number: &OrderNumber) -> ReadResult<Option<OrderHead>>;
    /// The heads of the existing orders among `numbers`, in no particular order.
    async fn find_order_heads(&self, numbers: &[OrderNumber]) -> ReadResult<Vec<(OrderNumber, OrderHead)>>;
    /// Orders that fit all conditions, as the filter sorts them. `next` is the text of an
    /// [`OrderCursor`](crate::OrderCursor).
    ///
    /// The work for one page is bounded, so a page may be short, or empty, although more pages follow: if it has a
    /// `next`, the list goes on there.
    async fn list_orders(&self, filter: OrderFilter) -> ReadResult<Page<Order>>;
    /// Whether an account has an order of the record with one of these statuses, readable or not; `false` for no statuses.
    async fn has_order_in(&self, owner: UserKey, statuses: &[OrderStatus]) -> ReadResult<bool>;
    /// An order's history, sorted by sequence number.
    async fn list_history_entries(&self, order: OrderKey) -> ReadResult<Vec<StoredHistoryEntry>>;
    /// Orders that a sweep must process, longest due first, including unreadable ones.
    // Only numbers: the sweep reads each order separately, so that an unreadable row fails alone.
    async fn list_due_orders(&self, due: DueOrders, batch: Batch) -> ReadResult<Vec<OrderNumber>>;
    /// `CLOSED` orders that last changed before `before`, by `updated_at` and row, oldest change first, including
    /// unreadable ones, after `after`, at most `limit`. Those of an account whose erasure is not finished are left out.
    // An erasure looks at the archive first and then at the record: both could miss an order that moved the other way.
    async fn list_old_orders(
        &self,
        before: Timestamp,
        after: Option<OldOrder>,
        limit: u32,
    ) -> ReadResult<Vec<OldOrder>>;
    /// Archived orders by row, of one account or of all, including unreadable ones, after `after`, at most `limit`.
    async fn list_archived_orders(
        &self,
        owner: Option<UserKey>,
        after: Option<OrderKey>,
        limit: u32,
    ) -> ReadResult<Vec<(OrderKey, OrderNumber)>>;
}

/// Reads payments. A transaction always comes with all its refunds, oldest first.
/// Every method fails as those of [`UserRepository`] do.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PaymentRepository: Send + Sync {
    /// The transaction with that public id.
    async fn find_transaction(&self, id: &TransactionId) -> ReadResult<Option<Transaction>>;
    /// The existing orders among `keys` with their payments, each once, in no particular order. If an order or a
    /// transaction of it is unreadable, the call fails.
    async fn find_cases(&self, keys: &[CaseKey]) -> ReadResult<Vec<PaymentCase>>;
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
    /// What was asked of the gateway about a transaction, oldest first: a page of the attempts that come after `after`,
    /// without those that cannot be read; `None` if there is no such transaction.
    async fn list_attempts(
        &self,
        transaction: &TransactionId,
        after: Option<AttemptId>,
        limit: u32,
    ) -> ReadResult<Option<Page<StoredAttempt>>>;
    /// Readable transactions of all orders, by `created_at` and row, newest first, with their refunds.
    async fn list_payments(&self, filter: PaymentFilter) -> ReadResult<Page<Transaction>>;
    /// What was asked for of these transactions, and by whom, in the order it was asked.
    async fn list_requests_of(
        &self,
        transactions: &[TransactionKey],
    ) -> ReadResult<Vec<StoredPaymentRequest>>;
    /// Readable refunds of all transactions, by `created_at` and row, newest first.
    async fn list_all_refunds(&self, filter: RefundFilter) -> ReadResult<Page<StoredRefund>>;
    /// The transaction to which that gateway's reference belongs, or one of whose refunds or disputes it belongs to.
    async fn find_by_reference(
        &self,
        gateway: &GatewayName,
        named: &NamedReference,
    ) -> ReadResult<Option<TransactionId>>;
    /// Transactions of that gateway that have a `check_at` at or before `now`, or have a refund with one; longest
    /// due first, including unreadable ones.
    async fn list_due_transactions(
        &self,
        gateway: &GatewayName,
        now: Timestamp,
        batch: Batch,
    ) -> ReadResult<Vec<TransactionId>>;
    /// The transactions to which something happened within a period, archived ones too, by its time and row, oldest
    /// first, including unreadable ones. One with several refunds is listed once for each.
    async fn list_payments_within(&self, period: PaymentPeriod) -> ReadResult<Vec<DatedPayment>>;
    /// The first gateway by name, after `after` if that is given, with any transaction. The service may no longer
    /// have it.
    async fn next_gateway(&self, after: Option<GatewayName>) -> ReadResult<Option<GatewayName>>;
}

/// Reads the stored events of gateways. Every method fails as those of [`UserRepository`] do.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventRepository: Send + Sync {
    /// The event that this gateway sent under that id.
    async fn find_event(&self, gateway: &GatewayName, id: &EventId) -> ReadResult<Option<StoredEvent>>;
    /// Those of `ids` under which that gateway's events are stored, readable or not. An unreadable one is reported.
    async fn list_stored_ids(&self, gateway: &GatewayName, ids: &[EventId]) -> ReadResult<Vec<EventId>>;
    /// A page of the events about a transaction, in whatever disposition, by row, oldest first: those of its gateway
    /// that name it, or one of the references that it has now.
    async fn list_events_about(
        &self,
        transaction: &Transaction,
        after: Option<EventId>,
        limit: u32,
    ) -> ReadResult<Page<StoredEvent>>;
    /// `PARKED` events whose transaction exists by now, by `received_at` and row, oldest first.
    async fn list_applicable_events(
        &self,
        batch: Batch,
    ) -> ReadResult<Vec<Result<StoredEvent, UnreadableRow>>>;
    /// Looks at `OVERDUE` events by `received_at` and row, oldest first: at most `rows_max` of them, from the first one
    /// after `after`; and returns those whose transaction exists by now, in the same order.
    // Events can be overdue in any number, and nearly none of them ever becomes applicable. So it is the rows that are
    // looked at which are bounded, and not those that are found.
    async fn list_applicable_overdue(
        &self,
        after: Option<EventPosition>,
        rows_max: u32,
    ) -> ReadResult<OverdueStretch>;
    /// Events of that disposition that were received at or before `before`, by `received_at` and row, oldest first.
    async fn list_old_events(
        &self,
        disposition: EventDisposition,
        before: Timestamp,
        batch: Batch,
    ) -> ReadResult<Vec<Result<StoredEvent, UnreadableRow>>>;
}

/// Reads the findings for operators. Every method fails as those of [`UserRepository`] do.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait FindingRepository: Send + Sync {
    /// The finding with that public id.
    async fn find_finding(&self, id: &FindingId) -> ReadResult<Option<Finding>>;
    /// A page of findings by `created_at` and row, newest first. `resolved` selects closed or open ones;
    /// `None` lists both.
    async fn list_findings(
        &self,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> ReadResult<Page<Finding>>;
    /// The same of the findings that are about one order.
    async fn list_findings_of_order(
        &self,
        order: &OrderNumber,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> ReadResult<Page<Finding>>;
}

/// Reads API keys. What a key may do is decided by what is read here, never by a copy that others can write to.
/// Every method fails as those of [`UserRepository`] do.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ApiKeyRepository: Send + Sync {
    /// The key with that public id, revoked or not.
    async fn find_api_key(&self, id: &ApiKeyId) -> ReadResult<Option<ApiKey>>;
    /// The key in that row, revoked or not.
    async fn find_api_key_by_key(&self, key: ApiKeyKey) -> ReadResult<Option<ApiKey>>;
    /// The key with that digest, revoked or not.
    async fn find_api_key_by_digest(&self, digest: &ApiKeyDigest) -> ReadResult<Option<ApiKey>>;
    /// A page of the keys that are revoked, or of those that are not, by `created_at` and row, newest first. A key
    /// that has expired is among those that are not revoked.
    async fn list_api_keys(
        &self,
        revoked: bool,
        after: Option<ApiKeyId>,
        limit: u32,
    ) -> ReadResult<Page<ApiKey>>;
}

/// Reads claims, the used idempotency keys. Every method fails as those of [`UserRepository`] do.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ClaimRepository: Send + Sync {
    /// The claim of that key; `None` when the key is unused or its claim was deleted.
    async fn find_claim(&self, key: &IdempotencyKey) -> ReadResult<Option<Claim>>;
    /// The existing claims of `keys`, in no particular order. One that is unreadable fails the call.
    async fn find_claims(&self, keys: &[IdempotencyKey]) -> ReadResult<Vec<Claim>>;
}
