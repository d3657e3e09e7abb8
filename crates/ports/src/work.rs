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

use domain::{
    ChangedBy, EventKey, Finding, FindingId, GatewayName, Network, Order, OrderChange, PasswordHash, Product,
    ProductId, Session, SessionKey, Text, Timestamp, Transaction, TransactionKey, User, UserKey, Version,
    order::{HistoryEntry, StockLine},
    payment::{self, EventDisposition, NewReference, StoredEvent},
    product::{ProductChange, StockUpdate},
};

use crate::{Claim, IdempotencyKey, StoredAttempt, StoredReply};

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
    /// Writes nothing. Guard: the user's hash is still this one, and the account is not disabled; else
    /// `Stale`.
    // A login checks its password for a long time outside any transaction. Without this guard a session could
    // begin after the password was changed or the account closed.
    RequirePassword(UserKey, PasswordHash),
    /// Makes a session, stores the network that it began in, and moves the user's last login forward to its
    /// `created_at`.
    InsertSession(Session, Network),
    /// Advances a session to its next generation. Guard: row, id, user, login, generation and spent tokens
    /// are those that were read, maybe from a cached entry, and the session is live; else `Stale`.
    RotateSession {
        /// The session as it was read; the whole value is the guard.
        read: Box<Session>,
        /// The session after the exchange of its refresh token.
        next: Box<Session>,
    },
    /// Revokes a session of a user. One that has ended stays as it is, so this has no guard.
    RevokeSession {
        /// The row of the session's user; another user's session is not touched.
        user: UserKey,
        /// The row of the session to revoke.
        session: SessionKey,
        /// The time to store in `revoked_at`.
        at: Timestamp,
    },
    /// Revokes all sessions of a user but one.
    RevokeSessions {
        /// The row of the user.
        user: UserKey,
        /// The session that stays, such as the one that changed the password; `None` revokes all.
        except: Option<SessionKey>,
        /// The time to store in `revoked_at`.
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
    /// and is tracked, and its stock stays from 0 to [`STOCK_MAX`](domain::product::STOCK_MAX); else `Stale`.
    AdjustStock {
        /// The public id of the product.
        product: ProductId,
        /// The number of pieces to add; negative takes them out.
        // A difference, not a new value: `stock = stock + by` is right whatever was sold meanwhile, so it
        // needs no guard on the version.
        by: i64,
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
    UpdateTransaction(Box<Transaction>),
    /// Stores who requested what of a transaction, in the commit that stores the request itself.
    InsertRequest(payment::PaymentRequest),
    /// Stores a gateway's reference of a transaction, or of a refund or dispute of it. Guard: the gateway has given
    /// this reference to nothing else of its kind, and the thing has no reference yet; otherwise `Stale`. Belongs
    /// to the commit of the event that taught it.
    LearnReference(GatewayName, NewReference),
    /// Stores what the buyer of a transaction must do next, instead of what was stored before; `None` removes it.
    /// Guarded by the `UpdateOrder` in the same unit.
    // Whoever answers last wins: two instances that look a payment up at once may bring different actions, and each
    // of them lets the buyer pay the same payment, once.
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
    /// Deletes rows that ended before the timestamp, at most this number of them.
    // The limit keeps each deletion short: one statement over a backlog of months could hold its locks for minutes.
    Prune(Prunable, Timestamp, u32),
    /// Writes the timestamp to a row of its own: finds out whether the database accepts writes at all.
    Probe(Timestamp),
}

/// What the unpaid orders of one user may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenLimits {
    /// How many orders.
    pub orders: u32,
    /// How many pieces of one product, in all of them together.
    pub pieces: u32,
}

/// What may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prunable {
    /// Idempotency keys whose `expires_at` has passed.
    Claims,
    /// Sessions that expired or were revoked before then.
    Sessions,
    /// Attempts at gateways that began before then.
    Attempts,
}

/// The writes of one commit: all of them become durable, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitOfWork {
    writes: Vec<Write>,
}

impl UnitOfWork {
    /// A unit without writes, to start from.
    #[must_use]
    pub const fn new() -> Self {
        Self { writes: Vec::new() }
    }

    /// Adds one write to this unit.
    #[must_use]
    pub fn with_write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds several writes to this unit.
    #[must_use]
    pub fn with_writes(mut self, writes: impl IntoIterator<Item = Write>) -> Self {
        self.writes.extend(writes);
        self
    }

    /// Adds all writes of another unit: one commit makes both durable, or neither if a guard of either fails.
    /// Rows are still locked in the one global order, so callers may combine units freely.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.with_writes(other.writes)
    }

    /// Adds an order's change: its guard, its history entries, and the stock it returns.
    #[must_use]
    pub fn with_order_change(self, progress: OrderChange) -> Self {
        // Stock is returned in the same commit that cancels the order. Two commits could cancel an order
        // whose stock is lost for good, if the process dies between them.
        let stock: Vec<_> = progress.returned_stock().iter().cloned().map(Write::ReturnStock).collect();
        let order = progress.order();
        let closed = progress
            .leaves_pending()
            .then(|| Write::RemoveOpenOrder { owner: order.owner, lines: order.lines_in_stock().collect() });
        self.with_writes(stock).with_writes(closed).with_write(Write::UpdateOrder(Box::new(progress)))
    }

    /// The writes, in the order in which they were added.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Whether it can be committed in one database transaction with other units, for less than its own
    /// transaction costs. A unit that prunes holds many locks, a probe must show what one commit does, and one that
    /// postpones has no guard: its place beside a guarded change of the same transaction would decide.
    #[must_use]
    pub fn can_join_batch(&self) -> bool {
        let stands_alone = |it: &Write| matches!(it, Write::Prune(..) | Write::Probe(_) | Write::Postpone(_));
        !self.writes.iter().any(stands_alone)
    }

    /// The writes of several units, put together, in the order in which rows are locked. Tables follow each other
    /// as in [`in_lock_order`](Self::in_lock_order); within some of them writes of one kind stand together, so
    /// that they can become one statement. Writes of one kind to one row keep the order in which they were added.
    #[must_use]
    pub fn in_batch_order(mut self) -> Vec<Write> {
        self.writes.sort_by(|a, b| a.batch_place().cmp(&b.batch_place()));
        self.writes
    }

    /// The writes in the global order in which rows are locked, whatever order they were added in: by
    /// `LockRow`, then by kind. Writes of one kind to one row keep the order in which they were added.
    #[must_use]
    pub fn in_lock_order(mut self) -> Vec<Write> {
        // The sort is stable on purpose: two writes of one kind to one row may depend on each other.
        self.writes.sort_by(|a, b| (a.lock_row(), a.lock_rank()).cmp(&(b.lock_row(), b.lock_rank())));
        self.writes
    }
}

#[cfg(test)]
mod tests;
