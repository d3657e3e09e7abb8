//! Things to test with.

use std::{net::IpAddr, time::Duration};

use adapters_local::record::SessionRow;
use domain::{
    ADOPTED_KEYS_END, ApiKey, ApiKeyId, ApiKeyKey, AuthorKey, ChangedBy, Email, EventId, EventKey,
    GatewayName, Money, Network, Order, OrderChange, OrderKey, OrderNumber, PasswordHash, Product, ProductId,
    ProductKey, Role, Session, SessionId, SessionKey, Text, Timestamp, Transaction, TransactionId,
    TransactionKey, User, UserId, UserKey, Username, Version,
    api_key::Scope,
    order::{NewOrder, OrderLine, OrderStatus},
    payment::{
        Capture, CaptureMethod, DisputeEvent, DisputeStatus, EventDisposition, EventKind, EventReferences,
        EventTarget, GatewayReference, NamedReference, PaymentDetails, PaymentEvent, PaymentFacts,
        PaymentToken, RawFacts, ReferenceKind, ReportedAmount, StoredEvent,
    },
    session::{SessionOrigin, UserAgent},
};
use ports::{Claim, Credentials, Fingerprint, IdempotencyKey, StoredReply};

use crate::{Caller, IdempotentRequest, Operator, ServiceCaller, Staff, UserCaller};

/// When the tests begin.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn yuan(amount: &str) -> Money {
    Money::parse(amount, "CNY").unwrap()
}

pub(crate) fn ada() -> User {
    user(1, "ada", Role::Customer)
}

pub(crate) fn bob() -> User {
    user(2, "bob", Role::Customer)
}

fn user(key: i64, name: &str, role: Role) -> User {
    User {
        key: UserKey::new(key),
        id: UserId::new(format!("user-{name}")),
        username: Username::new(name.to_owned()),
        email: Email::new(format!("{name}@example.com")),
        role,
        disabled: false,
        created_at: NOW,
        changed_at: None,
        second_factor_at: None,
        email_verified_at: None,
        email_revision: 0,
    }
}

pub(crate) fn caller(user: User) -> Caller {
    Caller::User(user_caller(user))
}

pub(crate) fn user_caller(user: User) -> UserCaller {
    UserCaller { user, session: session().id }
}

/// An operator, who has an account.
pub(crate) fn operator_user() -> Operator {
    user_caller(olga()).into_operator().unwrap()
}

/// The account of the operator.
pub(crate) fn olga() -> User {
    user(3, "olga", Role::Operator)
}

/// The operator as one who runs the shop.
pub(crate) fn operator() -> Staff {
    operator_user().into()
}

/// Another system, whose key has these scopes.
pub(crate) fn service(scopes: &[Scope]) -> ServiceCaller {
    ServiceCaller { key: api_key(scopes) }
}

