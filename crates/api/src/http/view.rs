//! How things look when they leave the service.

pub mod change;
pub mod finding;
pub mod order;
pub mod payment;
pub mod product;
pub mod user;

use domain::Timestamp;
use ports::Page;
use serde::Serialize;
use utoipa::ToSchema;

use super::decode::Cursors;

/// A moment as RFC 3339 writes it: UTC, three decimals.
///
/// ```
/// let at = domain::Timestamp::from_millis(1_795_336_200_123);
/// assert_eq!(api::http::view::time(at), "2026-11-22T08:30:00.123Z");
/// ```
#[must_use]
pub fn timestamp_text(at: Timestamp) -> String {
    // What lies beyond the years that can be written is shown as the nearest end of time.
    let edge = if at.as_millis() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(edge);
    format!("{at:.3}")
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageView<T> {
    /// At most `limit` of them.
    pub data: Vec<T>,
    /// Gets the next page, as `cursor`; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> PageView<T> {
    /// A page of views.
    pub fn from_page<R>(page: &Page<R>, cursors: &Cursors<'_>, view: impl Fn(&R) -> T) -> Self {
        let next_cursor = page.next.as_deref().map(|it| cursors.cursor_after(it));
        Self { data: page.data.iter().map(view).collect(), next_cursor }
    }

    /// The page of a short list that was read whole. When the element it begins after is gone, it is the first page.
    pub fn from_list<R>(
        all: &[R],
        (after, limit): (Option<String>, u32),
        cursors: &Cursors<'_>,
        id: impl Fn(&R) -> &str,
        view: impl Fn(&R) -> T,
    ) -> Self {
        let begin =
            all.iter().position(|it| Some(id(it)) == after.as_deref()).map_or(0, |at| at.saturating_add(1));
        let rest = all.get(begin..).unwrap_or_default();
        let data = rest.get(..limit_of(limit)).unwrap_or(rest);
        let last = data.last().filter(|_| data.len() < rest.len());
        Self {
            data: data.iter().map(view).collect(),
            next_cursor: last.map(|it| cursors.cursor_after(id(it))),
        }
    }

    /// All there is, on one page.
    pub fn single_page<R>(all: &[R], view: impl Fn(&R) -> T) -> Self {
        Self { data: all.iter().map(view).collect(), next_cursor: None }
    }
}

fn limit_of(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_three_decimals_whatever_it_is() {
        assert_eq!(timestamp_text(Timestamp::from_millis(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp_text(Timestamp::from_millis(1_795_336_200_120)), "2026-11-22T08:30:00.120Z");
        assert!(timestamp_text(Timestamp::from_millis(i64::MAX)).starts_with("9999-12-3"));
    }
}
