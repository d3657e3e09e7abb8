//! Canonical JSON: one text for all spellings of the same document. Stored fingerprints depend on it, so it
//! must not change.

use std::fmt::Write;

use serde_json::Value;

/// Writes `value` without white space, with the members of each object sorted by name.
pub(super) fn to_canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            // Writing to a string does not fail.
            let _ = write!(out, "{value}");
        }
        Value::Array(elements) => write_list(out, ['[', ']'], elements, write_value),
        Value::Object(members) => {
            // Sorted here, although the map may be sorted by itself: whether it is depends on a feature of
            // serde_json that any crate in the build may turn on, and then every stored fingerprint would
            // stop matching.
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            write_list(out, ['{', '}'], sorted, |(name, value), out| {
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                write_value(value, out);
            });
        }
    }
}

fn write_list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    of: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    for (index, it) in of.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(it, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        to_canonical(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn order_and_white_space_do_not_matter() {
        let written = of(r#" { "b" : [ 1 , {"d":null,"c":"x\u0041"} ] , "a\"" : true } "#);
        assert_eq!(written, r#"{"a\"":true,"b":[1,{"c":"xA","d":null}]}"#);
        assert_eq!(written, of(r#"{"a\"":true,"b":[1,{"c":"xA","d":null}]}"#));
    }

    #[test]
    fn what_differs_is_written_differently() {
        for (one, other) in
            [("[1,2]", "[2,1]"), ("\"1\"", "1"), ("{}", "[]"), (r#"{"a":{}}"#, r#"{"a":null}"#)]
        {
            assert_ne!(of(one), of(other));
        }
    }
}
