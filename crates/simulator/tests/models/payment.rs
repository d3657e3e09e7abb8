//! An order and its payment, as the models build them from the few facts that their states hold.

use domain::{
    GatewayName, Money, Order, OrderKey, OrderNumber, ProductId, RefundId, RefundKey, Text, Timestamp,
    Transaction, TransactionId, TransactionKey, UserKey,
    order::{Metadata, NewOrder, OrderLine},
    payment::{
        CaptureMethod, EventKind, EventReferences, EventTarget, PaymentDetails, PaymentEvent, PaymentFacts,
        PaymentToken, RawFacts, RefundIds, ReportedAmount,
    },
};

/// The one moment of the models: no clock decides anything in them.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(0);
/// What every order costs.
pub(crate) const AMOUNT: u8 = 10;

/// That many yuan.
pub(crate) fn yuan(amount: u8) -> Money {
    Money::parse(&amount.to_string(), "CNY").unwrap()
}

/// An order of one piece that was just placed.
pub(crate) fn place_order() -> Order {
    let line = OrderLine {
        product: ProductId::parse("sku").unwrap(),
        name: Text::new("Tea"),
        quantity: 1,
        price: yuan(AMOUNT),
        holds_stock: true,
        restocked: 0,
    };
    let placing = NewOrder {
        key: OrderKey::new(1),
        number: OrderNumber::new("n1".into()),
        owner: UserKey::new(1),
        now: NOW,
        expires_at: NOW,
    };
    Order::place(placing, vec![line]).unwrap()
}

/// Its payment, of which these facts are known.
pub(crate) fn build_transaction(facts: RawFacts) -> Transaction {
    Transaction {
        key: TransactionKey::new(1),
        id: TransactionId::new("t1".into()),
        order: OrderKey::new(1),
        order_number: OrderNumber::new("n1".into()),
        sequence: 1,
        gateway: GatewayName::new("sandbox".into()),
        token: PaymentToken::new("tok".into()),
        capture_method: CaptureMethod::Automatic,
        amount: yuan(AMOUNT),
        facts: PaymentFacts::from_raw(facts).unwrap(),
        pending_operation: None,
        details: PaymentDetails::default(),
        created_at: NOW,
        updated_at: NOW,
        check_at: None,
        checks: 0,
        refunds: Vec::new(),
        references: Vec::new(),
        next_action: None,
        metadata: Metadata::default(),
    }
}

/// What the gateway reports about it.
pub(crate) fn build_event(kind: EventKind, amount: u8, refund: Option<&str>) -> PaymentEvent {
    PaymentEvent {
        id: domain::EventId::new(format!("{} {}", kind.as_str(), refund.unwrap_or_default())),
        kind,
        target: EventTarget::Transaction(TransactionId::new("t1".into())),
        order: Some(OrderNumber::new("n1".into())),
        reported: ReportedAmount::from(yuan(amount)),
        refund: refund.map(|it| RefundId::new(it.into())),
        dispute: None,
        references: EventReferences::default(),
        details: PaymentDetails::default(),
        at: NOW,
    }
}

/// The ids of a refund that a decision may have to make.
pub(crate) fn refund_ids(id: &str) -> RefundIds {
    RefundIds { key: RefundKey::new(9), id: RefundId::new(id.into()) }
}
