//! Measures the length of a text as JSON writes it.

/// Longest pointer, or name of a parameter, that is sent back, in bytes as JSON writes it. With it an answer
/// that lists all the faults that are ever listed has less than 32 KiB.
pub(in crate::http) const LOCATION_BYTES_MAX: usize = 192;

/// The length of `text` in a JSON string, in bytes; `None` beyond `bytes_max`.
pub(in crate::http) fn json_bytes(text: &str, bytes_max: usize) -> Option<usize> {
    // Stops at the limit: the text comes from a client, and may be as long as a request's head.
    text.chars().map(json_length).try_fold(0, |sum: usize, it| Some(sum + it).filter(|it| *it <= bytes_max))
}

/// How many bytes a character has in a string of JSON (RFC 8259, 7).
pub(in crate::http) const fn json_length(char: char) -> usize {
    match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_json_writes_it() {
        for char in ('\0'..='\u{2fff}').chain(['\u{ffff}', '\u{10ffff}']) {
            let written = serde_json::to_string(&char).unwrap();
            assert_eq!(json_length(char), written.len() - 2, "{written}");
        }
        assert_eq!(json_bytes("a\"ä", 5), Some(5));
        assert_eq!(json_bytes("a\"ä", 4), None);
    }
}
