//! A unit of work: what one commit makes true, as a value.

use domain::{
    ChangedBy, EventId, EventKey, Finding, FindingId, GatewayName, Network, Order, OrderChange, OrderKey,
    PasswordHash, Product, ProductId, Session, SessionKey, Text, Timestamp, Transaction, TransactionKey,
    User, UserKey, Version,
    order::{HistoryEntry, StockLine},
    payment::{self, EventDisposition, StoredEvent},
    product::{ProductChange, StockUpdate},
};

use crate::{Claim, IdempotencyKey, StoredReply};

/// One change of the record, with its guard. Adapters apply them as [`UnitOfWork::in_lock_order`] gives them, whatever
/// order they were added in, so that all units of work lock rows in one global order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Uses an idempotency key. Guard: it was not used; else [`CommitError::Claimed`](crate::CommitError::Claimed).
    Claim(Claim),
    /// Keeps the answer to a claimed key. Guard: there is none yet; else `Claimed`.
    StoreReply {
        /// Which key.
        key: IdempotencyKey,
        /// The answer.
        reply: StoredReply,
    },
    /// Keeps a gateway's event. Guard: gateway and id are new; else `DuplicateEvent`.
    InsertEvent(StoredEvent),
    /// Says what became of a kept event. Guard: it is still as it was; else `Stale`.
    MoveEvent {
        /// Which event.
        key: EventKey,
        /// What it was.
        from: EventDisposition,
        /// What it is now.
        to: EventDisposition,
    },
    /// Makes an account. Guard: name and address are new, regardless of case; else `AccountConflict` (naming both if need be).
    InsertUser(User, PasswordHash),
    /// Changes role, `disabled` and `changed_at` of a user. Guard: `changed_at` is the one read; else `Stale`.
    UpdateUser {
        /// The user after the change.
        user: User,
        /// The stamp that was read.
        read: Option<Timestamp>,
    },
    /// Changes a password. Guard: it is still `from`; else `Stale`.
    ChangePassword {
        /// Whose.
        user: UserKey,
        /// The hash that was checked.
        from: PasswordHash,
        /// The new one.
        to: PasswordHash,
    },
    /// Writes nothing. Guard: the user's hash is still this one, and the account is not disabled; else `Stale`.
    RequirePassword(UserKey, PasswordHash),
    /// Makes a session, and keeps the network that it began in.
    InsertSession(Session, Network),
    /// Moves a session on to its next generation. Guard: row, id, user, login, generation and spent tokens are those
    /// that were read, maybe from a copy, and it is live; else `Stale`.
    RotateSession {
        /// The session as it was read.
        read: Box<Session>,
        /// The session after the exchange.
        next: Box<Session>,
    },
    /// Ends a session of a user; one that has ended stays as it is.
    RevokeSession {
        /// Whose.
        user: UserKey,
        /// Which.
        session: SessionKey,
        /// When.
        at: Timestamp,
    },
    /// Ends all sessions of a user but one.
    RevokeSessions {
        /// Whose.
        user: UserKey,
        /// Which one stays.
        except: Option<SessionKey>,
        /// When.
        at: Timestamp,
    },
    /// Makes a product, and the first entry of its changes. Guard: its id is new; else `Stale`.
    InsertProduct(Product, ProductChange),
    /// Replaces a product, and adds to its changes. Its stock is not replaced: `restock` says what becomes of it, in the
    /// same statement, so that no sale stands in the way. Guard: it is still of the version that was read; else `Stale`.
    ReplaceProduct {
        /// The product after the change; its stock is as it was read.
        product: Product,
        /// The version that was read.
        read: Version,
        /// What becomes of the stock.
        stock_update: StockUpdate,
        /// Who changes it.
        change: ProductChange,
    },
    /// Adds to the stock, or takes from it, and adds to the product's changes: a version of its own. Guard: the product
    /// is there and tracked, and its stock stays from 0 to [`STOCK_MAX`](domain::product::STOCK_MAX); else `Stale`.
    AdjustStock {
        /// Which product.
        product: ProductId,
        /// How many come in.
        by: i64,
        /// Who changes it.
        change: ProductChange,
    },
    /// Sells: takes stock if it is tracked, and leaves version and `updated_at` as they are. Guard: the product is active,
    /// has the price that was read, is tracked if it was (else `Stale`) and has enough left (else `OutOfStock`, naming
    /// every line that lacks).
    Sell {
        /// How many of what.
        line: StockLine,
        /// The product as it was read.
        read: Product,
    },
    /// Gives stock back, if it is tracked, and leaves version and `updated_at` as they are.
    ReturnStock(StockLine),
    /// Counts an order that is about to be made, and its pieces, for its owner. Guard: neither the owner's unpaid orders
    /// nor the pieces of a product in them become more than `limits`; else
    /// [`LimitReached`](crate::CommitError::LimitReached). Goes with an `InsertOrder`.
    AddOpenOrder {
        /// Whose it is.
        owner: UserKey,
        /// The pieces that it holds.
        lines: Vec<StockLine>,
        /// The most that the owner may have.
        limits: OpenLimits,
    },
    /// Takes an order that is unpaid no more, and its pieces, off the counts of its owner. Guarded by the
    /// `UpdateOrder` it goes with; made by [`UnitOfWork::with_order_change`].
    RemoveOpenOrder {
        /// Whose it is.
        owner: UserKey,
        /// The pieces that it held.
        lines: Vec<StockLine>,
    },
    /// Makes an order with its items and the first entry of its history.
    InsertOrder {
        /// The order.
        order: Box<Order>,
        /// The entry.
        entry: HistoryEntry,
    },
    /// Changes an order: status, and the guard of everything that belongs to it. Guard: its revision is the one read;
    /// else `Stale`.
    ///
    /// The entries of history come with it; stock to give back is a write of its own, made by
    /// [`UnitOfWork::with_order_change`].
    UpdateOrder(Box<OrderChange>),
    /// Makes a transaction. Guard: no other one occupies its order; else `Stale`. Goes with an `UpdateOrder`.
    InsertTransaction(Box<Transaction>),
    /// Replaces a transaction and its refunds, new ones included. Guarded by the `UpdateOrder` it goes with.
    UpdateTransaction(Box<Transaction>),
    /// Keeps who asked for what of a transaction. Goes with the write that claims it.
    InsertRequest(payment::PaymentRequest),
    /// Puts off asking the gateway about a transaction and its refunds: only the `check_at` and `checks` of each are
    /// written. Guard: none, it only delays.
    Postpone(Box<Transaction>),
    /// Keeps a finding.
    InsertFinding(Finding),
    /// Keeps a finding about that subject, unless one about it is open already: a second one is no error.
    InsertFindingOnce(Finding, String),
    /// Closes a finding; another one about its subject may then be kept. Guard: it is open; else `Stale`.
    ResolveFinding {
        /// Which.
        id: FindingId,
        /// What the operator wrote.
        note: Text,
        /// Who that is.
        by: ChangedBy,
        /// When.
        at: Timestamp,
    },
    /// Forgets what may be forgotten, at most so many rows.
    Prune(Prunable, Timestamp, u32),
    /// Writes that moment down and nothing else: what finds out whether anything can be written.
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
    /// Used idempotency keys whose time is over.
    Claims,
    /// Sessions that ended before then.
    Sessions,
}

