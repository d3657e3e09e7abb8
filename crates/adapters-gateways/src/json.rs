//! A lenient JSON parser: numbers are not evaluated, half a surrogate pair becomes U+FFFD, and values that
//! nest too deeply are not parsed. Other parsers refuse such a document, although the odd value may be in a
//! member that no event needs.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The number of nested levels that are parsed. Each level is read once more than the one around it.
const LEVELS_MAX: usize = 32;
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A parsed JSON value. It has no `Debug` outside tests: nothing is masked yet.
#[cfg_attr(test, derive(Debug))]
#[derive(PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The literal, as it is written.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// All members in their order; a name may occur several times.
    Object(Vec<(String, Self)>),
    /// A list or an object below the last level.
    TooDeep,
}

/// Parses a JSON document; `None` if the text is not one.
pub(crate) fn parse_json(text: &str) -> Option<Json> {
    parse_value(serde_json::from_str(text.trim_start_matches(BYTE_ORDER_MARK)).ok()?, LEVELS_MAX)
}

fn parse_value(raw: &RawValue, levels: usize) -> Option<Json> {
    let text = raw.get();
    let Some(inner) = levels.checked_sub(1) else {
        return Some(if text.starts_with(['[', '{']) { Json::TooDeep } else { parse_scalar(text)? });
    };
    Some(if text.starts_with('[') {
        let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        Json::List(elements.into_iter().map(|it| parse_value(it, inner)).collect::<Option<_>>()?)
    } else if text.starts_with('{') {
        let Members(members) = serde_json::from_str(text).ok()?;
        let members = members.into_iter().map(|(name, it)| Some((name.0, parse_value(it, inner)?)));
        Json::Object(members.collect::<Option<_>>()?)
    } else {
        parse_scalar(text)?
    })
}

fn parse_scalar(text: &str) -> Option<Json> {
    Some(match text {
        "null" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        quoted if quoted.starts_with('"') => Json::Text(serde_json::from_str::<LossyString>(quoted).ok()?.0),
        number => Json::Number(number.to_owned()),
    })
}

/// A string in which U+FFFD replaces everything that is not a character.
struct LossyString(String);

impl<'de> Deserialize<'de> for LossyString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As bytes, because a `str` cannot contain half a surrogate pair.
        deserializer.deserialize_bytes(LossyStringVisitor)
    }
}

struct LossyStringVisitor;

impl Visitor<'_> for LossyStringVisitor {
    type Value = LossyString;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<LossyString, E> {
        Ok(LossyString(String::from_utf8_lossy(bytes).into_owned()))
    }
}

/// The members of an object, with values that are not parsed yet.
struct Members<'de>(Vec<(LossyString, &'de RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(LossyString, &'de RawValue)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// Replaces the escapes of JSON (`\u0034`) and of forms (`%34`) by the characters that they stand for. Text
/// that is not JSON may use either.
pub(crate) fn unescape_text(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '%']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '%']) {
        let (plain, escape) = rest.split_at(at);
        out.push_str(plain);
        let (char, length) =
            read_escape(escape).unwrap_or_else(|| (escape.chars().next().unwrap_or_default(), 1));
        out.push(char);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns the character that an escape stands for, and the length of the escape in bytes.
fn read_escape(escape: &str) -> Option<(char, usize)> {
    let hex = |from: usize, to: usize| {
        let digits = escape.get(from..to).filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()))?;
        let char = char::from_u32(u32::from_str_radix(digits, 16).ok()?);
        Some((char.unwrap_or(char::REPLACEMENT_CHARACTER), to))
    };
    match escape.as_bytes() {
        [b'%', ..] => hex(1, 3),
        [b'\\', b'u', ..] => hex(2, 6),
        [b'\\', b'n' | b'r' | b't' | b'b' | b'f', ..] => Some((' ', 2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Json {
        Json::Text(text.to_owned())
    }

    #[test]
    fn what_is_not_evaluated_is_no_fault() {
        let document = "\u{feff}{\"a\\ud800\":\"x\\ud800\",\"b\":[1e999,-0.10,true,null],\"a\":{}}";
        let members = [
            ("a\u{fffd}\u{fffd}\u{fffd}", text("x\u{fffd}\u{fffd}\u{fffd}")),
            (
                "b",
                Json::List(vec![
                    Json::Number("1e999".into()),
                    Json::Number("-0.10".into()),
                    Json::Bool(true),
                    Json::Null,
                ]),
            ),
            ("a", Json::Object(Vec::new())),
        ];
        assert_eq!(
            parse_json(document),
            Some(Json::Object(members.map(|(name, it)| (name.to_owned(), it)).into()))
        );
        assert_eq!(parse_json(" \"\\ud83d\\ude00\" "), Some(text("😀")));
    }

    #[test]
    fn nesting_has_an_end_and_no_price() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let mut at = parse_json(&nested(30_000)).unwrap();
        for _ in 0..LEVELS_MAX {
            let Json::List(mut inner) = at else { panic!("{at:?}") };
            at = inner.remove(0);
        }
        assert_eq!(at, Json::TooDeep);
        assert!(!format!("{:?}", parse_json(&nested(LEVELS_MAX))).contains("TooDeep"));
    }

    #[test]
    fn what_is_no_document_is_none() {
        for other in
            ["", "{", "[1,]", "{} x", "a=b", "\"\n\"", "\"\\x\"", "01", "{\"a\"}", "[".repeat(1000).as_str()]
        {
            assert_eq!(parse_json(other), None, "{other}");
        }
    }

    #[test]
    fn an_escape_is_what_it_stands_for() {
        for (escape, plain) in [
            (r"\u0034\u00e4\uD800", "4ä\u{fffd}"),
            ("%34%20%zz%", "4 %zz%"),
            (r"4\n2\t\\u0034", r"4 2 \4"),
            (r"\u003 \", r"\u003 \"),
            ("ä", "ä"),
        ] {
            assert_eq!(unescape_text(escape), plain);
        }
    }
}
