//! What the decoders take, as JSON Schema: lengths, patterns and ranges, from the constants of the decoders.

use domain::{
    Email, Password, Text,
    api_key::Scope,
    id::ID_BYTES_MAX,
    order::{
        ADDRESS_LINES_MAX, AddressLine, CarrierName, ContactName, LINES_MAX, METADATA_KEYS_MAX, MetadataKey,
        MetadataValue, OrderReference, PhoneNumber, PlaceName, PostalCode, QUANTITY_MAX, TrackingNumber,
        TrackingUrl,
    },
    product::STOCK_MAX,
    webhook::WebhookUrl,
};
use serde_json::{Value, json};

use crate::http::{
    body::BODY_BYTES_MAX,
    decode::{LIMIT_DEFAULT, LIMIT_MAX},
    idempotency::KEY_CHARS_MAX,
};

// Classes of characters, to be put into brackets. Written as escapes and not as `\s` or `\p{Cc}`, which differ
// between the languages of clients.
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";
/// Control characters but for tab and line breaks.
const ODD_CONTROL: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f";
/// Control characters and white space.
const BLANK: &str = r"\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// The characters of one part of an e-mail address before the @, between points.
const ATOM: &str = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
/// One label of a host name.
const LABEL: &str = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

/// A set of keywords of JSON Schema that a decoder enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// A reason, a note, a product's name: [`Text`].
    Text,
    /// Any text, which is only compared: as much as a body holds.
    AnyText,
    /// A name that is registered.
    Username,
    Email,
    /// A password that is set. Its length counts bytes, and JSON Schema characters of up to four of them.
    Password,
    /// An id, or the number of an order.
    Id,
    /// The operator's id of a product.
    ProductId,
    /// The name of a gateway.
    GatewayName,
    /// The sealed place in a list.
    Cursor,
    /// The size of a page.
    PageSize,
    /// The header of a request that is done once.
    IdempotencyKey,
    /// A name in a filter: names of an adopted database follow no other rule.
    FilterName,
    /// Details of orders, with the type that parses each.
    Reference,
    /// The name of a person or company.
    ContactName,
    Phone,
    /// The scopes of an API key.
    Scopes,
    /// The lines of an address.
    AddressLines,
    /// One line of an address.
    AddressLine,
    /// A city or a region.
    PlaceName,
    PostalCode,
    /// The company that carries a parcel.
    Carrier,
    /// The number of a parcel.
    TrackingNumber,
    /// The page of a parcel.
    TrackingUrl,
    /// The address of a webhook endpoint.
    WebhookUrl,
    /// The pairs of an order.
    Metadata,
    /// The key of a pair.
    MetadataKey,
    /// The value of a pair.
    MetadataValue,
    /// The lines of an order.
    OrderLines,
    /// The pieces of a line.
    Quantity,
    /// The pieces of a product in stock.
    Stock,
    /// The pieces that come in or go out.
    Adjustment,
}

