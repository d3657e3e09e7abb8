//! Values to write, each with keys and ids of its own.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicI64, Ordering},
};

use domain::{
    ChangeId, ChangeKey, ChangedBy, Email, EventId, EventKey, Finding, FindingId, FindingKey, FindingKind,
    GatewayName, Money, Network, Order, OrderKey, OrderNumber, PasswordHash, Product, ProductId, ProductKey,
    Refund, RefundId, RefundKey, Role, Session, SessionId, SessionKey, Text, Timestamp, Transaction,
    TransactionId, TransactionKey, User, UserId, UserKey, Username, Version,
    order::{Entry, Item, Placing, StockLine},
    payment::{
        Capture, CaptureMethod, Details, Disposition, DisputeEvent, DisputeStatus, EventTarget, Facts,
        FactsRecord, GatewayReference, KnownReference, NamedReference, NewReference, PaymentToken,
        ReferenceKind, ReferenceOwner, RefundFacts, StoredEvent,
    },
    product::{Change, Restock},
};
use ports::{Claim, Fingerprint, IdempotencyKey, StoredReply, Write};

/// 2026-11-22T08:30:00.123Z, in milliseconds.
const START_MS: i64 = 1_795_336_200_123;
/// Keys keep this distance.
const STEP: i64 = 1_000;

static NEXT: AtomicI64 = AtomicI64::new(STEP);

/// A number that nobody else has, larger than all before it.
pub fn number() -> i64 {
    NEXT.fetch_add(STEP, Ordering::Relaxed)
}

/// The moment so many seconds after the samples' own beginning.
#[must_use]
pub const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + seconds * 1_000)
}

/// A customer.
#[must_use]
pub fn user() -> User {
    let number = number();
    User {
        key: UserKey::new(number),
        id: UserId::new(format!("user-{number}")),
        username: Username::new(format!("Ada-{number}")),
        email: Email::new(format!("Ada-{number}@Example.com")),
        role: Role::Customer,
        disabled: false,
        created_at: at(0),
        changed_at: None,
    }
}

/// What a hash looks like. It is none of `text`, and of nothing else either.
#[must_use]
pub fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(format!("$2b$10${text:.<53}"))
}

/// Where the samples' logins come from.
#[must_use]
pub fn network() -> Network {
    Network::of(IpAddr::from([192, 0, 2, 1]))
}

/// A login that lasts an hour.
#[must_use]
pub fn session(user: &User) -> Session {
    let number = number();
    Session {
        key: SessionKey::new(number),
        id: SessionId::new(format!("session-{number}")),
        user: user.key,
        generation: 0,
        rotated_at: at(0),
        created_at: at(0),
        expires_at: at(3_600),
        revoked_at: None,
        spent: Vec::new(),
    }
}

