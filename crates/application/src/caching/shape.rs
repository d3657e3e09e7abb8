//! The shape of the cached types: the names of all members, at every depth, and the kind of each.
//!
//! An entry written by another version of this program may lack a member, and would be read as if that were
//! empty. So the shape is a part of all cache keys. It is computed from values in which every member is set:
//! adding a member to a type forces a change here, because nothing here is left to a default.

use domain::{
    Currency, Email, Invalid, Money, Order, OrderKey, OrderNumber, ProductId, Revision, Sequence, Session,
    SessionId, SessionKey, Text, Timestamp, UserKey, Version,
    order::{
        Address, AddressLine, CarrierName, Contact, ContactName, Country, Metadata, MetadataKey,
        MetadataValue, OrderDetails, OrderLine, OrderReference, OrderStatus, PhoneNumber, PlaceName,
        PostalCode, Tracking, TrackingNumber, TrackingUrl,
    },
};
use serde::Serialize;
use serde_json::Value;

/// A text that changes whenever a cached type changes its shape.
#[must_use]
pub fn cache_shape() -> String {
    let order = sample_order().map_or_else(|rule| rule.to_string(), |it| value_shape(&it));
    format!("order {order} session {}", value_shape(&sample_session()))
}

fn value_shape(filled: &impl Serialize) -> String {
    serde_json::to_value(filled).map_or_else(|error| error.to_string(), |it| describe_value(&it))
}

fn describe_value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) => "flag".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(all) => format!("[{}]", all.first().map_or_else(String::new, describe_value)),
        Value::Object(members) => {
            let mut lines: Vec<_> =
                members.iter().map(|(name, it)| format!("{name}: {}", describe_value(it))).collect();
            // Sorted by name: the order in which members are declared does not change what a reader finds.
            lines.sort();
            format!("{{{}}}", lines.join(", "))
        }
    }
}

const AT: Timestamp = Timestamp::from_millis(1);

fn sample_order() -> Result<Order, Invalid> {
    let price = Money::zero(Currency::parse("CNY")?);
    let item = OrderLine {
        product: ProductId::new(String::new()),
        name: Text::new(""),
        quantity: 1,
        price,
        holds_stock: true,
        restocked: 0,
    };
    Ok(Order {
        key: OrderKey::new(1),
        number: OrderNumber::new(String::new()),
        owner: UserKey::new(1),
        status: OrderStatus::Pending,
        status_before_refund: Some(OrderStatus::Paid),
        version: Version::FIRST,
        revision: Revision::FIRST,
        last_sequence: Sequence::FIRST,
        items: vec![item],
        amount: price,
        details: sample_details()?,
        created_at: AT,
        updated_at: AT,
        expires_at: AT,
        status_changed_at: AT,
    })
}

fn sample_details() -> Result<OrderDetails, Invalid> {
    let pair = (MetadataKey::parse("key")?, MetadataValue::parse("")?);
    let place = || PlaceName::new(String::new());
    Ok(OrderDetails {
        reference: Some(OrderReference::new(String::new())),
        metadata: Metadata::new([pair].into())?,
        contact: Some(Contact {
            name: Some(ContactName::new(String::new())),
            email: Some(Email::new(String::new())),
            phone: Some(PhoneNumber::new(String::new())),
        }),
        shipping_address: Some(Address {
            lines: vec![AddressLine::new(String::new())],
            city: Some(place()),
            region: Some(place()),
            postal_code: Some(PostalCode::new(String::new())),
            country: Country::parse("DE")?,
        }),
        tracking: Some(Tracking {
            carrier: Some(CarrierName::new(String::new())),
            number: Some(TrackingNumber::new(String::new())),
            url: Some(TrackingUrl::parse("https://a.example")?),
        }),
    })
}

fn sample_session() -> Session {
    Session {
        key: SessionKey::new(1),
        id: SessionId::new(String::new()),
        user: UserKey::new(1),
        generation: 1,
        rotated_at: AT,
        created_at: AT,
        expires_at: AT,
        revoked_at: Some(AT),
        spent: vec![AT],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_member_at_every_depth_is_a_part_of_it_and_no_value_is() {
        let plain = json!({"a": 1, "b": [{"c": "x", "d": null}]});
        for other in [
            json!({"a": 1, "b": [{"c": "x"}]}),
            json!({"a": 1, "b": [{"c": "x", "d": null, "e": true}]}),
            json!({"a": "1", "b": [{"c": "x", "d": null}]}),
            json!({"b": [{"c": "x", "d": null}]}),
        ] {
            assert_ne!(describe_value(&plain), describe_value(&other), "{other}");
        }
        assert_eq!(describe_value(&plain), describe_value(&json!({"b": [{"d": null, "c": "y"}], "a": 2})));
    }

    #[test]
    fn what_is_copied_is_filled_to_its_last_member() {
        let shape = cache_shape();
        for member in ["came_from: text", "holds_stock: flag", "revoked_at: number", "spent: [number]"] {
            assert!(shape.contains(member), "{member}: {shape}");
        }
        assert!(!shape.contains("nothing") && !shape.contains("[]"), "{shape}");
    }
}
