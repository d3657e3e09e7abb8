//! JSON Pointers.

/// A JSON Pointer: where in a document a value stands, or should (RFC 6901).
///
/// ```
/// use api::http::decode::Pointer;
/// let at = Pointer::root().member("items").element(0).member("a/b~c");
/// assert_eq!(String::from(at), "/items/0/a~1b~0c");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// The whole document.
    #[must_use]
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// A member of the object that stands there.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        Self(format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }

    /// An element of the list that stands there.
    #[must_use]
    pub fn element(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }
}

impl From<Pointer> for String {
    fn from(it: Pointer) -> Self {
        it.0
    }
}