/// Everything that one commit makes true, or nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitOfWork {
    writes: Vec<Write>,
}

impl UnitOfWork {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { writes: Vec::new() }
    }

    /// And this.
    #[must_use]
    pub fn with_write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// And these.
    #[must_use]
    pub fn with_writes(mut self, writes: impl IntoIterator<Item = Write>) -> Self {
        self.writes.extend(writes);
        self
    }

    /// And everything of another unit: one commit makes both true, or neither if a guard of either refuses. Rows are
    /// still locked in the one order, so that units of several callers may be put together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.with_writes(other.writes)
    }

    /// And an order's progress: its guard, its entries of history, the stock it gives back, and that it is open no more.
    #[must_use]
    pub fn with_order_change(self, progress: OrderChange) -> Self {
        let stock: Vec<_> = progress.returned_stock().iter().cloned().map(Write::ReturnStock).collect();
        let order = progress.order();
        let closed = progress
            .leaves_pending()
            .then(|| Write::RemoveOpenOrder { owner: order.owner, lines: order.lines_in_stock().collect() });
        self.with_writes(stock).with_writes(closed).with_write(Write::UpdateOrder(Box::new(progress)))
    }

    /// The writes, in the order they were added.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The writes in the one order in which rows are locked, whatever order they were added in: by [`LockRow`], then by
    /// kind. Writes of one kind to one row keep the order that they were added in.
    #[must_use]
    pub fn in_lock_order(mut self) -> Vec<Write> {
        self.writes.sort_by(|a, b| (a.lock_row(), a.lock_rank()).cmp(&(b.lock_row(), b.lock_rank())));
        self.writes
    }
}

