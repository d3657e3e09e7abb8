//! Values to write, each with unique keys and ids.

mod api_keys;
mod products;
mod sessions;
mod webhooks;

pub use api_keys::*;
pub use products::*;
pub use sessions::*;
pub use webhooks::*;

use std::{
    net::IpAddr,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use domain::{
    AttemptId, AttemptKey, AuthorKey, ChangedBy, Email, EventId, EventKey, FeedEvent, FeedEventId,
    FeedEventType, FeedSubject, Finding, FindingId, FindingKey, FindingKind, GatewayName, Money, Network,
    Order, OrderKey, OrderNumber, PasswordHash, Product, Refund, RefundId, RefundKey, Role, SecondFactor,
    Timestamp, Transaction, TransactionId, TransactionKey, User, UserId, UserKey, Username,
    order::{HistoryEntry, Metadata, NewOrder, OrderLine},
    payment::{
        Capture, CaptureMethod, DisputeEvent, DisputeStatus, EventDisposition, EventTarget, GatewayReference,
        KnownReference, NamedReference, NewReference, NextAction, PaymentDetails, PaymentFacts, PaymentToken,
        RawFacts, ReferenceKind, ReferenceOwner, RefundFacts, StoredEvent,
    },
};
use ports::{
    AttemptOperation, AttemptOutcome, Claim, Fingerprint, GatewayAttempt, IdempotencyKey, OpenLimits,
    StoredAttempt, StoredReply, TransactionUpdate, Write,
};

/// The start of the samples' time: 2026-11-22T08:30:00.123Z, in milliseconds.
const START_MS: i64 = 1_795_336_200_123;
/// The distance between two generated keys.
const STEP: i64 = 1_000;

static NEXT: AtomicI64 = AtomicI64::new(STEP);

/// A number that is larger than all before it, and unique within the process.
pub fn next_number() -> i64 {
    NEXT.fetch_add(STEP, Ordering::Relaxed)
}

/// The time that many seconds after the start of the samples' time.
#[must_use]
pub const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + seconds * 1_000)
}

/// A customer with a unique name and address.
#[must_use]
pub fn user() -> User {
    let number = next_number();
    User {
        key: UserKey::new(number),
        id: UserId::new(format!("user-{number}")),
        username: Username::new(format!("Ada-{number}")),
        email: Email::new(format!("Ada-{number}@Example.com")),
        role: Role::Customer,
        disabled: false,
        created_at: at(0),
        changed_at: None,
        second_factor_at: None,
        email_verified_at: None,
        email_revision: 0,
    }
}

/// A second factor that is not in force yet, with two recovery codes.
#[must_use]
pub fn second_factor(user: &User) -> SecondFactor {
    SecondFactor {
        user: user.key,
        sealed_secret: "sealed".to_owned(),
        created_at: at(1),
        confirmed_at: None,
        last_step: 0,
        recovery_digests: vec!["one-digest".to_owned(), "other-digest".to_owned()],
        revision: 1,
    }
}

/// A text in the form of a password hash, which no password verifies.
#[must_use]
pub fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(format!("$2b$10${text:.<53}"))
}

/// The network that the samples' logins come from.
#[must_use]
pub fn network() -> Network {
    Network::from_address(IpAddr::from([192, 0, 2, 1]))
}

/// A pending order of these quantities, which expires in half an hour.
#[must_use]
pub fn order(owner: &User, lines: &[(&Product, u32)]) -> Order {
    let number = next_number();
    let placing = NewOrder {
        key: OrderKey::new(number),
        number: OrderNumber::new(format!("order-{number}")),
        owner: owner.key,
        now: at(0),
        expires_at: at(1_800),
    };
    let items = lines.iter().map(|(product, quantity)| OrderLine::from_product(product, *quantity)).collect();
    Order::place(placing, items).expect("there is a line")
}

