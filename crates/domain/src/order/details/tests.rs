use std::collections::BTreeMap;

use super::*;
use crate::{Email, Invalid};

fn key(text: &str) -> MetadataKey {
    MetadataKey::parse(text).unwrap()
}

fn value(text: &str) -> MetadataValue {
    MetadataValue::parse(text).unwrap()
}

fn pairs(all: &[(&str, &str)]) -> Metadata {
    Metadata::new(all.iter().map(|(k, v)| (key(k), value(v))).collect()).unwrap()
}

fn filled() -> OrderDetails {
    OrderDetails {
        reference: Some(OrderReference::parse("PO-77").unwrap()),
        metadata: pairs(&[("channel", "web"), ("gift", "")]),
        contact: Some(Contact {
            name: Some(ContactName::parse("Ada").unwrap()),
            email: Some(Email::parse("ada@example.com").unwrap()),
            phone: None,
        }),
        shipping_address: Some(Address {
            lines: vec![AddressLine::parse("1 Main St").unwrap()],
            city: Some(PlaceName::parse("Berlin").unwrap()),
            region: None,
            postal_code: Some(PostalCode::parse("10115").unwrap()),
            country: Country::parse("DE").unwrap(),
        }),
        tracking: None,
    }
}

#[test]
fn a_text_is_kept_as_it_was_sent() {
    for text in [" a ", "é", "名", "a  b"] {
        assert_eq!(ContactName::parse(text).unwrap().as_str(), text);
    }
    assert_eq!(value(" two\nlines\t").as_str(), " two\nlines\t");
    assert_eq!(value("").as_str(), "");
}

#[test]
fn a_text_has_its_limits_in_characters() {
    assert!(OrderReference::parse(&"名".repeat(100)).is_ok());
    assert!(MetadataKey::parse(&"名".repeat(40)).is_ok());
    assert!(MetadataValue::parse(&"名".repeat(500)).is_ok());
    for bad in [&"x".repeat(101), "", " ", "a\nb", "a\u{7f}", " a", "a "] {
        assert!(OrderReference::parse(bad).is_err(), "{bad:?}");
    }
    for bad in [&"x".repeat(41), "", "a\nb"] {
        assert!(MetadataKey::parse(bad).is_err(), "{bad:?}");
    }
    for bad in [&"x".repeat(501), "\0", "\u{1b}[31m"] {
        assert!(MetadataValue::parse(bad).is_err(), "{bad:?}");
    }
    assert!(PhoneNumber::parse("+49 (30) 1234-5 ext. 6").is_ok());
    assert!(PhoneNumber::parse("call me").is_err());
}

#[test]
fn there_are_at_most_50_pairs() {
    let many = |count: usize| (0..count).map(|it| (key(&it.to_string()), value("x"))).collect();
    assert!(Metadata::new(many(50)).is_ok());
    assert_eq!(Metadata::new(many(51)), Err(Invalid("must have at most 50 keys")));
}

#[test]
fn a_link_leads_to_a_page_and_runs_nothing() {
    for good in
        ["https://track.example/p?id=1#x", "http://localhost:8080", "HTTPS://[::1]/a", "https://a.example"]
    {
        assert_eq!(TrackingUrl::parse(good).unwrap().as_str(), good);
    }
    let long = format!("https://a.example/{}", "x".repeat(1000));
    for bad in [
        "",
        "https://",
        "javascript:alert(1)",
        "ftp://a.example",
        "//a.example",
        "https:///a",
        "https://u:p@a.example",
        "https://a example",
        "https://a.example/<b>",
        "https://é.example",
        "https://a.example/\n",
        &long,
    ] {
        assert!(TrackingUrl::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn no_debug_shows_what_people_wrote() {
    let mut details = filled();
    details.tracking = Tracking { number: Some(TrackingNumber::parse("77").unwrap()), ..Tracking::default() }
        .into_non_empty();
    let shown =
        format!("{details:?} {:?} {:?} {:?}", filled().contact.unwrap().name, key("channel"), value("web"));
    for secret in ["PO-77", "Ada", "ada@", "Main", "Berlin", "10115", "channel", "web", "77"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn a_patch_that_names_nothing_changes_nothing() {
    for details in [OrderDetails::default(), filled()] {
        assert_eq!(DetailsPatch::default().apply_to(&details), Ok(details.clone()));
        let empty = DetailsPatch {
            metadata: Patch::Set(BTreeMap::new()),
            contact: Patch::Set(ContactPatch::default()),
            tracking: Patch::Set(TrackingPatch::default()),
            ..DetailsPatch::default()
        };
        assert_eq!(empty.apply_to(&details), Ok(details));
    }
}

#[test]
fn an_object_within_a_patch_changes_the_members_that_it_has() {
    let patch = DetailsPatch {
        metadata: Patch::Set([(key("gift"), None), (key("new"), Some(value("1")))].into()),
        contact: Patch::Set(ContactPatch {
            email: Patch::Remove,
            phone: Patch::Set(PhoneNumber::parse("1").unwrap()),
            ..ContactPatch::default()
        }),
        shipping_address: Patch::Set(AddressPatch { city: Patch::Remove, ..AddressPatch::default() }),
        ..DetailsPatch::default()
    };
    let after = patch.apply_to(&filled()).unwrap();
    assert_eq!(after.metadata, pairs(&[("channel", "web"), ("new", "1")]));
    let contact = after.contact.unwrap();
    assert_eq!((contact.name.is_some(), contact.email, contact.phone.is_some()), (true, None, true));
    let address = after.shipping_address.unwrap();
    assert_eq!((address.lines.len(), address.city, address.postal_code.is_some()), (1, None, true));
    assert_eq!(after.reference, filled().reference);
}

#[test]
fn null_removes_the_whole_and_the_last_member_removes_the_object() {
    let remove_all = DetailsPatch {
        reference: Patch::Remove,
        metadata: Patch::Remove,
        contact: Patch::Set(ContactPatch { name: Patch::Remove, email: Patch::Remove, phone: Patch::Remove }),
        shipping_address: Patch::Remove,
        tracking: Patch::Remove,
    };
    assert!(remove_all.apply_to(&filled()).unwrap().is_empty());
}

#[test]
fn every_rule_that_the_outcome_breaks_is_named() {
    let many = (0..50).map(|it| (key(&it.to_string()), Some(value("x")))).collect();
    let patch = DetailsPatch {
        metadata: Patch::Set(many),
        shipping_address: Patch::Set(AddressPatch {
            country: Patch::Remove,
            lines: Patch::Remove,
            ..AddressPatch::default()
        }),
        ..DetailsPatch::default()
    };
    let pointers =
        |details| patch.apply_to(&details).unwrap_err().into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(pointers(filled()), ["/metadata", "/shippingAddress/lines", "/shippingAddress/country"]);
    assert_eq!(pointers(OrderDetails::default()), ["/shippingAddress/lines", "/shippingAddress/country"]);
}
