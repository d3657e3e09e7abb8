//! Schemas with a name of their own: the words that a member can have, and the forms of money and codes.
//!
//! The words come from the types that the decoders and the views use, so a word that is added there is in the
//! contract at once.

use domain::{
    Actor, Currency, FindingKind, Role,
    order::{Country, OrderStatus},
    payment::{
        CaptureMethod, DisputeStatus, EventDisposition, EventKind, PaymentRequestKind, PaymentStatus,
        RefundStatus,
    },
};
use ports::{AttemptOperation, BucketSize};
use serde_json::{Value, json};

use crate::http::problem::Kind;

/// An amount without a sign: at most 15 digits, as [`domain::Money::MAJOR_MAX`], and the decimals of its currency.
const AMOUNT: &str = "^(?:0|[1-9][0-9]{0,14})(?:\\.[0-9]{1,4})?$";
/// A sum of any number of amounts.
const AMOUNT_SUM: &str = "^(?:0|[1-9][0-9]{0,33})(?:\\.[0-9]{1,4})?$";
/// The distance of a clock from UTC, at most [`ports::UTC_OFFSET_MINUTES_MAX`].
const UTC_OFFSET: &str = "^[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)$";
/// An amount of that form, without those that are zero.
const POSITIVE_AMOUNT: &str = "^(?:[1-9][0-9]{0,14}(?:\\.[0-9]{1,4})?|0\\.(?:[0-9]{0,3}[1-9]|[0-9]{0,2}[1-9]0|[0-9]?[1-9]00|[1-9]000))$";

/// Adds the named schemas to the document's components.
pub(super) fn add_named_schemas(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    for (name, schema) in word_schemas().into_iter().chain(time_schemas()).chain(form_schemas()) {
        schemas[name] = schema;
    }
}

fn word_schemas() -> Vec<(&'static str, Value)> {
    let operations = PaymentRequestKind::ALL.into_iter().filter(|it| *it != PaymentRequestKind::Payment);
    vec![
        ("OrderStatus", word_schema("Status of an order.", OrderStatus::ALL.map(OrderStatus::as_str))),
        (
            "PaymentStatus",
            word_schema("Status of a transaction.", PaymentStatus::ALL.map(PaymentStatus::as_str)),
        ),
        ("RefundStatus", word_schema("Status of a refund.", RefundStatus::ALL.map(RefundStatus::as_str))),
        (
            "CaptureMethod",
            word_schema(
                "When the money is taken: with the payment, or later by a capture.",
                [CaptureMethod::Automatic, CaptureMethod::Manual].map(CaptureMethod::as_str),
            ),
        ),
        ("ActorType", word_schema("The kind of actor that made a change.", Actor::ALL.map(Actor::as_str))),
        (
            "Role",
            word_schema(
                "Role of a user; it decides which operations are allowed.",
                [Role::Customer, Role::Operator].map(Role::as_str),
            ),
        ),
        ("FindingKind", word_schema("What is to be looked at.", FindingKind::ALL.map(FindingKind::as_str))),
        (
            "OperationType",
            word_schema("What was asked of an authorisation.", operations.map(PaymentRequestKind::as_str)),
        ),
        (
            "AttemptOperation",
            word_schema(
                "What a gateway was asked to do.",
                AttemptOperation::ALL.map(AttemptOperation::as_str),
            ),
        ),
        ("AttemptOutcome", word_schema("Whether a gateway answered.", ["ANSWERED", "FAILED"])),
        ("StockEffect", word_schema("What a change did to the stock.", ["KEPT", "SET", "ADJUSTED"])),
        ("DisputeStatus", word_schema("Status of a dispute.", DisputeStatus::ALL.map(DisputeStatus::as_str))),
        ("OrderExportFormat", word_schema("The form of an export.", ["csv", "ndjson"])),
        (
            "OrderExportSort",
            word_schema(
                "The order of an export; the sign means the latest first.",
                ["-createdAt", "createdAt"],
            ),
        ),
        (
            "NoticeType",
            word_schema("What a notice of a gateway reports.", EventKind::ALL.map(EventKind::as_str)),
        ),
        (
            "OrderSort",
            word_schema(
                "The order of a list; the sign means the latest first.",
                ["-createdAt", "createdAt", "-updatedAt", "updatedAt"],
            ),
        ),
        (
            "ProblemSlug",
            word_schema("The last segment of a problem's `type`.", Kind::ALL.iter().map(|it| it.slug())),
        ),
        (
            "ProblemType",
            word_schema(
                "The kind of a problem: a page to read, relative to the service. A later version may have more.",
                Kind::ALL.iter().map(|it| it.type_uri()),
            ),
        ),
    ]
}