/// The row that a write may have to wait for. Rows are ordered as the variants are, and within one by key: two units that
/// lock rows in this order never wait for each other in a circle.
///
/// No other unit can have locked a row that is new. What an insert may have to wait for is the row that the new one belongs
/// to, which the database locks with it, or an equal id, which is a variant of its own.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LockRow<'w> {
    Claim(&'w IdempotencyKey),
    NewEvent(&'w GatewayName, &'w EventId),
    Event(EventKey),
    /// The counts of a user's unpaid orders: the one of the orders is locked before those of pieces.
    OpenOrders(UserKey),
    User(UserKey),
    /// All of a user's sessions come before each of them.
    Session(UserKey, Option<SessionKey>),
    Order(OrderKey),
    Transaction(TransactionKey),
    Product(&'w ProductId),
    Finding(&'w FindingId),
    Subject(&'w str),
    Probe,
    /// Whatever is there: such a unit has no other writes.
    Old,
}

impl Write {
    fn lock_row(&self) -> LockRow<'_> {
        match self {
            Self::Claim(claim) => LockRow::Claim(&claim.key),
            Self::StoreReply { key, .. } => LockRow::Claim(key),
            Self::InsertEvent(event) => LockRow::NewEvent(&event.gateway, &event.id),
            Self::MoveEvent { key, .. } => LockRow::Event(*key),
            Self::AddOpenOrder { owner, .. } | Self::RemoveOpenOrder { owner, .. } => {
                LockRow::OpenOrders(*owner)
            }
            Self::InsertUser(user, _) => LockRow::User(user.key),
            Self::ChangePassword { user, .. } | Self::RequirePassword(user, _) => LockRow::User(*user),
            Self::UpdateUser { user, .. } => LockRow::User(user.key),
            Self::InsertSession(session, _) => LockRow::User(session.user),
            Self::RotateSession { read, .. } => LockRow::Session(read.user, Some(read.key)),
            Self::RevokeSession { user, session, .. } => LockRow::Session(*user, Some(*session)),
            Self::RevokeSessions { user, .. } => LockRow::Session(*user, None),
            Self::InsertOrder { order, .. } => LockRow::User(order.owner),
            Self::UpdateOrder(progress) => LockRow::Order(progress.order().key),
            Self::InsertTransaction(transaction) => LockRow::Order(transaction.order),
            Self::UpdateTransaction(transaction) | Self::Postpone(transaction) => {
                LockRow::Transaction(transaction.key)
            }
            Self::InsertRequest(request) => LockRow::Transaction(request.transaction),
            Self::InsertProduct(product, _) | Self::ReplaceProduct { product, .. } => {
                LockRow::Product(&product.id)
            }
            Self::AdjustStock { product, .. } => LockRow::Product(product),
            Self::Sell { line, .. } | Self::ReturnStock(line) => LockRow::Product(&line.product),
            Self::InsertFinding(finding) => LockRow::Finding(&finding.id),
            Self::InsertFindingOnce(_, subject) => LockRow::Subject(subject),
            Self::ResolveFinding { id, .. } => LockRow::Finding(id),
            Self::Probe(_) => LockRow::Probe,
            Self::Prune(..) => LockRow::Old,
        }
    }

    /// Which of several writes to one row comes first.
    const fn lock_rank(&self) -> u8 {
        match self {
            Self::Claim(_) => 0,
            Self::StoreReply { .. } => 1,
            Self::InsertEvent(_) => 2,
            Self::MoveEvent { .. } => 3,
            Self::InsertUser(..) => 4,
            Self::RequirePassword(..) => 5,
            Self::ChangePassword { .. } => 6,
            Self::InsertSession(..) => 7,
            Self::RotateSession { .. } => 8,
            Self::RevokeSession { .. } => 9,
            Self::RevokeSessions { .. } => 10,
            Self::InsertOrder { .. } => 11,
            Self::UpdateOrder(_) => 12,
            Self::InsertTransaction(_) => 13,
            Self::UpdateTransaction(_) => 14,
            Self::Postpone(_) => 15,
            Self::InsertProduct(..) => 16,
            Self::ReplaceProduct { .. } => 17,
            Self::AdjustStock { .. } => 18,
            Self::Sell { .. } => 19,
            Self::ReturnStock(_) => 20,
            Self::InsertFinding(_) => 21,
            Self::InsertFindingOnce(..) => 22,
            Self::ResolveFinding { .. } => 23,
            Self::Probe(_) => 24,
            Self::Prune(..) => 25,
            Self::UpdateUser { .. } => 26,
            Self::InsertRequest(_) => 27,
            // What a unit gives back it may use.
            Self::RemoveOpenOrder { .. } => 28,
            Self::AddOpenOrder { .. } => 29,
        }
    }
}

#[cfg(test)]
mod tests;
