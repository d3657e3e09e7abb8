//! What the document says about a text, and what its decoder takes.

use domain::{
    Email, GatewayName, Invalid, Money, OrderNumber, Password, ProductId, Text, Username, money,
    order::{
        AddressLine, CarrierName, ContactName, Country, MetadataKey, MetadataValue, OrderReference,
        PhoneNumber, PlaceName, PostalCode, TrackingNumber, TrackingUrl,
    },
    webhook::WebhookUrl,
};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::http::openapi::{build_document, limits::Limit};

/// A limit with the decoder that enforces it.
type Decoder = (Limit, fn(&str) -> bool);

/// The decoder of each limit of a text that is more than a length.
const DECODERS: &[Decoder] = &[
    (Limit::Username, |it| is_ok(Username::parse(it))),
    (Limit::Email, |it| is_ok(Email::parse(it))),
    (Limit::Password, |it| is_ok(Password::parse(it))),
    (Limit::Id, |it| is_ok(OrderNumber::parse(it))),
    (Limit::ProductId, |it| is_ok(ProductId::parse(it))),
    (Limit::GatewayName, |it| is_ok(GatewayName::parse(it))),
    (Limit::Reference, |it| is_ok(OrderReference::parse(it))),
    (Limit::ContactName, |it| is_ok(ContactName::parse(it))),
    (Limit::Phone, |it| is_ok(PhoneNumber::parse(it))),
    (Limit::AddressLine, |it| is_ok(AddressLine::parse(it))),
    (Limit::PlaceName, |it| is_ok(PlaceName::parse(it))),
    (Limit::PostalCode, |it| is_ok(PostalCode::parse(it))),
    (Limit::Carrier, |it| is_ok(CarrierName::parse(it))),
    (Limit::TrackingNumber, |it| is_ok(TrackingNumber::parse(it))),
    (Limit::TrackingUrl, |it| is_ok(TrackingUrl::parse(it))),
    (Limit::WebhookUrl, |it| is_ok(WebhookUrl::parse(it))),
    (Limit::MetadataKey, |it| is_ok(MetadataKey::parse(it))),
    (Limit::MetadataValue, |it| is_ok(MetadataValue::parse(it))),
    (Limit::Text, |it| is_ok(Text::parse(it)) && it.trim() == it),
    (Limit::FilterName, |it| (1..=255).contains(&it.chars().count())),
];

fn is_ok<T>(parsed: Result<T, Invalid>) -> bool {
    parsed.is_ok()
}

/// Whether what is known to differ explains the difference.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other limits are plain")]
fn is_explained(limit: Limit, text: &str) -> bool {
    match limit {
        // Bytes against characters, and the list of common ones.
        Limit::Password => !text.contains('\0'),
        // A number is not only written with ASCII digits.
        Limit::Phone => text.chars().any(|it| it.is_numeric() && !it.is_ascii_digit()),
        // White space around it is removed, and does not count.
        Limit::Text => text.trim() != text,
        // At most 64 characters before the @; and a card number in any of them.
        Limit::Email => {
            text.split('@').next().is_some_and(|it| it.len() > 64) || domain::card::contains_number(text)
        }
        Limit::Username => domain::card::contains_number(text),
        _ => false,
    }
}

fn validator(limit: Limit) -> Validator {
    let mut schema = limit.keywords();
    schema["type"] = json!("string");
    jsonschema::validator_for(&schema).unwrap()
}

fn check_agreement(limit: Limit, decoder: fn(&str) -> bool, validator: &Validator, text: &str) {
    let (described, decoded) = (validator.is_valid(&json!(text)), decoder(text));
    assert!(
        described == decoded || is_explained(limit, text),
        "{limit:?}: {text:?} is described: {described}, decoded: {decoded}"
    );
}

/// Texts of every kind, with those that are near a border more often.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9._~:-]{0,40}",
        "[ -~]{0,40}",
        "[a-z0-9.+']{1,12}@[a-z0-9-]{1,9}(\\.[a-z0-9-]{1,4}){0,2}",
        "(https?|HTTP|ftp)://[!-~]{0,20}",
        "[\\PC\u{0}-\u{20}\u{85}\u{a0}\u{2028}\u{3000}\u{feff}]{0,12}",
        "[ \u{a0}\u{3000}\t\n]{0,3}[a-z0-9٣]{0,3}[ \u{a0}\u{2003}]{0,3}",
    ]
}

