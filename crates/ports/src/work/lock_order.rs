//! The global order of row locks.

use domain::{
    EventId, EventKey, FindingId, GatewayName, OrderKey, ProductId, SessionKey, TransactionKey, UserKey,
    payment::NamedReference,
};

use super::Write;
use crate::IdempotencyKey;

/// The row that a write may have to wait for. Rows are ordered as the variants are, and within one variant by
/// key. Two units that lock rows in this order never wait for each other in a cycle, so they cannot deadlock.
///
/// Another unit cannot have locked a row that is new. An insert may have to wait for the row that the new one
/// belongs to, which the database locks with it, or for an equal id, which is a variant of its own.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LockRow<'w> {
    // The claim comes first: a retry that is sent twice waits for the winner here, before it holds a lock
    // that other requests need. Products come near the end, because many orders share them: their locks are
    // held briefly.
    Claim(&'w IdempotencyKey),
    NewEvent(&'w GatewayName, &'w EventId),
    Event(EventKey),
    User(UserKey),
    /// All of a user's sessions come before each of them.
    Session(UserKey, Option<SessionKey>),
    Order(OrderKey),
    Transaction(TransactionKey),
    /// New attempts about a transaction. No other unit waits for them or for their transaction's row, which they do
    /// not lock.
    NewAttempts(Option<TransactionKey>),
    /// An equal reference of a gateway, in the order of its text.
    Reference(&'w GatewayName, NamedReference),
    /// The counts of a user's unpaid orders. All orders of a user share them, so they come late, too.
    OpenOrders(UserKey),
    Product(&'w ProductId),
    Finding(&'w FindingId),
    Subject(&'w str),
    Probe,
    /// Any old rows: such a unit has no other writes.
    Old,
}

impl LockRow<'_> {
    /// The position of the table, and whether writes to it are sorted by kind before they are sorted by row.
    ///
    /// By kind, many writes to one table become few statements with many rows. It needs a reason why two batches
    /// cannot wait for each other: a claim that is new is no row that another unit replies to, and a unit that
    /// inserts a payment or a request has locked the order or the transaction in the kind before it.
    const fn batch_table(&self) -> (u8, bool) {
        match self {
            Self::Claim(_) => (0, true),
            Self::NewEvent(..) => (1, false),
            Self::Event(_) => (2, false),
            Self::User(_) => (3, false),
            Self::Session(..) => (4, false),
            Self::Order(_) => (5, true),
            Self::Transaction(_) => (6, true),
            Self::NewAttempts(_) => (7, false),
            Self::Reference(..) => (8, false),
            Self::OpenOrders(_) => (9, false),
            Self::Product(_) => (10, false),
            Self::Finding(_) => (11, false),
            Self::Subject(_) => (12, false),
            Self::Probe => (13, false),
            Self::Old => (14, false),
        }
    }
}

impl Write {
    /// The position in a batch of several units: as in one unit, but for some tables by kind first.
    pub(super) fn batch_place(&self) -> (u8, u8, LockRow<'_>, u8) {
        let (row, rank) = (self.lock_row(), self.lock_rank());
        let (table, by_kind) = row.batch_table();
        (table, if by_kind { rank } else { 0 }, row, rank)
    }

    pub(super) fn lock_row(&self) -> LockRow<'_> {
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
            Self::SetNextAction(transaction, _) => LockRow::Transaction(*transaction),
            Self::InsertAttempts(all) => LockRow::NewAttempts(all.first().map(|it| it.transaction)),
            Self::LearnReference(gateway, new) => LockRow::Reference(gateway, new.known.name()),
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

    /// The position among several writes to one row.
    pub(super) const fn lock_rank(&self) -> u8 {
        // A match without a wildcard: a new kind of write does not compile until its position is chosen.
        // Ranks are unique, so the order never depends on the caller.
        match self {
            Self::Claim(_) => 0,
            Self::StoreReply { .. } => 1,
            Self::InsertEvent(_) => 2,
            Self::MoveEvent { .. } => 3,
            Self::InsertUser(..) => 4,
            // Before whatever refers to the user: a shared lock that has to become an exclusive one can deadlock.
            Self::UpdateUser { .. } => 5,
            Self::RequirePassword(..) => 6,
            Self::ChangePassword { .. } => 7,
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
            Self::InsertSession(..) => 26,
            Self::InsertRequest(_) => 27,
            // What a unit gives back it may use.
            Self::RemoveOpenOrder { .. } => 28,
            Self::AddOpenOrder { .. } => 29,
            Self::LearnReference(..) => 30,
            // After the transaction itself, whose row it belongs to.
            Self::SetNextAction(..) => 31,
            Self::InsertAttempts(_) => 32,
        }
    }
}