/// A product of 9.99 yuan.
#[must_use]
pub fn product(stock: Option<i64>) -> Product {
    let number = number();
    Product {
        key: ProductKey::new(number),
        id: ProductId::new(format!("sku-{number}")),
        name: Text::new("Tea"),
        price: money("9.99"),
        stock,
        active: true,
        version: Version::FIRST,
        moves: 0,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// An operator's change.
#[must_use]
pub fn change(by: &User) -> Change {
    let number = number();
    Change {
        key: ChangeKey::new(number),
        id: ChangeId::new(format!("change-{number}")),
        by: ChangedBy::operator(by.key),
        reason: None,
        at: at(0),
    }
}

/// The making of that product.
#[must_use]
pub fn made(product: &Product) -> Write {
    Write::InsertProduct(product.clone(), change(&user()))
}

/// The replacement of a product by that one.
#[must_use]
pub fn replaced(product: &Product, read: Version, restock: Restock) -> Write {
    Write::ReplaceProduct { product: product.clone(), read, restock, change: change(&user()) }
}

/// The replacement of a product by its next version, which differs in nothing but what is said of the stock.
#[must_use]
pub fn revised(read: &Product, restock: Restock) -> Write {
    replaced(&read.revise(at(9)), read.version, restock)
}

/// The sale of that quantity of a product, as it was read.
#[must_use]
pub fn sold(read: &Product, quantity: u32) -> Write {
    Write::Sell { line: StockLine { product: read.id.clone(), quantity }, read: read.clone() }
}

/// An order of so many of these, to be paid within half an hour.
#[must_use]
pub fn order(owner: &User, lines: &[(&Product, u32)]) -> Order {
    let number = number();
    let placing = Placing {
        key: OrderKey::new(number),
        number: OrderNumber::new(format!("order-{number}")),
        owner: owner.key,
        now: at(0),
        expires_at: at(1_800),
    };
    let items = lines.iter().map(|(product, quantity)| Item::of(product, *quantity)).collect();
    Order::place(placing, items).expect("there is a line")
}

/// The placing of that order.
#[must_use]
pub fn placed(order: &Order) -> Write {
    let entry = Entry::placing(order, ChangedBy::customer(order.owner));
    Write::InsertOrder { order: Box::new(order.clone()), entry }
}

/// A payment of which nothing is known yet.
#[must_use]
pub fn transaction(order: &Order) -> Transaction {
    let number = number();
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
        facts: Facts::default(),
        asked: None,
        details: Details::default(),
        created_at: at(0),
        updated_at: at(0),
        check_at: Some(at(3)),
        checks: 0,
        refunds: Vec::new(),
        references: Vec::new(),
    }
}

/// Those facts.
#[must_use]
pub fn facts(record: FactsRecord) -> Facts {
    Facts::restore(record).expect("a sample can be true")
}

/// Money that was held a second after the beginning.
#[must_use]
pub fn held() -> FactsRecord {
    FactsRecord { authorized_at: Some(at(1)), ..FactsRecord::default() }
}

/// Money that was held and taken.
#[must_use]
pub fn taken(amount: Money) -> FactsRecord {
    FactsRecord { capture: Some(Capture { amount, at: at(2) }), ..held() }
}

/// A word about a dispute, that many seconds after the beginning.
#[must_use]
pub fn dispute(status: DisputeStatus, amount: Money, seconds: i64) -> DisputeEvent {
    let event = EventId::new(format!("event-{}", number()));
    DisputeEvent { event, dispute: None, status, amount, at: at(seconds) }
}

/// A refund on its way.
#[must_use]
pub fn refund(transaction: &Transaction, amount: &str) -> Refund {
    let number = number();
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
    }
}

/// A notice that is parked until its transaction is known.
#[must_use]
pub fn event(from: &str, transaction: Option<&TransactionId>) -> StoredEvent {
    let number = number();
    StoredEvent {
        key: EventKey::new(number),
        gateway: gateway(from),
        id: EventId::new(format!("event-{number}")),
        kind: Some("payment.captured".into()),
        target: transaction.cloned().map(EventTarget::Transaction),
        raw: r#"{"type": "payment.captured"}"#.into(),
        disposition: Disposition::Parked,
        received_at: at(0),
    }
}

/// What a gateway calls a thing of that kind.
#[must_use]
pub fn named(kind: ReferenceKind, text: &str) -> NamedReference {
    NamedReference { kind, reference: GatewayReference::new(text.to_owned()) }
}

/// A reference and what it names.
#[must_use]
pub fn known(owner: ReferenceOwner, text: &str) -> KnownReference {
    KnownReference { owner, reference: GatewayReference::new(text.to_owned()) }
}

/// What the gateway of a transaction calls a thing of it.
#[must_use]
pub fn learnt(transaction: &Transaction, owner: ReferenceOwner, text: &str) -> Write {
    let new = NewReference { transaction: transaction.key, known: known(owner, text), learnt_at: at(5) };
    Write::LearnReference(transaction.gateway.clone(), new)
}

/// A finding that is open.
#[must_use]
pub fn finding() -> Finding {
    let number = number();
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

/// A key that is used for the first time, to be kept for ever.
#[must_use]
pub fn claim(user: &User) -> Claim {
    let number = number();
    Claim {
        key: IdempotencyKey { user: Some(user.key), route: "POST /v1/orders", key: format!("Key-{number}") },
        fingerprint: Fingerprint(format!("{number:064x}")),
        resource: format!("order-{number}"),
        reply: None,
        created_at: at(0),
        expires_at: None,
    }
}

/// An answer with everything that an answer can have.
#[must_use]
pub fn reply() -> StoredReply {
    StoredReply {
        status: 201,
        location: Some("/v1/orders/order-1".into()),
        etag: Some("\"1\"".into()),
        body: "{\"name\": \"茶 🍵 \\u0000 'quoted' \\\\\",\r\n \t\"amount\": \"19.98\"} ".into(),
    }
}

/// So many yuan.
#[must_use]
pub fn money(amount: &str) -> Money {
    Money::parse(amount, "CNY").expect("a sample is an amount")
}

/// The gateway of that name.
#[must_use]
pub fn gateway(name: &str) -> GatewayName {
    GatewayName::new(name.into())
}