proptest! {
    #[test]
    fn a_text_is_described_as_it_is_decoded(text in texts()) {
        static VALIDATORS: std::sync::LazyLock<Vec<Validator>> =
            std::sync::LazyLock::new(|| DECODERS.iter().map(|(limit, _)| validator(*limit)).collect());
        for ((limit, decoder), validator) in DECODERS.iter().zip(VALIDATORS.iter()) {
            check_agreement(*limit, *decoder, validator, &text);
        }
    }

    #[test]
    fn an_amount_is_described_as_it_is_decoded(text in "[0-9.]{0,8}|[0-9]{1,16}(\\.[0-9]{0,5})?|[ -~]{0,4}") {
        static FORMS: std::sync::LazyLock<[Validator; 2]> =
            std::sync::LazyLock::new(|| ["Amount", "PositiveAmount"].map(named_validator));
        let [any, positive] = &*FORMS;
        let value = json!(text);
        // Chile's unit of account has four decimals, which is the most.
        let parsed = Money::parse(&text, "CLF");
        prop_assert!(parsed.is_err() || positive.is_valid(&value), "{}", text);
        // What is described can at most be too large.
        let digits = text.split('.').next().unwrap_or_default().len();
        prop_assert!(!positive.is_valid(&value) || parsed.is_ok() || digits == 15, "{}", text);
        prop_assert!(!any.is_valid(&value) || money::is_plain_decimal(&text), "{}", text);
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the other limits are plain")]
#[test]
fn the_longest_text_is_described_as_it_is_decoded() {
    for (limit, decoder) in DECODERS {
        let (validator, keywords) = (validator(*limit), limit.keywords());
        let longest = usize::try_from(keywords["maxLength"].as_u64().unwrap()).unwrap();
        let build = |length: usize| match limit {
            Limit::Email => format!(
                "{}@{}.example",
                "a".repeat(60),
                ["b".repeat(60).as_str(); 4].join(".").chars().take(length - 69).collect::<String>()
            ),
            Limit::TrackingUrl | Limit::WebhookUrl => format!("https://a/{}", "b".repeat(length - 10)),
            // No password of this kind is a common one.
            Limit::Password => "aZ3-".repeat(length / 4 + 1).chars().take(length).collect(),
            _ => "1".repeat(length),
        };
        for (length, fits) in [(longest, true), (longest + 1, false)] {
            let text = build(length);
            assert_eq!(text.len(), length, "{limit:?}");
            assert_eq!(
                (validator.is_valid(&json!(text)), decoder(&text)),
                (fits, fits),
                "{limit:?}: {length}"
            );
        }
        if keywords["minLength"] == 1 {
            assert_eq!((validator.is_valid(&json!("")), decoder("")), (false, false), "{limit:?}");
        }
    }
}

#[test]
fn every_limit_of_a_text_has_its_decoder_here() {
    // Those of numbers and lists are constants that the decoders use as they are; the HTTP suite tries them.
    let of_others = |it: &Limit| {
        it.keywords().get("pattern").is_none() || matches!(it, Limit::Cursor | Limit::IdempotencyKey)
    };
    for limit in Limit::ALL.iter().filter(|it| !of_others(it)) {
        assert!(DECODERS.iter().any(|(it, _)| it == limit), "{limit:?}");
    }
}

/// Unlike the texts above, which are members of a body, keys are headers.
#[test]
fn a_key_is_described_as_it_is_decoded() {
    let validator = validator(Limit::IdempotencyKey);
    let long = "k".repeat(255);
    let quoted = format!("\"{long}\"");
    for good in ["a", "a-1", "it\"s", "\"a-1\"", r#""\"hi\"\\""#, &long, &quoted] {
        assert!(validator.is_valid(&json!(good)), "{good}");
    }
    for bad in [
        "",
        "\"\"",
        "a b",
        "\"open",
        "\"a\"b",
        "\"a\\b\"",
        "\"",
        &format!("{long}k"),
        &format!("\"{long}k\""),
    ] {
        assert!(!validator.is_valid(&json!(bad)), "{bad}");
    }
}

#[test]
fn codes_are_those_that_the_decoders_know() {
    let document = build_document();
    let words = |name: &str| document["components"]["schemas"][name]["enum"].as_array().unwrap().clone();
    let countries = words("CountryCode");
    assert!(
        countries.len() == 249 && countries.iter().all(|it| Country::parse(it.as_str().unwrap()).is_ok())
    );
    let currencies = words("CurrencyInUse");
    assert!(currencies.contains(&json!("CNY")) && !currencies.contains(&json!("DEM")), "{currencies:?}");
}

fn named_validator(name: &str) -> Validator {
    let schema: Value = build_document()["components"]["schemas"][name].clone();
    jsonschema::validator_for(&schema).unwrap()
}
