//! Pages of lists.

/// A page of a list in a fixed order. It stays the same while others insert, because it begins after a row and not after
/// a count. A row that cannot be read has its place on it and is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub data: Vec<T>,
    /// The public id of the last row, also of one that was left out, if there are more after it.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page with nothing on it or after it.
    pub const EMPTY: Self = Self { data: Vec::new(), next: None };

    /// All there is.
    #[must_use]
    pub const fn single_page(data: Vec<T>) -> Self {
        Self { data, next: None }
    }
}
