//! JSON Pointers.

use crate::http::problem::{LOCATION_BYTES_MAX, json_length};

/// A JSON Pointer: where in a document a value stands, or should (RFC 6901). It has at most 192 bytes as JSON writes it: of
/// what stands deeper it points at the nearest place around it that can be written so.
///
/// ```
/// use api::http::decode::Pointer;
/// let at = Pointer::root().member("items").element(0);
/// assert_eq!(String::from(at.clone().member("a/b~c")), "/items/0/a~1b~0c");
/// assert_eq!(String::from(at.member(&"x".repeat(500)).member("deep")), "/items/0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    /// The length as JSON writes it.
    bytes: usize,
    is_cut: bool,
}

impl Pointer {
    /// The whole document.
    #[must_use]
    pub const fn root() -> Self {
        Self { text: String::new(), bytes: 0, is_cut: false }
    }

    /// An element of the list that stands there.
    #[must_use]
    pub fn with_index(self, index: usize) -> Self {
        self.with_member(&index.to_string())
    }

    /// A member of the object that stands there. Of a name that is too long only as much is read as would fit.
    #[must_use]
    pub fn with_member(mut self, name: &str) -> Self {
        let before = self.text.len();
        for char in std::iter::once('/').chain(name.chars().flat_map(escape_char)) {
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
