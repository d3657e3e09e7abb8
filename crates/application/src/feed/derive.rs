//! The events of a unit of work.

use domain::{
    FeedEventType, FeedSubject, Finding, FindingId, Order, OrderChange, Transaction, User, Version,
    order::OrderStatus,
};
use ports::{SecondFactorWrite, TransactionUpdate, UnitOfWork, Write};

use super::render::FeedContent;

/// An event that is not rendered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EventDraft {
    pub(super) kind: FeedEventType,
    pub(super) subject: FeedSubject,
    pub(super) content: FeedContent,
    /// The event is true only if this finding is stored.
    pub(super) only_with: Option<FindingId>,
    /// There is an event only if this content looks different.
    pub(super) unless_like: Option<FeedContent>,
}

impl EventDraft {
    const fn new(kind: FeedEventType, subject: FeedSubject, content: FeedContent) -> Self {
        Self { kind, subject, content, only_with: None, unless_like: None }
    }
}

/// The events of a unit, causes before their effects: money, then its order, then findings and users.
#[expect(clippy::too_many_lines, reason = "each kind of write is named")]
pub(super) fn derive_events(work: &UnitOfWork) -> Vec<EventDraft> {
    let (mut money, mut orders, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for write in work.writes() {
        // No wildcard: a new kind of write does not compile until its events are chosen.
        match write {
            Write::InsertOrder { order, .. } => {
                orders.push(order_event(FeedEventType::OrderPlaced, (**order).clone()));
            }
            Write::UpdateOrder(change) => orders.extend(order_events(change)),
            Write::InsertTransaction(transaction) => money.push(new_payment_event(transaction)),
            Write::UpdateTransaction(update) => money.extend(transaction_events(update)),
            Write::InsertFinding(finding) => others.push(finding_event(finding)),
            Write::InsertFindingOnce(finding, _) => others.push(single_finding_event(finding)),
            Write::InsertUser(user, _) => others.push(user_event(FeedEventType::UserRegistered, user)),
            Write::UpdateUser { user, .. } | Write::ChangeEmail { user, .. } => {
                others.push(user_event(FeedEventType::UserUpdated, user));
            }
            Write::RequestPasswordReset(_, user) => {
                others.push(user_event(FeedEventType::UserPasswordResetRequested, user));
            }
            Write::SecondFactor(write) => others.extend(factor_event(write)),
            Write::VerifyEmail { user, .. } => {
                others.push(user_event(FeedEventType::UserEmailVerified, user));
            }
            Write::EraseUser(erasure) => others.push(user_event(FeedEventType::UserErased, &erasure.user)),
            // Parts of an order or a transaction, which a write above shows as a whole.
            Write::AddOpenOrder { .. }
            | Write::RemoveOpenOrder { .. }
            | Write::InsertRequest(_)
            | Write::LearnReference(..)
            | Write::SetNextAction(..)
            | Write::InsertAttempts(_)
            | Write::Postpone(_)
            // Nothing of them is in a representation that the feed shows.
            | Write::Claim(_)
            | Write::StoreReply { .. }
            | Write::InsertEvent(_)
            | Write::MoveEvent { .. }
            | Write::ChangePassword { .. }
            | Write::RequirePassword(..)
            | Write::InsertSession(..)
            | Write::RotateSession { .. }
            | Write::RevokeSession { .. }
            | Write::RevokeSessions { .. }
            | Write::RevokeListedSessions { .. }
            | Write::InsertProduct(..)
            | Write::ReplaceProduct { .. }
            | Write::AdjustStock { .. }
            | Write::Sell { .. }
            | Write::ReturnStock(_)
            | Write::RetakeStock(_)
            | Write::ResolveFinding { .. }
            | Write::Webhook(_)
            | Write::InsertApiKey(..)
            | Write::RevokeApiKey { .. }
            | Write::RecordKeyUse { .. }
            | Write::QueueMail(_)
            | Write::BeginMail { .. }
            | Write::DeleteMail { .. }
            | Write::SetResetToken { .. }
            | Write::UsePasswordReset { .. }
            | Write::DropPasswordReset(_)
            | Write::CloseOpenOrders { .. }
            | Write::AdvanceErasure { .. }
            | Write::ErasePersonalRows(..)
            | Write::Prune(..)
            | Write::Probe(_)
            | Write::InsertFeedEvents(_)
            | Write::NumberFeedEvents(_)
            | Write::EraseFeedData(..)
            | Write::EraseOrderReplies(..)
            | Write::ArchiveOrders(_) => {}
        }
    }
    [money, orders, others].concat()
}

fn order_event(kind: FeedEventType, order: Order) -> EventDraft {
    EventDraft::new(kind, FeedSubject::Order(order.number.clone()), FeedContent::Order(Box::new(order)))
}

/// An event for each transition, with the order as it was after it; one for other visible changes if there was none.
fn order_events(change: &OrderChange) -> Vec<EventDraft> {
    let (order, entries) = (change.order(), change.history_entries());
    if entries.is_empty() {
        let updated = || order_event(FeedEventType::OrderUpdated, order.clone());
        return change.has_new_version().then(updated).into_iter().collect();
    }
    // Each transition makes one version, and the last one makes the present one.
    let later = (0_i64..).zip(entries.iter().rev());
    let mut events: Vec<_> = later
        .map(|(later, entry)| {
            let kind = FeedEventType::from_order_status(entry.to);
            if later == 0 {
                return order_event(kind, order.clone());
            }
            let status_before_refund = entry.from.filter(|_| entry.to == OrderStatus::RefundPending);
            let version = Version::new(order.version.get().saturating_sub(later));
            let then = Order {
                status: entry.to,
                version,
                status_before_refund,
                updated_at: entry.at,
                ..order.clone()
            };
            order_event(kind, then)
        })
        .collect();
    events.reverse();
    events
}

fn payment_event(kind: FeedEventType, transaction: &Transaction) -> EventDraft {
    EventDraft::new(kind, subject_of(transaction), FeedContent::Payment(Box::new(transaction.clone())))
}

fn subject_of(transaction: &Transaction) -> FeedSubject {
    FeedSubject::Order(transaction.order_number.clone())
}

/// The events of refunds and disputes that are new or have another status, and then of the transaction itself.
fn transaction_events(update: &TransactionUpdate) -> Vec<EventDraft> {
    let (read, next) = (update.read(), update.next());
    let mut events = refund_events(read, next);
    events.extend(dispute_events(read, next));
    let status = next.status();
    if read.status() == status {
        // A time that moved alone is not worth an event; a wait for the gateway moves it.
        let before = Transaction { updated_at: next.updated_at, ..read.clone() };
        let unless_like = Some(FeedContent::Payment(Box::new(before)));
        events.push(EventDraft { unless_like, ..payment_event(FeedEventType::PaymentUpdated, next) });
    } else {
        events.push(payment_event(FeedEventType::from_payment_status(status), next));
    }
    events
}

fn refund_events(read: &Transaction, next: &Transaction) -> Vec<EventDraft> {
    let before =
        |id: &domain::RefundId| read.refunds.iter().find(|it| it.id == *id).map(domain::Refund::status);
    let changed = next.refunds.iter().filter(|it| before(&it.id) != Some(it.status()));
    let draft = |it: &domain::Refund| {
        let content = FeedContent::Refund(Box::new(next.clone()), Box::new(it.clone()));
        EventDraft::new(FeedEventType::from_refund_status(it.status()), subject_of(next), content)
    };
    changed.map(draft).collect()
}

fn dispute_events(read: &Transaction, next: &Transaction) -> Vec<EventDraft> {
    let (then, now) = (read.facts.disputes(), next.facts.disputes());
    let before = |id: &domain::DisputeId| then.as_slice().iter().find(|it| it.id == *id).map(|it| it.status);
    let changed = now.as_slice().iter().filter(|it| before(&it.id) != Some(it.status));
    let draft = |it: &domain::payment::Dispute| {
        let content = FeedContent::Dispute(Box::new(next.clone()), Box::new(it.clone()));
        EventDraft::new(FeedEventType::from_dispute_status(it.status), subject_of(next), content)
    };
    changed.map(draft).collect()
}

/// The event of a finding that is stored only if none about its subject is open.
fn single_finding_event(finding: &Finding) -> EventDraft {
    EventDraft { only_with: Some(finding.id.clone()), ..finding_event(finding) }
}

fn finding_event(finding: &Finding) -> EventDraft {
    let own = || FeedSubject::Finding(finding.id.clone());
    let subject = finding.order.clone().map_or_else(own, FeedSubject::Order);
    EventDraft::new(FeedEventType::FindingOpened, subject, FeedContent::Finding(Box::new(finding.clone())))
}

/// The event of a transaction that is new, by its first status.
fn new_payment_event(transaction: &Transaction) -> EventDraft {
    payment_event(FeedEventType::from_payment_status(transaction.status()), transaction)
}

/// An event if the factor comes into force or ends; the use of a code is none.
fn factor_event(write: &SecondFactorWrite) -> Option<EventDraft> {
    match write {
        SecondFactorWrite::Set { user, .. } if user.second_factor_at.is_some() => {
            Some(user_event(FeedEventType::UserSecondFactorEnabled, user))
        }
        SecondFactorWrite::Set { user, .. } => {
            Some(user_event(FeedEventType::UserSecondFactorDisabled, user))
        }
        SecondFactorWrite::RequireNone(_)
        | SecondFactorWrite::Enrol(_)
        | SecondFactorWrite::Replace(_)
        | SecondFactorWrite::Drop(_) => None,
    }
}

fn user_event(kind: FeedEventType, user: &User) -> EventDraft {
    EventDraft::new(kind, FeedSubject::User(user.id.clone()), FeedContent::User(Box::new(user.clone())))
}

#[cfg(test)]
mod tests;
