//! A unit of work: what one commit makes true, as a value.

use domain::{
    ChangedBy, EventId, EventKey, Finding, FindingId, GatewayName, Network, Order, OrderKey, PasswordHash,
    Product, ProductId, Progress, Session, SessionKey, Text, Timestamp, Transaction, TransactionKey, User,
    UserKey, Version,
    order::{Entry, StockLine},
    payment::{self, Disposition, NamedReference, NewReference, StoredEvent},
    product::{Change, Restock},
};

use crate::{Claim, IdempotencyKey, StoredReply};

/// One change of the record, with its guard. Adapters apply them as [`UnitOfWork::in_lock_order`] gives them, whatever
/// order they were added in, so that all units of work lock rows in one global order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Uses an idempotency key. Guard: it was not used; else [`CommitError::Claimed`](crate::CommitError::Claimed).
    Claim(Claim),
    /// Keeps the answer to a claimed key. Guard: there is none yet; else `Claimed`.
    Answer {
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
        from: Disposition,
        /// What it is now.
        to: Disposition,
    },
    /// Makes an account. Guard: name and address are new, regardless of case; else `Taken` (naming both if need be).
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
    InsertProduct(Product, Change),
    /// Replaces a product, and adds to its changes. Its stock is not replaced: `restock` says what becomes of it, in the
    /// same statement, so that no sale stands in the way. Guard: it is still of the version that was read; else `Stale`.
    ReplaceProduct {
        /// The product after the change; its stock is as it was read.
        product: Product,
        /// The version that was read.
        read: Version,
        /// What becomes of the stock.
        restock: Restock,
        /// Who changes it.
        change: Change,
    },
    /// Adds to the stock, or takes from it, and adds to the product's changes: a version of its own. Guard: the product
    /// is there and tracked, and its stock stays from 0 to [`STOCK_MAX`](domain::product::STOCK_MAX); else `Stale`.
    AdjustStock {
        /// Which product.
        product: ProductId,
        /// How many come in.
        by: i64,
        /// Who changes it.
        change: Change,
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
    /// Makes an order with its items and the first entry of its history.
    InsertOrder {
        /// The order.
        order: Box<Order>,
        /// The entry.
        entry: Entry,
    },
    /// Changes an order: status, and the guard of everything that belongs to it. Guard: its revision is the one read;
    /// else `Stale`.
    ///
    /// The entries of history come with it; stock to give back is a write of its own, made by
    /// [`UnitOfWork::progress`].
    UpdateOrder(Box<Progress>),
    /// Makes a transaction. Guard: no other one occupies its order; else `Stale`. Goes with an `UpdateOrder`.
    InsertTransaction(Box<Transaction>),
    /// Replaces a transaction and its refunds, new ones included. Guarded by the `UpdateOrder` it goes with.
    UpdateTransaction(Box<Transaction>),
    /// Keeps who asked for what of a transaction. Goes with the write that claims it.
    InsertRequest(payment::Request),
    /// Keeps what a gateway calls a transaction, or a refund or dispute of it. Guard: nothing of that gateway and kind has
    /// the reference, and the thing has none; else `Stale`. Goes with what taught it.
    LearnReference(GatewayName, NewReference),
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
    pub fn with(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// And these.
    #[must_use]
    pub fn with_all(mut self, writes: impl IntoIterator<Item = Write>) -> Self {
        self.writes.extend(writes);
        self
    }

    /// And everything of another unit: one commit makes both true, or neither if a guard of either refuses. Rows are
    /// still locked in the one order, so that units of several callers may be put together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.with_all(other.writes)
    }

    /// And an order's progress: its guard, its entries of history, and the stock it gives back.
    #[must_use]
    pub fn progress(self, progress: Progress) -> Self {
        let stock: Vec<_> = progress.returned().iter().cloned().map(Write::ReturnStock).collect();
        self.with_all(stock).with(Write::UpdateOrder(Box::new(progress)))
    }

    /// The writes, in the order they were added.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The writes in the one order in which rows are locked, whatever order they were added in: by [`Row`], then by
    /// kind. Writes of one kind to one row keep the order that they were added in.
    #[must_use]
    pub fn in_lock_order(mut self) -> Vec<Write> {
        self.writes.sort_by(|a, b| (a.row(), a.rank()).cmp(&(b.row(), b.rank())));
        self.writes
    }
}

/// The row that a write may have to wait for. Rows are ordered as the variants are, and within one by key: two units that
/// lock rows in this order never wait for each other in a circle.
///
/// No other unit can have locked a row that is new. What an insert may have to wait for is the row that the new one belongs
/// to, which the database locks with it, or an equal id, which is a variant of its own.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Row<'w> {
    Claim(&'w IdempotencyKey),
    NewEvent(&'w GatewayName, &'w EventId),
    Event(EventKey),
    User(UserKey),
    /// All of a user's sessions come before each of them.
    Session(UserKey, Option<SessionKey>),
    Order(OrderKey),
    Transaction(TransactionKey),
    /// An equal reference of a gateway, in the order of its text.
    Reference(&'w GatewayName, NamedReference),
    Product(&'w ProductId),
    Finding(&'w FindingId),
    Subject(&'w str),
    Probe,
    /// Whatever is there: such a unit has no other writes.
    Old,
}

impl Write {
    fn row(&self) -> Row<'_> {
        match self {
            Self::Claim(claim) => Row::Claim(&claim.key),
            Self::Answer { key, .. } => Row::Claim(key),
            Self::InsertEvent(event) => Row::NewEvent(&event.gateway, &event.id),
            Self::MoveEvent { key, .. } => Row::Event(*key),
            Self::InsertUser(user, _) => Row::User(user.key),
            Self::ChangePassword { user, .. } | Self::RequirePassword(user, _) => Row::User(*user),
            Self::UpdateUser { user, .. } => Row::User(user.key),
            Self::InsertSession(session, _) => Row::User(session.user),
            Self::RotateSession { read, .. } => Row::Session(read.user, Some(read.key)),
            Self::RevokeSession { user, session, .. } => Row::Session(*user, Some(*session)),
            Self::RevokeSessions { user, .. } => Row::Session(*user, None),
            Self::InsertOrder { order, .. } => Row::User(order.owner),
            Self::UpdateOrder(progress) => Row::Order(progress.order().key),
            Self::InsertTransaction(transaction) => Row::Order(transaction.order),
            Self::UpdateTransaction(transaction) | Self::Postpone(transaction) => {
                Row::Transaction(transaction.key)
            }
            Self::InsertRequest(request) => Row::Transaction(request.transaction),
            Self::LearnReference(gateway, new) => Row::Reference(gateway, new.known.name()),
            Self::InsertProduct(product, _) | Self::ReplaceProduct { product, .. } => {
                Row::Product(&product.id)
            }
            Self::AdjustStock { product, .. } => Row::Product(product),
            Self::Sell { line, .. } | Self::ReturnStock(line) => Row::Product(&line.product),
            Self::InsertFinding(finding) => Row::Finding(&finding.id),
            Self::InsertFindingOnce(_, subject) => Row::Subject(subject),
            Self::ResolveFinding { id, .. } => Row::Finding(id),
            Self::Probe(_) => Row::Probe,
            Self::Prune(..) => Row::Old,
        }
    }

    /// Which of several writes to one row comes first.
    const fn rank(&self) -> u8 {
        match self {
            Self::Claim(_) => 0,
            Self::Answer { .. } => 1,
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
            Self::LearnReference(..) => 28,
        }
    }
}

#[cfg(test)]
mod tests;
