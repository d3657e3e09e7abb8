//! Views: the JSON forms of what the service answers with.
//!
//! They are separate from the domain's types, so that a change of the domain does not change the contract by
//! accident.

pub mod account;
pub mod api_key;
pub mod attempt;
pub mod change;
pub mod feed;
pub mod finding;
pub mod notice;
pub mod order;
pub mod overview;
pub mod payment;
pub mod product;
pub mod user;
pub mod webhook;

use domain::Timestamp;
use ports::Page;
use serde::Serialize;
use utoipa::ToSchema;

use super::decode::Cursors;

/// A time as RFC 3339 text: UTC, with three decimals.
///
/// ```
/// let at = domain::Timestamp::from_millis(1_795_336_200_123);
/// assert_eq!(api::http::view::timestamp_text(at), "2026-11-22T08:30:00.123Z");
/// ```
#[must_use]
pub fn timestamp_text(at: Timestamp) -> String {
    // A time outside the years that can be written is shown as the nearest one that can: a row with a broken
    // time stays readable, and operators can still see it.
    let edge = if at.as_millis() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(edge);
    format!("{at:.3}")
}

/// One page of a list, with the cursor of the next one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageView<T> {
    /// The elements of the page, at most `limit`.
    pub data: Vec<T>,
    /// Value of `cursor` for the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> PageView<T> {
    /// Renders a page that was read as one.
    pub fn from_page<R>(page: &Page<R>, cursors: &Cursors<'_>, view: impl Fn(&R) -> T) -> Self {
        let next_cursor = page.next.as_deref().map(|it| cursors.cursor_after(it));
        Self { data: page.data.iter().map(view).collect(), next_cursor }
    }

    /// Cuts a page out of a short list that was read as a whole. If the element that it begins after no
    /// longer exists, it is the first page.
    pub fn from_list<R>(
        all: &[R],
        (after, limit): (Option<String>, u32),
        cursors: &Cursors<'_>,
        id: impl Fn(&R) -> &str,
        view: impl Fn(&R) -> T,
    ) -> Self {
        // From the beginning again, rather than an error: the client sees some elements twice, but misses
        // none.
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

    /// Renders a whole list as a single page without a next one.
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
