//! Pages of lists.

/// A page of a list in a fixed order. It stays the same while others insert, because it begins after a row and not after
/// a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub data: Vec<T>,
    /// Whether there are more after the last one.
    pub more: bool,
}

impl<T> Page<T> {
    /// A page with nothing on it or after it.
    pub const EMPTY: Self = Self { data: Vec::new(), more: false };

    /// Makes a page of at most `limit` from rows that were read with `limit + 1`.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, limit: usize) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self { data: rows, more }
    }
}
