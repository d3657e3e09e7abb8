use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Value, from_value, json, to_value};

use super::*;
use crate::{
    Email, Order, OrderKey, OrderNumber, ProductId, Revision, Sequence, Session, SessionId, SessionKey, Text,
    Timestamp, User, UserId, UserKey, Username, Version,
    order::{
        Address, AddressLine, Contact, Country, Metadata, MetadataKey, MetadataValue, OrderDetails,
        OrderLine, OrderReference, PhoneNumber,
    },
};

fn item(minor: i64, currency: &str) -> OrderLine {
    OrderLine {
        product: ProductId::new("sku-1".to_owned()),
        name: Text::new("Tea \"green\" \u{1f375}"),
        quantity: 3,
        price: Money::from_minor(minor, Currency::parse(currency).unwrap()).unwrap(),
        holds_stock: true,
        restocked: 1,
    }
}

fn details() -> OrderDetails {
    let pair = (MetadataKey::parse("a \"key\"").unwrap(), MetadataValue::parse("\n").unwrap());
    let phone = Some(PhoneNumber::parse("+49 30 1").unwrap());
    OrderDetails {
        reference: Some(OrderReference::parse("PO-1").unwrap()),
        metadata: Metadata::new([pair].into()).unwrap(),
        contact: Some(Contact { phone, ..Contact::default() }),
        shipping_address: Some(Address {
            lines: vec![AddressLine::parse("1 Main St").unwrap()],
            city: None,
            region: None,
            postal_code: None,
            country: Country::parse("DE").unwrap(),
        }),
        tracking: None,
    }
}

fn order() -> Order {
    let item = item(999, "CNY");
    Order {
        key: OrderKey::new(i64::MAX),
        number: OrderNumber::new("n1".to_owned()),
        owner: UserKey::new(7),
        status: OrderStatus::RefundPending,
        status_before_refund: Some(OrderStatus::Shipped),
        version: Version::new(4),
        revision: Revision::new(9),
        last_sequence: Sequence::new(5),
        amount: item.subtotal().unwrap(),
        items: vec![item],
        details: details(),
        created_at: Timestamp::from_millis(-1),
        updated_at: Timestamp::from_millis(2),
        status_changed_at: Timestamp::from_millis(1),
        expires_at: Timestamp::from_millis(3),
    }
}

fn session() -> Session {
    Session {
        key: SessionKey::new(1),
        id: SessionId::new("s".to_owned()),
        user: UserKey::new(7),
        generation: 5,
        rotated_at: Timestamp::from_millis(1),
        created_at: Timestamp::from_millis(0),
        expires_at: Timestamp::from_millis(9),
        revoked_at: None,
        spent: vec![Timestamp::from_millis(1)],
    }
}

fn user() -> User {
    User {
        key: UserKey::new(7),
        id: UserId::new("u".to_owned()),
        username: Username::new("Ada".to_owned()),
        email: Email::new("ada@example.com".to_owned()),
        role: Role::Operator,
        disabled: true,
        second_factor_at: Some(Timestamp::from_millis(3)),
        email_verified_at: Some(Timestamp::from_millis(4)),
        email_revision: 5,
        created_at: Timestamp::from_millis(1),
        changed_at: Some(Timestamp::from_millis(2)),
    }
}

#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{text}");
}

#[test]
fn what_is_written_is_read_back() {
    for status in OrderStatus::ALL {
        comes_back(&Order { status, status_before_refund: None, ..order() });
    }
    for (minor, currency) in [(0, "JPY"), (1, "KWD"), (9_000_000_000_000_000_000, "CLF")] {
        comes_back(&Order { items: vec![item(minor, currency); 2], ..order() });
    }
    comes_back(&order());
    comes_back(&session());
    comes_back(&Session { revoked_at: Some(Timestamp::from_millis(4)), ..session() });
    comes_back(&user());
    comes_back(&User { role: Role::Customer, ..user() });
}

#[test]
fn it_is_written_in_plain_words_and_numbers() {
    let item = json!({
        "product": "sku-1", "name": "Tea \"green\" \u{1f375}", "quantity": 3,
        "price": { "minor": 999, "currency": "CNY" }, "holds_stock": true, "restocked": 1,
    });
    let written = json!({
        "key": i64::MAX, "number": "n1", "owner": 7, "status": "REFUND_PENDING", "came_from": "SHIPPED",
        "version": 4, "revision": 9, "last_sequence": 5, "items": [item], "amount": { "minor": 2997, "currency": "CNY" },
        "details": {
            "reference": "PO-1", "metadata": { "a \"key\"": "\n" }, "tracking": null,
            "contact": { "name": null, "email": null, "phone": "+49 30 1" },
            "shipping_address": {
                "lines": ["1 Main St"], "city": null, "region": null, "postal_code": null, "country": "DE",
            },
        },
        "created_at": -1, "updated_at": 2, "status_changed_at": 1, "expires_at": 3,
    });
    assert_eq!(to_value(order()).unwrap(), written);
    assert_eq!(to_value(user()).unwrap()["role"], "OPERATOR");
}

#[test]
fn what_breaks_a_rule_is_not_read() {
    let with = |name: &str, value: Value| {
        let mut written = to_value(order()).unwrap();
        written[name] = value;
        from_value::<Order>(written)
    };
    assert!(with("version", json!(5)).is_ok());
    for amount in [
        json!({ "minor": -1, "currency": "CNY" }),
        json!({ "minor": i64::MAX, "currency": "JPY" }),
        json!({ "minor": 1, "currency": "cny" }),
        json!({ "minor": 1 }),
        json!("1.00"),
    ] {
        assert!(with("amount", amount.clone()).is_err(), "{amount}");
    }
    for (name, value) in
        [("status", json!("paid")), ("came_from", json!("")), ("items", Value::Null), ("key", json!("1"))]
    {
        assert!(with(name, value).is_err(), "{name}");
    }
}
