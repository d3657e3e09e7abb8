//! A unit of work: the writes of one commit, as a value (ADR 0001).
//!
//! A use case reads, decides, and returns a list of [`Write`]s. Each write has a guard: the version it was
//! decided on, the key that must be new, the stock that must be left. [`Store::commit`](crate::Store::commit)
//! makes all of them durable, or none if any guard fails. So no lock is held while a use case decides, and a
//! test compares plain values:
//!
//! ```text
//! UnitOfWork::new()
//!     .with_write(Write::Claim(claim))             guard: the idempotency key is new
//!     .with_order_change(change)                   guard: the order's revision is the one read
//!     .with_write(Write::InsertTransaction(...))   guard: no other one occupies the order
//! ```
//!
//! It promises one global order of row locks, whatever order the writes were added in: see
//! [`UnitOfWork::in_lock_order`].

mod lock_order;
mod prunable;
mod revocation;
mod rivals;
mod transaction_update;
mod unit;

use domain::{
    ApiKey, ApiKeyKey, ChangedBy, EventKey, Finding, FindingId, GatewayName, MailKey, Order, OrderChange,
    OrderKey, OrderNumber, PasswordHash, Product, ProductId, Revision, Session, SessionKey, Text, Timestamp,
    Transaction, TransactionKey, User, UserKey, Version,
    api_key::ApiKeyDigest,
    order::{HistoryEntry, StockLine},
    payment::{self, EventDisposition, NewReference, StoredEvent},
    product::{ProductChange, StockUpdate},
    session::SessionOrigin,
};

pub use prunable::Prunable;
pub use revocation::REVOCATION_MARGIN;
pub use rivals::split_rivals;
pub use transaction_update::TransactionUpdate;
pub use unit::UnitOfWork;

use crate::{
    Claim, ErasureProgress, IdempotencyKey, NewFeedEvent, PasswordReset, QueuedMail, SecondFactorWrite,
    StoredAttempt, StoredReply, UserErasure, WebhookWrite,
};