/// Words of lists and sums over time.
fn time_schemas() -> Vec<(&'static str, Value)> {
    vec![
        (
            "NoticeDisposition",
            word_schema("What became of a notice.", EventDisposition::ALL.map(EventDisposition::as_str)),
        ),
        ("FeedStart", word_schema("Where a reader of the feed begins.", ["oldest", "now"])),
        (
            "BucketSize",
            word_schema(
                "The length of a bucket of time.",
                [BucketSize::Hour, BucketSize::Day].map(BucketSize::as_str),
            ),
        ),
    ]
}

fn form_schemas() -> Vec<(&'static str, Value)> {
    let text = |description: &str, pattern: &str, example: &str| json!({"type": "string", "description": description, "pattern": pattern, "examples": [example]});
    vec![
        ("Amount", text("An amount in major units, with the decimals of its currency.", AMOUNT, "19.98")),
        (
            "AmountSum",
            text(
                "A sum of amounts in major units, with the decimals of its currency.",
                AMOUNT_SUM,
                "120034.50",
            ),
        ),
        ("UtcOffset", text("How far a clock is ahead of UTC, or behind it.", UTC_OFFSET, "+08:00")),
        (
            "PositiveAmount",
            text(
                "An amount in major units above zero, with no more decimals than its currency has.",
                POSITIVE_AMOUNT,
                "19.98",
            ),
        ),
        ("Currency", text("ISO 4217 code of a currency that is in use, or ever was.", "^[A-Z]{3}$", "CNY")),
        (
            "CurrencyInUse",
            word_schema(
                "ISO 4217 code of a currency that is in use.",
                known_codes(3, |it| Currency::parse(it).is_ok()),
            ),
        ),
        (
            "CountryCode",
            word_schema("Code of ISO 3166-1 alpha-2.", known_codes(2, |it| Country::parse(it).is_ok())),
        ),
    ]
}

fn word_schema<W: Into<Value>>(description: &str, words: impl IntoIterator<Item = W>) -> Value {
    let words: Vec<Value> = words.into_iter().map(Into::into).collect();
    let names: Vec<_> = words.iter().filter_map(Value::as_str).map(constant_name).collect();
    // Generators number the constants whose words they cannot make a name of.
    json!({"type": "string", "description": description, "enum": words, "x-enum-varnames": names})
}

/// The name of a word in generated code: `/problems/not-found` as `NOT_FOUND`, `-createdAt` as `CREATED_AT_DESC`.
fn constant_name(word: &str) -> String {
    let last = word.rsplit('/').next().unwrap_or(word);
    let (body, suffix) = last.strip_prefix('-').map_or((last, ""), |rest| (rest, "_DESC"));
    let mut name = String::new();
    let mut was_lower = false;
    for letter in body.chars() {
        if letter.is_ascii_uppercase() && was_lower {
            name.push('_');
        }
        was_lower = letter.is_ascii_lowercase();
        name.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
    }
    name + suffix
}

/// The upper-case codes of this length that the decoder takes, found by asking it about each.
fn known_codes(length: u32, is_known: impl Fn(&str) -> bool) -> Vec<String> {
    // 17,576 questions for three letters, once in the life of the process: one list less that could disagree.
    let letters = b'A'..=b'Z';
    let mut all = vec![String::new()];
    for _ in 0..length {
        let longer = |it: &String| {
            letters.clone().map(|letter| format!("{it}{}", char::from(letter))).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all.retain(|it| is_known(it));
    all
}