/// The counting of that order for its owner, who may have at most `orders` unpaid ones, and `pieces` of a product in them.
#[must_use]
pub fn counted(order: &Order, orders: u32, pieces: u32) -> Write {
    let lines = order.lines_in_stock().collect();
    Write::AddOpenOrder { owner: order.owner, lines, limits: OpenLimits { orders, pieces } }
}

/// The placing of that order.
#[must_use]
pub fn insert_order(order: &Order) -> Write {
    let entry = HistoryEntry::for_new_order(order, ChangedBy::customer(order.owner));
    Write::InsertOrder { order: Box::new(order.clone()), entry }
}

/// A payment for which no fact is known yet.
#[must_use]
pub fn transaction(order: &Order) -> Transaction {
    let number = next_number();
    Transaction {
        key: TransactionKey::new(number),
        id: TransactionId::new(format!("transaction-{number}")),
        order: order.key,
        order_number: order.number.clone(),
        sequence: u32::try_from(number).expect("a sample's number is small"),
        gateway: gateway("sandbox"),
        token: PaymentToken::new("tok_visa".into()),
        capture_method: CaptureMethod::Automatic,
        amount: order.amount,
        facts: PaymentFacts::default(),
        pending_operation: None,
        details: PaymentDetails::default(),
        created_at: at(0),
        updated_at: at(0),
        check_at: Some(at(3)),
        checks: 0,
        refunds: Vec::new(),
        references: Vec::new(),
        next_action: None,
        metadata: Metadata::default(),
    }
}

/// Validates raw facts, which must be possible together.
#[must_use]
pub fn restore_facts(record: RawFacts) -> PaymentFacts {
    PaymentFacts::from_raw(record).expect("a sample can be true")
}

/// The facts of money that was authorised one second after the start.
#[must_use]
pub fn authorized_facts() -> RawFacts {
    RawFacts { authorized_at: Some(at(1)), ..RawFacts::default() }
}

/// The facts of money that was authorised and captured.
#[must_use]
pub fn captured_facts(amount: Money) -> RawFacts {
    RawFacts { capture: Some(Capture { amount, at: at(2) }), ..authorized_facts() }
}

/// A dispute event, that many seconds after the start.
#[must_use]
pub fn dispute(status: DisputeStatus, amount: Money, seconds: i64) -> DisputeEvent {
    let event = EventId::new(format!("event-{}", next_number()));
    DisputeEvent { event, dispute: None, status, amount, at: at(seconds) }
}

/// A pending refund of a transaction.
#[must_use]
pub fn refund(transaction: &Transaction, amount: &str) -> Refund {
    let number = next_number();
    Refund {
        key: RefundKey::new(number),
        id: RefundId::new(format!("refund-{number}")),
        transaction: transaction.key,
        amount: money(amount),
        facts: RefundFacts::default(),
        requested_by: ChangedBy::operator(UserKey::new(number)),
        reason: None,
        created_at: at(0),
        check_at: Some(at(3)),
        checks: 0,
        items: Vec::new(),
        metadata: Metadata::default(),
    }
}

/// An event that is parked until its transaction is known.
#[must_use]
pub fn event(from: &str, transaction: Option<&TransactionId>) -> StoredEvent {
    let number = next_number();
    StoredEvent {
        key: EventKey::new(number),
        gateway: gateway(from),
        id: EventId::new(format!("event-{number}")),
        kind: Some("payment.captured".into()),
        target: transaction.cloned().map(EventTarget::Transaction),
        raw: r#"{"type": "payment.captured"}"#.into(),
        disposition: EventDisposition::Parked,
        received_at: at(0),
    }
}

/// A gateway's reference of that kind.
#[must_use]
pub fn named_reference(kind: ReferenceKind, text: &str) -> NamedReference {
    NamedReference { kind, reference: GatewayReference::new(text.to_owned()) }
}

/// A reference with its owner.
#[must_use]
pub fn known_reference(owner: ReferenceOwner, text: &str) -> KnownReference {
    KnownReference { owner, reference: GatewayReference::new(text.to_owned()) }
}

