//! The global order of row locks.

use domain::{
    ApiKeyKey, DeliveryKey, EndpointKey, EventId, EventKey, FindingId, GatewayName, MailKey, OrderKey,
    ProductId, SessionKey, TransactionKey, UserKey, payment::NamedReference,
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
    ApiKey(ApiKeyKey),
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
    /// Late: other writes of its unit may wait, and only sweeps wait for a mail.
    Mail(MailKey),
    /// A webhook endpoint comes before its deliveries, and all of them after what other requests wait for.
    Webhook(EndpointKey, Option<DeliveryKey>),
    /// New events of the feed, which no other unit waits for. They come after everything that a guard looks at.
    NewFeedEvents,
    /// The row with the next number of the feed, and then the rows that get numbers.
    FeedNumbers,
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
            Self::ApiKey(_) => (5, false),
            Self::Order(_) => (6, true),
            Self::Transaction(_) => (7, true),
            Self::NewAttempts(_) => (8, false),
            Self::Reference(..) => (9, false),
            Self::OpenOrders(_) => (10, false),
            Self::Product(_) => (11, false),
            Self::Finding(_) => (12, false),
            Self::Subject(_) => (13, false),
            Self::Mail(_) => (14, false),
            Self::Webhook(..) => (15, false),
            Self::NewFeedEvents => (16, false),
            Self::FeedNumbers => (17, false),
            Self::Probe => (18, false),
            Self::Old => (19, false),
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
            Self::RevokeSessions { user, .. } | Self::RevokeListedSessions { user, .. } => {
                LockRow::Session(*user, None)
            }
            // The row of the operator who makes it is locked with it.
            Self::InsertApiKey(key, _) => LockRow::User(key.creator),
            Self::RevokeApiKey { key, .. } | Self::RecordKeyUse { key, .. } => LockRow::ApiKey(*key),
            Self::InsertOrder { order, .. } => LockRow::User(order.owner),
            Self::UpdateOrder(progress) => LockRow::Order(progress.order().key),
            Self::InsertTransaction(transaction) => LockRow::Order(transaction.order),
            Self::UpdateTransaction(update) => LockRow::Transaction(update.next().key),
            Self::Postpone(transaction) => LockRow::Transaction(transaction.key),
            Self::InsertRequest(request) => LockRow::Transaction(request.transaction),
            Self::SetNextAction(transaction, _) => LockRow::Transaction(*transaction),
            Self::InsertAttempts(all) => LockRow::NewAttempts(all.first().map(|it| it.transaction)),
            Self::LearnReference(gateway, new) => LockRow::Reference(gateway, new.known.name()),
            Self::InsertProduct(product, _) | Self::ReplaceProduct { product, .. } => {
                LockRow::Product(&product.id)
            }
            Self::AdjustStock { product, .. } => LockRow::Product(product),
            Self::Sell { line, .. } | Self::ReturnStock(line) | Self::RetakeStock(line) => {
                LockRow::Product(&line.product)
            }
            Self::InsertFinding(finding) => LockRow::Finding(&finding.id),
            Self::InsertFindingOnce(_, subject) => LockRow::Subject(subject),
            Self::ResolveFinding { id, .. } => LockRow::Finding(id),
            Self::Webhook(write) => {
                let (endpoint, delivery) = write.lock_keys();
                LockRow::Webhook(endpoint, delivery)
            }
            Self::Probe(_) => LockRow::Probe,
            Self::Prune(..)
            | Self::ErasePersonalRows(..)
            | Self::EraseOrderReplies(..)
            | Self::ArchiveOrders(_) => LockRow::Old,
            Self::QueueMail(mail) => LockRow::Mail(mail.key),
            Self::BeginMail { key, .. } | Self::DeleteMail { key, .. } => LockRow::Mail(*key),
            Self::RequestPasswordReset(reset, _) => LockRow::User(reset.user),
            Self::SetResetToken { user, .. }
            | Self::UsePasswordReset { user, .. }
            | Self::DropPasswordReset(user)
            | Self::AdvanceErasure { user, .. } => LockRow::User(*user),
            Self::ChangeEmail { user, .. } => LockRow::User(user.key),
            Self::EraseUser(erasure) => LockRow::User(erasure.user.key),
            Self::SecondFactor(write) => LockRow::User(write.user()),
            Self::VerifyEmail { user, .. } => LockRow::User(user.key),
            Self::CloseOpenOrders { owner, .. } => LockRow::OpenOrders(*owner),
            Self::InsertFeedEvents(_) => LockRow::NewFeedEvents,
            Self::NumberFeedEvents(_) | Self::EraseFeedData(..) => LockRow::FeedNumbers,
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
            Self::RevokeListedSessions { .. } => 36,
            // Those that change the row of the user come before those that only refer to it, as above.
            Self::ChangeEmail { .. } => 60,
            Self::EraseUser(_) => 61,
            Self::DropPasswordReset(_) => 62,
            Self::UsePasswordReset { .. } => 63,
            Self::RequestPasswordReset(..) => 64,
            Self::SetResetToken { .. } => 65,
            Self::AdvanceErasure { .. } => 66,
            Self::CloseOpenOrders { .. } => 67,
            Self::QueueMail(_) => 68,
            Self::BeginMail { .. } => 69,
            Self::DeleteMail { .. } => 70,
            Self::ErasePersonalRows(..) => 71,
            Self::Webhook(_) => 72,
            Self::InsertFeedEvents(_) => 33,
            Self::NumberFeedEvents(_) => 34,
            Self::EraseFeedData(..) => 35,
            Self::InsertApiKey(..) => 73,
            Self::RevokeApiKey { .. } => 74,
            Self::RecordKeyUse { .. } => 75,
            Self::EraseOrderReplies(..) => 76,
            // After what the same unit gives back.
            Self::RetakeStock(_) => 77,
            Self::SecondFactor(write) => 80 + write.rank(),
            Self::VerifyEmail { .. } => 78,
            Self::ArchiveOrders(_) => 79,
        }
    }
}
