//! Short pages of long rows. A customer may store 100 kB with an order, and a page has up to a hundred of them: without a
//! limit, one short request would cost tens of megabytes.

use ports::Page;

/// About the most bytes of a page that has more than one row.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// The number of rows, from the first on, that fit a page by their `size` in bytes; at least one.
pub(crate) fn count_fitting<T>(rows: &[T], size: impl Fn(&T) -> usize) -> usize {
    let mut bytes = 0_usize;
    let fits = |row: &&T| {
        bytes = bytes.saturating_add(size(row));
        bytes <= PAGE_BYTES_MAX
    };
    rows.iter().take_while(fits).count().max(1)
}

/// Leaves out the rows that do not fit, if any. The list goes on behind the last one that is left, by `cursor`.
pub(crate) fn shorten_page<T>(
    mut page: Page<T>,
    size: impl Fn(&T) -> usize,
    cursor: impl Fn(&T) -> String,
) -> Page<T> {
    let fitting = count_fitting(&page.data, size);
    if fitting < page.data.len() {
        page.data.truncate(fitting);
        page.next = page.data.last().map(cursor);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorten(sizes: &[usize], next: Option<&str>) -> (Vec<usize>, Option<String>) {
        let page = Page { data: sizes.to_vec(), next: next.map(str::to_owned) };
        let page = shorten_page(page, |it| *it, |it| format!("behind {it}"));
        (page.data, page.next)
    }

    #[test]
    fn a_page_ends_before_the_row_that_is_too_much() {
        let half = PAGE_BYTES_MAX / 2;
        assert_eq!(shorten(&[half, half], None), (vec![half, half], None));
        assert_eq!(shorten(&[half, half], Some("more")), (vec![half, half], Some("more".to_owned())));
        let behind = Some(format!("behind {half}"));
        assert_eq!(shorten(&[half, half, 1], Some("more")), (vec![half, half], behind));
    }

    #[test]
    fn a_row_that_is_too_long_has_a_page_of_its_own() {
        let long = PAGE_BYTES_MAX + 1;
        assert_eq!(shorten(&[], None), (vec![], None));
        assert_eq!(shorten(&[long], None), (vec![long], None));
        assert_eq!(shorten(&[long, 1], None), (vec![long], Some(format!("behind {long}"))));
    }
}