/// A change of the system of record, with its guard. Adapters apply writes as [`UnitOfWork::in_lock_order`]
/// returns them, whatever order they were added in, so that all units of work lock rows in one global order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Uses an idempotency key. Guard: it was not used; else
    /// [`CommitError::Claimed`](crate::CommitError::Claimed).
    Claim(Claim),
    /// Stores the reply to a claimed key. Guard: there is none yet; else `Claimed`.
    StoreReply {
        /// The key that the request claimed, in this commit or an earlier one.
        key: IdempotencyKey,
        /// The reply to replay to every later request with this key.
        reply: StoredReply,
    },
    /// Stores a gateway's event. Guard: gateway and id are new; else `DuplicateEvent`.
    InsertEvent(StoredEvent),
    /// Changes the disposition of a stored event. Guard: it is still `from`; else `Stale`.
    MoveEvent {
        /// The row of the event.
        key: EventKey,
        /// The disposition that was read.
        from: EventDisposition,
        /// The disposition after the commit.
        to: EventDisposition,
    },
    /// Makes an account. Guard: username and e-mail are new, regardless of case; else `AccountConflict` (both
    /// are named).
    InsertUser(User, PasswordHash),
    /// Changes role, `disabled` and `changed_at` of a user. Guard: `changed_at` is the one read; else
    /// `Stale`.
    UpdateUser {
        /// The user after the change; name and address are not written.
        user: User,
        /// The `changed_at` that was read; `None` if role and `disabled` never changed.
        read: Option<Timestamp>,
    },
    /// Changes a password. Guard: it is still `from`; else `Stale`.
    ChangePassword {
        /// The row of the user.
        user: UserKey,
        /// The hash that the old password was checked against.
        from: PasswordHash,
        /// The hash to store instead.
        to: PasswordHash,
    },
    /// Writes nothing that can be read. Guard: the user's hash is still this one, and the account is not disabled;
    /// else `Stale`.
    // A login checks its password for a long time outside any transaction. Without this guard a session could
    // begin after the password was changed or the account disabled.
    RequirePassword(UserKey, PasswordHash),
    /// Makes a session, stores where it began, and moves the user's last login forward to its `created_at`.
    InsertSession(Session, SessionOrigin),
    /// Advances a session to its next generation. Guard: row, id, user, login, generation and spent tokens
    /// are those that were read, maybe from a cached entry, and the session is live; else `Stale`.
    RotateSession {
        /// The session as it was read; the whole value is the guard.
        read: Box<Session>,
        /// The session after the exchange of its refresh token.
        next: Box<Session>,
    },
    /// Revokes a session of a user, also one that expired within [`REVOCATION_MARGIN`]. Any other that has ended stays as it
    /// is, so this has no guard.
    RevokeSession {
        /// The row of the session's user; another user's session is not touched.
        user: UserKey,
        /// The row of the session to revoke.
        session: SessionKey,
        /// The time to store in `revoked_at`.
        at: Timestamp,
    },
    /// Revokes all sessions of a user but one, as [`Write::RevokeSession`] does.
    RevokeSessions {
        /// The row of the user.
        user: UserKey,
        /// The session that stays, such as the one that changed the password; `None` revokes all.
        except: Option<SessionKey>,
        /// The time to store in `revoked_at`.
        at: Timestamp,
    },
    /// Revokes some sessions of a user, such as the oldest of too many, as [`Write::RevokeSession`] does.
    RevokeListedSessions {
        /// The row of the sessions' user; another user's session is not touched.
        user: UserKey,
        /// The rows of the sessions to revoke. One statement names all of them.
        sessions: Vec<SessionKey>,
        /// The time to store in `revoked_at`.
        at: Timestamp,
    },
    /// Makes an API key. Guard: its id and digest are new; else `Stale`.
    InsertApiKey(ApiKey, ApiKeyDigest),
    /// Revokes an API key. Guard: it is not revoked yet; else `Stale`.
    RevokeApiKey {
        /// The row of the key.
        key: ApiKeyKey,
        /// The time to store in `revoked_at`.
        at: Timestamp,
    },
    /// Moves the last use of an API key forward. No guard: an earlier time, or a key that is gone, changes nothing.
    RecordKeyUse {
        /// The row of the key.
        key: ApiKeyKey,
        /// The time of the use.
        at: Timestamp,
    },
    /// Makes a product and its first change entry. Guard: its id is new; else `Stale`.
    InsertProduct(Product, ProductChange),
    /// Replaces a product and adds a change entry. The stock is not replaced: `stock_update` says what
    /// happens to it, in the same statement, so that sales do not make this write stale. Guard: its version
    /// is the one read; else `Stale`.
    ReplaceProduct {
        /// The product after the change; its stock is the one read and is not written.
        product: Product,
        /// The version that was read.
        read: Version,
        /// The effect on the stock: left as it is at the commit, or set.
        stock_update: StockUpdate,
        /// The author and the reason of the new version.
        change: ProductChange,
    },
    /// Adds to the stock, or takes from it, as a new version with a change entry. Guard: the product exists
    /// and is tracked, its stock stays from 0 to [`STOCK_MAX`](domain::product::STOCK_MAX), and its version is the one
    /// that is required, if one is; else `Stale`.
    AdjustStock {
        /// The public id of the product.
        product: ProductId,
        /// The number of pieces to add; negative takes them out.
        // A difference, not a new value: `stock = stock + by` is right whatever was sold meanwhile, so it
        // needs no guard on the version unless the client requires one.
        by: i64,
        /// The version that the client requires; `None` for any.
        required: Option<Version>,
        /// The author and the reason of the new version.
        change: ProductChange,
    },
    /// Takes stock for an order line if the product is tracked, and leaves version and `updated_at` as they
    /// are. Guard: the product is active, has the price that was read, is tracked if it was (else `Stale`)
    /// and has enough stock (else `OutOfStock`, naming every line that lacks stock).
    Sell {
        /// The product and the number of pieces.
        line: StockLine,
        /// The product as it was read; its price and activity are the guard.
        // The order was priced on this read. A plain read inside the commit locks nothing on a server, so the
        // price is guarded by the statement that takes the stock, also when nothing is tracked.
        read: Product,
    },
    /// Returns stock, if the product is tracked, and leaves version and `updated_at` as they are.
    ReturnStock(StockLine),
    /// Takes pieces that had gone back out of stock again, if the product is tracked, and leaves version and
    /// `updated_at` as they are. Guard: there is enough stock, at whatever price and also of a product that cannot be
    /// ordered any more; else `OutOfStock`, naming every line that lacks stock.
    RetakeStock(StockLine),
    /// Counts a new order and its pieces for its owner, among the unpaid ones and among all that were ever placed,
    /// together with its `InsertOrder`. Guard: the counts of unpaid ones stay within `limits`; else
    /// [`LimitReached`](crate::CommitError::LimitReached).
    AddOpenOrder {
        /// Whose it is.
        owner: UserKey,
        /// The pieces that it holds.
        lines: Vec<StockLine>,
        /// The most that the owner may have.
        limits: OpenLimits,
    },
    /// Takes an order that is no longer unpaid off the counts. Guarded by its `UpdateOrder`.
    RemoveOpenOrder {
        /// Whose it is.
        owner: UserKey,
        /// The pieces that it held.
        lines: Vec<StockLine>,
    },
    /// Makes an order with its items and the first entry of its history.
    InsertOrder {
        /// The order as it was placed.
        order: Box<Order>,
        /// The history entry with sequence 1.
        entry: HistoryEntry,
    },
    /// Changes an order, and guards everything that belongs to it. Guard: its revision is the one read; else
    /// `Stale`.
    ///
    /// Its history entries are written with it. Stock to return is a write of its own, added by
    /// [`UnitOfWork::with_order_change`].
    UpdateOrder(Box<OrderChange>),
    /// Makes a transaction, together with an `UpdateOrder`. Guard: no other one occupies its order; else
    /// `Stale`.
    InsertTransaction(Box<Transaction>),
    /// Replaces a transaction and its refunds, new ones included. Guarded by the `UpdateOrder` in the same
    /// unit.
    UpdateTransaction(TransactionUpdate),
    /// Stores who requested what of a transaction, in the commit that stores the request itself.
    InsertRequest(payment::PaymentRequest),
    /// Stores a gateway's reference of a transaction, or of a refund or dispute of it. Guard: the gateway has given
    /// this reference to nothing else of its kind, and the thing has no reference yet; otherwise `Stale`. It is
    /// in the commit of the event that states it.
    LearnReference(GatewayName, NewReference),
    /// Stores what the buyer of a transaction must do next, instead of what was stored before; `None` removes it.
    /// Guarded by the `UpdateOrder` in the same unit.
    // The last write wins: concurrent lookups may return different actions, and each lets the buyer pay the same
    // payment once.
    SetNextAction(TransactionKey, Option<payment::NextAction>),
    /// Stores requests to a gateway with their answers. No guard: an attempt is never changed, and its ids are new;
    /// else `Stale`. Belongs to the commit of the answer that it brought.
    InsertAttempts(Vec<StoredAttempt>),
    /// Delays the next question to the gateway: writes only `check_at` and `checks` of a transaction and its
    /// refunds. No guard.
    // No guard is needed: two instances that postpone at once only change when the gateway is asked next. A
    // guard would move the revision, and so make real changes of the order stale for nothing.
    Postpone(Box<Transaction>),
    /// Stores a finding for operators.
    InsertFinding(Finding),
    /// Stores a finding about a subject, unless an open one about it exists; then nothing is written, without
    /// an error.
    InsertFindingOnce(Finding, String),
    /// Closes a finding, which frees its subject for a new one. Guard: it is open; else `Stale`.
    ResolveFinding {
        /// The public id of the finding.
        id: FindingId,
        /// The operator's note: what was done about it.
        note: Text,
        /// The operator who closes it.
        by: ChangedBy,
        /// The time to store in `resolved_at`.
        at: Timestamp,
    },
    /// Changes endpoints of webhooks or deliveries to them; each has its own guard.
    Webhook(WebhookWrite),
    /// Deletes rows that ended before the timestamp, at most this number of them.
    // The limit keeps each deletion short: one statement over a backlog of months could hold its locks for minutes.
    Prune(Prunable, Timestamp, u32),
    /// Writes the timestamp to a row of its own: finds out whether the database accepts writes at all.
    Probe(Timestamp),
    /// Queues a mail. Its key is new; else `Stale`.
    QueueMail(QueuedMail),
    /// Begins an attempt to send a mail: adds one to `attempts`. Guard: `attempts` is the one read; else `Stale`.
    // Before the mail server is asked. If the process dies after that, the mail is due again later; two instances
    // never send it at the same time.
    BeginMail {
        /// The row of the mail.
        key: MailKey,
        /// The number of attempts that was read.
        attempts: u32,
        /// The time from which it may be sent again if this attempt does not delete it.
        due_at: Timestamp,
    },
    /// Deletes a mail that is sent, looked up or given up. Guard: `attempts` is the one read; else `Stale`.
    DeleteMail {
        /// The row of the mail.
        key: MailKey,
        /// The number of attempts that was read.
        attempts: u32,
    },
    /// The account's user, or an operator, asked to reset its password: replaces the account's reset, so an older
    /// token is refused. Guards: `changed_at` of the user is the one read here, and the account has no reset that was
    /// requested later; else `Stale`.
    RequestPasswordReset(PasswordReset, User),
    /// Stores the digest of the token that is about to be sent, instead of an older one. Guard: the account's reset
    /// is the one of that time; else `Stale`.
    SetResetToken {
        /// The row of the account.
        user: UserKey,
        /// The `requested_at` that was read.
        requested_at: Timestamp,
        /// The keyed digest of the new token.
        digest: String,
    },
    /// Uses up the account's reset. Guard: its token has this digest and has not expired at `now`; else `Stale`.
    UsePasswordReset {
        /// The row of the account.
        user: UserKey,
        /// The digest of the token that was shown.
        digest: String,
        /// The present time.
        now: Timestamp,
    },
    /// Deletes the account's reset, if there is one: its token must not outlive a change of password or address.
    DropPasswordReset(UserKey),
    /// Changes the address, its revision and `changed_at` of a user, and ends its verification. Guard: `changed_at` is the one read, else `Stale`; and the
    /// address is new, regardless of case, else `AccountConflict` (only the address is named).
    ChangeEmail {
        /// The user after the change; name, role and `disabled` are not written.
        user: User,
        /// The `changed_at` that was read; `None` if the user never changed.
        read: Option<Timestamp>,
    },
    /// Replaces name, address and password hash of a user by those of an erased one, disables the account, and opens
    /// its [`Erasure`](crate::Erasure). Guard: hash and `changed_at` are those that were read; else `Stale`.
    EraseUser(Box<UserErasure>),
    /// Closes the count of a user's unpaid orders, so that no order of this user is placed any more: every
    /// `AddOpenOrder` is refused with `LimitReached`. Guard: the user has no unpaid order, and has placed exactly
    /// as many in all as were read; else `Stale`.
    // An order that is placed while its owner is erased either moves `placed` before, which makes the erasure stale,
    // or finds the count closed. Both commits change this one row, so they cannot both win.
    CloseOpenOrders {
        /// The row of the user.
        owner: UserKey,
        /// The number of orders ever placed, as it was read.
        placed: u64,
    },
    /// Moves an erasure on. Guard: its progress is `from`; else `Stale`.
    AdvanceErasure {
        /// The row of the account.
        user: UserKey,
        /// The progress that was read.
        from: ErasureProgress,
        /// The progress after the commit.
        to: ErasureProgress,
    },
    /// Deletes stored replies of an erased account and mails to it, and takes network and user agent from its sessions, at most
    /// this number of rows of each. No guard.
    ErasePersonalRows(UserKey, u32),
    /// Stores events of the feed, without numbers, in the given order. No guard: their ids are new. Only the decorator of
    /// the store that derives them from the other writes adds it.
    // Its rows come after every guarded row of the commit, whose lock is held by then. So of two commits that change the
    // same order the later one has the later rows.
    InsertFeedEvents(Vec<NewFeedEvent>),
    /// Gives the next numbers of the feed to committed events that have none, in the order of their rows, to at most this
    /// number of them. No guard; it waits for another commit that does so.
    NumberFeedEvents(u32),
    /// Removes the personal data of a user from at most this number of events of the feed: names, addresses, contacts.
    /// Their `owner` becomes null. The events, their numbers and everything else in them stay. No guard.
    EraseFeedData(UserKey, u32),
    /// Deletes the claims of these orders with their stored replies, whatever caller sent the requests, at most this number
    /// of them. No guard.
    EraseOrderReplies(Vec<OrderNumber>, u32),
    /// Changes the second factor of a user, with the guard of the inner write.
    SecondFactor(Box<SecondFactorWrite>),
    /// Says in the row of a user since when the address is verified, and moves `changed_at`. Guard: `changed_at` is the one
    /// read, and so is the address, which moves it; else `Stale`.
    VerifyEmail {
        /// The user after the change; nothing but `email_verified_at` and `changed_at` is written.
        user: User,
        /// The `changed_at` that was read; `None` if the user never changed.
        read: Option<Timestamp>,
    },
    /// Moves orders to the archive, with everything that belongs to them: lists leave them out, reads by number or id do
    /// not. Their revisions move, nothing else does. Guard: each has the revision that was read, and no `WAITING`, `PARKED`
    /// or `OVERDUE` event is about a payment of it; else `Stale`.
    ///
    /// An [`UpdateOrder`](Self::UpdateOrder) of an archived order brings it back in the same commit.
    ArchiveOrders(Vec<(OrderKey, Revision)>),
}

/// What the unpaid orders of one user may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenLimits {
    /// How many orders.
    pub orders: u32,
    /// How many pieces of one product, in all of them together.
    pub pieces: u32,
}

#[cfg(test)]
mod tests;