/// The write that learns such a reference for that transaction.
#[must_use]
pub fn learn_reference(transaction: &Transaction, owner: ReferenceOwner, text: &str) -> Write {
    let new =
        NewReference { transaction: transaction.key, known: known_reference(owner, text), learnt_at: at(5) };
    Write::LearnReference(transaction.gateway.clone(), new)
}

/// The write that stores a page which the buyer of that transaction must open.
#[must_use]
pub fn set_next_action(transaction: &Transaction, url: &str) -> Write {
    Write::SetNextAction(transaction.key, Some(NextAction::Redirect { url: url.to_owned() }))
}

/// An attempt to charge that transaction, that many seconds after the start, which was answered.
#[must_use]
pub fn attempt(transaction: &Transaction, seconds: i64) -> StoredAttempt {
    let number = next_number();
    StoredAttempt {
        key: AttemptKey::new(number),
        id: AttemptId::new(format!("attempt-{number}")),
        transaction: transaction.key,
        refund: None,
        operation: AttemptOperation::Charge,
        attempt: GatewayAttempt {
            request: "POST /v1/payments\namount=1998".into(),
            outcome: AttemptOutcome::Answered { status: Some(200), body: r#"{"id": "pi_1"}"#.into() },
            sent_at: at(seconds),
            duration: Duration::from_millis(42),
        },
    }
}

/// An open finding about a dispute, without any reference.
#[must_use]
pub fn finding() -> Finding {
    let number = next_number();
    Finding {
        key: FindingKey::new(number),
        id: FindingId::new(format!("finding-{number}")),
        kind: FindingKind::Dispute,
        gateway: None,
        event: None,
        transaction: None,
        order: None,
        detail: "The card's holder disputes the payment.".into(),
        created_at: at(0),
        resolved_at: None,
        note: None,
        resolved_by: None,
    }
}

/// A claim for a new idempotency key, without an expiry.
#[must_use]
pub fn claim(user: &User) -> Claim {
    let number = next_number();
    Claim {
        key: IdempotencyKey {
            owner: Some(AuthorKey::User(user.key)),
            route: "POST /v1/orders",
            key: format!("Key-{number}"),
        },
        fingerprint: Fingerprint(format!("{number:064x}")),
        resource: format!("order-{number}"),
        reply: None,
        created_at: at(0),
        expires_at: None,
    }
}

/// A reply with every optional header.
#[must_use]
pub fn reply() -> StoredReply {
    StoredReply {
        status: 201,
        location: Some("/v1/orders/order-1".into()),
        etag: Some("\"1\"".into()),
        body: "{\"name\": \"茶 🍵 \\u0000 'quoted' \\\\\",\r\n \t\"amount\": \"19.98\"} ".into(),
    }
}

/// An amount in yuan, from its decimal text.
#[must_use]
pub fn money(amount: &str) -> Money {
    Money::parse(amount, "CNY").expect("a sample is an amount")
}

/// A gateway's name, without validation.
#[must_use]
pub fn gateway(name: &str) -> GatewayName {
    GatewayName::new(name.into())
}

/// Replaces a transaction. What it was does not matter to a record, which does not write it.
#[must_use]
pub fn update_transaction(next: Transaction) -> Write {
    Write::UpdateTransaction(TransactionUpdate::new(next.clone(), next))
}

/// An event of the feed about an order, with its version as data.
#[must_use]
pub fn feed_event(order: &OrderNumber, version: i64) -> FeedEvent {
    FeedEvent {
        id: FeedEventId::new(format!("feed-{}", next_number())),
        kind: FeedEventType::OrderUpdated,
        subject: FeedSubject::Order(order.clone()),
        owner: None,
        data: format!(r#"{{"version":{version}}}"#),
        created_at: at(version),
        trace_parent: None,
    }
}
