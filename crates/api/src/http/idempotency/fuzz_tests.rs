//! Fuzz target: the canonical text that a fingerprint is made from.

use port_contracts::fuzz::{fuzz, outcome_of};
use serde_json::Value;

use super::canonical::to_canonical;

#[test]
fn fuzz_one_document_has_one_canonical_text() {
    let corpus = [r#"{"b": [1, 2.50, -0], "a": {"é": null, "\u0000": "x"}}"#, "[]", "\"text\"", "1e30"];
    fuzz("canonical JSON", &corpus, |input| {
        let Ok(document) = serde_json::from_slice::<Value>(input) else { return 0 };
        let text = to_canonical(&document);
        let again: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(again, document, "it says the same");
        assert_eq!(to_canonical(&again), text, "and is its own canonical text");
        let spaced = serde_json::to_string_pretty(&document).unwrap();
        assert_eq!(to_canonical(&serde_json::from_str(&spaced).unwrap()), text, "however it is spaced");
        // A byte that must be escaped becomes six.
        assert!(text.len() <= 6 * input.len() + 32, "{} of {}", text.len(), input.len());
        outcome_of(text.len().min(64))
    });
}
