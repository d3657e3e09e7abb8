//! JSON Pointers of bounded length, for the faults of an answer.

use crate::http::problem::{LOCATION_BYTES_MAX, json_length};

/// A JSON Pointer (RFC 6901): the place of a value in a document, or of a missing one. It has at most 192
/// bytes as JSON writes it; for a deeper value it points at the nearest enclosing one whose pointer fits.
///
/// ```
/// use api::http::decode::Pointer;
/// let at = Pointer::root().with_member("items").with_index(0);
/// assert_eq!(String::from(at.clone().with_member("a/b~c")), "/items/0/a~1b~0c");
/// assert_eq!(String::from(at.with_member(&"x".repeat(500)).with_member("deep")), "/items/0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    /// Length in bytes as JSON writes the text, escapes included; it may exceed the limit once the pointer is
    /// cut.
    bytes: usize,
    /// Whether a member did not fit, so that the pointer stays at the place around it.
    is_cut: bool,
}

impl Pointer {
    /// Points at the whole document: the empty text.
    #[must_use]
    pub const fn root() -> Self {
        Self { text: String::new(), bytes: 0, is_cut: false }
    }

    /// Points at an element of the list at this place, counted from 0.
    #[must_use]
    pub fn with_index(self, index: usize) -> Self {
        self.with_member(&index.to_string())
    }

    /// Points at a member of the object at this place. A name that does not fit leaves the pointer where it
    /// is.
    #[must_use]
    pub fn with_member(mut self, name: &str) -> Self {
        let before = self.text.len();
        for char in std::iter::once('/').chain(name.chars().flat_map(escape_char)) {
            // Stops at the limit: the name comes from a client, and may be as long as the body. A pointer
            // that was cut stays cut, because a short member behind a long one would point at a place that
            // does not exist.
            self.bytes += json_length(char);
            if self.is_cut || self.bytes > LOCATION_BYTES_MAX {
                self.text.truncate(before);
                self.is_cut = true;
                break;
            }
            self.text.push(char);
        }
        self
    }
}

/// A character of a name as a pointer writes it (RFC 6901, 3).
fn escape_char(char: char) -> impl Iterator<Item = char> {
    let (first, second) = match char {
        '~' => ('~', Some('0')),
        '/' => ('~', Some('1')),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

impl From<Pointer> for String {
    fn from(it: Pointer) -> Self {
        it.text
    }
}
