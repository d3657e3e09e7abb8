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

impl Write {
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
            Self::LearnReference(..) => 30,
        }
    }
}
