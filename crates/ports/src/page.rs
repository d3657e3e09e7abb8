//! Pages of lists.

/// A page of a list in a fixed order. An unreadable row keeps its position but is left out, so a page may be
/// short or empty.
// A page begins after a row, not after a count: with `OFFSET`, an insert between two requests would shift the
// rows, and the client would see one twice or miss one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The readable rows, at most as many as requested.
    pub data: Vec<T>,
    /// The public id of the last row (also of one left out) if more rows follow; `None` on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page without rows and without a next page.
    pub const EMPTY: Self = Self { data: Vec::new(), next: None };

    /// All rows of a list that fits on one page.
    #[must_use]
    pub const fn single_page(data: Vec<T>) -> Self {
        Self { data, next: None }
    }
}