impl Limit {
    #[cfg(test)]
    pub(super) const ALL: &'static [Self] = &[
        Self::Text,
        Self::AnyText,
        Self::Username,
        Self::Email,
        Self::Password,
        Self::Id,
        Self::ProductId,
        Self::GatewayName,
        Self::Cursor,
        Self::Scopes,
        Self::PageSize,
        Self::IdempotencyKey,
        Self::FilterName,
        Self::Reference,
        Self::ContactName,
        Self::Phone,
        Self::AddressLines,
        Self::AddressLine,
        Self::PlaceName,
        Self::PostalCode,
        Self::Carrier,
        Self::TrackingNumber,
        Self::TrackingUrl,
        Self::WebhookUrl,
        Self::Metadata,
        Self::MetadataKey,
        Self::MetadataValue,
        Self::OrderLines,
        Self::Quantity,
        Self::Stock,
        Self::Adjustment,
    ];

    pub(super) fn keywords(self) -> Value {
        match self {
            Self::Text => line_keywords(Text::CHARS_MAX),
            Self::AnyText => json!({"maxLength": BODY_BYTES_MAX}),
            Self::Username => json!({"minLength": 3, "maxLength": 32, "pattern": "^[A-Za-z0-9_.-]+$"}),
            Self::Email => {
                let pattern = format!(r"^{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})+$");
                json!({"format": "email", "minLength": 5, "maxLength": Email::BYTES_MAX, "pattern": pattern})
            }
            Self::Password => json!({
                "format": "password", "minLength": Password::BYTES_MIN.div_ceil(4), "maxLength": Password::BYTES_MAX,
                "pattern": r"^[^\u0000]+$",
            }),
            Self::Id => id_keywords("!-~"),
            Self::ProductId => id_keywords("A-Za-z0-9._~:-"),
            Self::GatewayName => id_keywords("a-z0-9-"),
            Self::Cursor => json!({"minLength": 1, "pattern": r"^[!-~]+$"}),
            Self::Scopes => json!({"minItems": 1, "maxItems": Scope::ALL.len(), "uniqueItems": true}),
            Self::PageSize => json!({"minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}),
            Self::IdempotencyKey => idempotency_key(),
            Self::FilterName => json!({"minLength": 1, "maxLength": 255}),
            Self::Reference => json!({
                "minLength": 1, "maxLength": OrderReference::CHARS_MAX,
                "pattern": format!("^[^{BLANK}](?:[^{CONTROL}]*[^{BLANK}])?$"),
            }),
            Self::ContactName => line_keywords(ContactName::CHARS_MAX),
            Self::Phone => json!({
                "minLength": 1, "maxLength": PhoneNumber::CHARS_MAX,
                "pattern": format!("^[^{CONTROL}]*[0-9][^{CONTROL}]*$"),
            }),
            Self::AddressLines => json!({"minItems": 1, "maxItems": ADDRESS_LINES_MAX}),
            Self::AddressLine => line_keywords(AddressLine::CHARS_MAX),
            Self::PlaceName => line_keywords(PlaceName::CHARS_MAX),
            Self::PostalCode => line_keywords(PostalCode::CHARS_MAX),
            Self::Carrier => line_keywords(CarrierName::CHARS_MAX),
            Self::TrackingNumber => line_keywords(TrackingNumber::CHARS_MAX),
            Self::TrackingUrl => json!({
                "minLength": 8, "maxLength": TrackingUrl::BYTES_MAX,
                "pattern": r##"^[Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9\[][!$%&'()*+,\-.0-9:;=A-Z\[\]_a-z~]*(?:[/?#][!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*)?$"##,
            }),
            Self::WebhookUrl => json!({
                "minLength": 8, "maxLength": WebhookUrl::BYTES_MAX,
                "pattern": r"^https?://[A-Za-z0-9\[][!-~]*$",
            }),
            Self::Metadata => json!({"maxProperties": METADATA_KEYS_MAX}),
            Self::MetadataKey => json!({
                "minLength": 1, "maxLength": MetadataKey::CHARS_MAX, "pattern": format!("^[^{CONTROL}]+$"),
            }),
            Self::MetadataValue => json!({
                "maxLength": MetadataValue::CHARS_MAX, "pattern": format!("^[^{ODD_CONTROL}]*$"),
            }),
            Self::OrderLines => json!({"minItems": 1, "maxItems": LINES_MAX}),
            Self::Quantity => json!({"minimum": 1, "maximum": QUANTITY_MAX}),
            Self::Stock => json!({"minimum": 0, "maximum": STOCK_MAX}),
            Self::Adjustment => json!({"minimum": -STOCK_MAX, "maximum": STOCK_MAX, "not": {"const": 0}}),
        }
    }
}

/// A line that is not blank and has no control character.
fn line_keywords(chars_max: usize) -> Value {
    let pattern = format!("^[^{CONTROL}]*[^{BLANK}][^{CONTROL}]*$");
    json!({"minLength": 1, "maxLength": chars_max, "pattern": pattern})
}

fn id_keywords(characters: &str) -> Value {
    json!({"minLength": 1, "maxLength": ID_BYTES_MAX, "pattern": format!("^[{characters}]+$")})
}

/// A bare key, or a quoted one with its escapes.
fn idempotency_key() -> Value {
    let more = KEY_CHARS_MAX.saturating_sub(1);
    let bare = format!("[!#-~][!-~]{{0,{more}}}");
    let quoted = format!(r#""(?:[!#-\[\]-~]|\\["\\]){{1,{KEY_CHARS_MAX}}}""#);
    json!({"minLength": 1, "pattern": format!("^(?:{bare}|{quoted})$")})
}