/// A key with these scopes that the operator made.
pub(crate) fn api_key(scopes: &[Scope]) -> ApiKey {
    ApiKey {
        key: ApiKeyKey::new(77),
        id: ApiKeyId::new("key-77".to_owned()),
        name: Text::new("warehouse"),
        scopes: scopes.iter().copied().collect(),
        creator: olga().key,
        creator_id: olga().id,
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

pub(crate) fn hash_of(password: &str) -> PasswordHash {
    PasswordHash::new(format!("hashed {password}"))
}

pub(crate) fn account_of(user: User, password: &str) -> Credentials {
    Credentials { user, hash: hash_of(password) }
}

/// Where clients are.
pub(crate) fn network() -> Network {
    Network::from_address(IpAddr::from([192, 0, 2, 1]))
}

/// Where the sample's sessions begin.
pub(crate) fn origin() -> SessionOrigin {
    origin_at(network())
}

/// The same client in another network.
pub(crate) fn origin_at(network: Network) -> SessionOrigin {
    SessionOrigin { network, user_agent: UserAgent::mask("Sample/1.0") }
}

/// A session of [`ada`].
pub(crate) fn session() -> Session {
    Session {
        key: SessionKey::new(5),
        id: SessionId::new("session".to_owned()),
        user: ada().key,
        generation: 1,
        rotated_at: NOW,
        created_at: NOW,
        expires_at: NOW.saturating_add(seconds(3_600)),
        revoked_at: None,
        spent: Vec::new(),
    }
}

/// A session as the record holds it.
pub(crate) fn kept_session(session: Session) -> SessionRow {
    SessionRow { session, origin: Some(origin()) }
}

/// What there may be to sell. Rows are in this order.
const GOODS: [&str; 3] = ["tea", "cup", "old"];

pub(crate) fn product(id: &str, price: Money, stock: Option<i64>) -> Product {
    let row = (7..).zip(GOODS).find(|(_, name)| *name == id).unwrap().0;
    Product {
        key: ProductKey::new(row),
        id: ProductId::new(id.to_owned()),
        name: Text::new("Tea"),
        price,
        stock,
        active: true,
        version: Version::FIRST,
        stock_moves: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// A row key that the service generated, as those of adopted rows are below.
pub(crate) const fn generated_key(number: i64) -> i64 {
    ADOPTED_KEYS_END + number
}

/// A pending order of [`ada`], for 20.00 CNY.
pub(crate) fn order() -> Order {
    let placing = NewOrder {
        key: OrderKey::new(generated_key(10)),
        number: OrderNumber::new("n1".to_owned()),
        owner: ada().key,
        now: NOW,
        expires_at: NOW.saturating_add(seconds(1_800)),
    };
    Order::place(placing, vec![OrderLine::from_product(&product("tea", yuan("10"), Some(5)), 2)]).unwrap()
}

/// The order after a move.
pub(crate) fn transition_order_to(order: Order, to: OrderStatus, by: ChangedBy) -> Order {
    let mut progress = OrderChange::from_order(order);
    assert_eq!(progress.transition(to, by, None, NOW), Ok(true), "a move that is allowed");
    progress.order().clone()
}

pub(crate) fn paid() -> Order {
    transition_order_to(order(), OrderStatus::Paid, ChangedBy::GATEWAY)
}

/// A transaction for [`sample_order`] about which nothing is reported.
pub(crate) fn pending() -> Transaction {
    Transaction {
        key: TransactionKey::new(generated_key(20)),
        id: TransactionId::new("t1".to_owned()),
        order: order().key,
        order_number: order().number,
        sequence: 1,
        gateway: sandbox(),
        token: PaymentToken::new("tok_visa".to_owned()),
        capture_method: CaptureMethod::Automatic,
        amount: yuan("20"),
        facts: PaymentFacts::default(),
        pending_operation: None,
        details: PaymentDetails::default(),
        created_at: NOW,
        updated_at: NOW,
        check_at: Some(NOW),
        checks: 0,
        refunds: Vec::new(),
        references: Vec::new(),
        next_action: None,
        metadata: domain::order::Metadata::default(),
    }
}

/// One whose money is held.
pub(crate) fn authorized() -> Transaction {
    let record = RawFacts { authorized_at: Some(NOW), ..RawFacts::default() };
    Transaction { facts: facts(record), check_at: None, ..pending() }
}

/// One whose money is taken.
pub(crate) fn captured() -> Transaction {
    captured_part("20")
}

/// One of which that much is taken.
pub(crate) fn captured_part(amount: &str) -> Transaction {
    let capture = Some(Capture { amount: yuan(amount), at: NOW });
    let record = RawFacts { capture, ..RawFacts::default() };
    Transaction { facts: facts(record), check_at: None, ..pending() }
}

/// One whose money is taken, and disputed.
pub(crate) fn disputed() -> Transaction {
    let event = DisputeEvent {
        event: EventId::new("evt_dispute".to_owned()),
        dispute: None,
        status: DisputeStatus::Open,
        amount: yuan("20"),
        at: NOW,
    };
    let record = captured().facts.as_raw().clone();
    Transaction { facts: facts(RawFacts { disputes: vec![event], ..record }), ..captured() }
}

fn facts(record: RawFacts) -> PaymentFacts {
    PaymentFacts::from_raw(record).unwrap()
}

/// One that was refused.
pub(crate) fn failed() -> Transaction {
    let record = RawFacts { failed_at: Some(NOW), ..RawFacts::default() };
    Transaction { facts: facts(record), check_at: None, ..pending() }
}

pub(crate) fn sandbox() -> GatewayName {
    GatewayName::new("sandbox".to_owned())
}

/// Something that happened to [`pending`].
pub(crate) fn event(kind: EventKind, amount: &str) -> PaymentEvent {
    PaymentEvent {
        id: EventId::new(format!("{} {amount}", kind.as_str())),
        kind,
        target: EventTarget::Transaction(pending().id),
        order: Some(order().number),
        reported: ReportedAmount { amount: amount.to_owned(), currency: "CNY".to_owned() },
        refund: None,
        dispute: None,
        references: EventReferences::default(),
        details: PaymentDetails::default(),
        at: NOW,
    }
}

/// A notice about [`pending`] whose text is its id.
pub(crate) fn stored_event(id: &str, disposition: EventDisposition) -> StoredEvent {
    StoredEvent {
        key: EventKey::new(30),
        gateway: sandbox(),
        id: EventId::new(id.to_owned()),
        kind: None,
        target: Some(EventTarget::Transaction(pending().id)),
        raw: id.to_owned(),
        disposition,
        received_at: NOW,
    }
}

pub(crate) fn reference(text: &str) -> GatewayReference {
    GatewayReference::parse(text).unwrap()
}

/// The gateway's own name of a payment.
pub(crate) fn named(text: &str) -> NamedReference {
    NamedReference { kind: ReferenceKind::Payment, reference: reference(text) }
}

/// An event that names its payment by the gateway's reference alone.
pub(crate) fn event_of(payment: &str, kind: EventKind, amount: &str) -> PaymentEvent {
    let references = EventReferences { payment: Some(reference(payment)), ..EventReferences::default() };
    let id = EventId::new(format!("{} {amount} of {payment}", kind.as_str()));
    let target = EventTarget::Reference(named(payment));
    PaymentEvent { id, target, order: None, references, ..event(kind, amount) }
}

/// A request of [`ada`]'s.
pub(crate) fn request() -> IdempotentRequest {
    let key = IdempotencyKey {
        owner: Some(AuthorKey::User(ada().key)),
        route: "POST /somewhere",
        key: "k1".to_owned(),
    };
    IdempotentRequest { key, fingerprint: Fingerprint("this".to_owned()), older: Vec::new() }
}

/// The same with another key.
pub(crate) fn request_with(key: &str) -> IdempotentRequest {
    let key = IdempotencyKey { key: key.to_owned(), ..request().key };
    IdempotentRequest { key, ..request() }
}

/// The same of another user.
pub(crate) fn request_of(user: &User) -> IdempotentRequest {
    let key = IdempotencyKey { owner: Some(AuthorKey::User(user.key)), ..request().key };
    IdempotentRequest { key, ..request() }
}

/// The same key for something else.
pub(crate) fn other_request() -> IdempotentRequest {
    IdempotentRequest { fingerprint: Fingerprint("that".to_owned()), ..request() }
}

/// The claim of [`request`].
pub(crate) fn claim_for(resource: &str, reply: Option<StoredReply>) -> Claim {
    let IdempotentRequest { key, fingerprint, .. } = request();
    Claim { key, fingerprint, resource: resource.to_owned(), reply, created_at: NOW, expires_at: None }
}

pub(crate) fn reply(body: &str) -> StoredReply {
    StoredReply { status: 201, location: None, etag: None, body: body.to_owned() }
}
