use std::collections::BTreeSet;

use domain::{
    Order,
    order::{OrderReference, OrderStatus},
};
use ports::{OrderCursor, OrderFilter, OrderSearch, OrderSort};

use super::{StatementFixture, filler::FILLER_ROWS, filler_rows};
use crate::Backend;

/// The most pages that a list of all filler rows may need.
fn pages_max() -> u32 {
    2 * filler_rows() / 100
}

impl StatementFixture {
    /// Reads lists of many orders whose filters no index has, to their ends. Nothing is left out, listed twice or
    /// out of order, although pages end before they are full.
    ///
    /// Among more rows than usual it reads nothing: it would take hours, and says nothing about plans.
    pub async fn assert_walks_are_complete(&self, backend: &Backend) {
        if filler_rows() > FILLER_ROWS {
            return;
        }
        let owner = Some(self.user.key);
        let sort = OrderSort::LastChangeFirst;
        let common = Some(OrderReference::new("filler-common".to_owned()));
        // The user owns the first half of the filler, of which the first few are pending, and the others by turns
        // closed and paid; those with an odd number have the common reference.
        let half = filler_rows() / 2;
        let paid = OrderFilter { owner, statuses: vec![OrderStatus::Paid], sort, ..OrderFilter::default() };
        let pending = OrderFilter { statuses: vec![OrderStatus::Pending], ..paid.clone() };
        let named = OrderFilter { reference: common, sort: OrderSort::OldestFirst, ..OrderFilter::default() };
        let search = OrderSearch::parse("FILLER-1999").ok();
        let searched = OrderFilter { search, sort, ..OrderFilter::default() };
        for (filter, expected) in [(paid, half / 2 - 15), (pending, 30), (named, half), (searched, 11)] {
            let (listed, short) = list_all(backend, &filter).await;
            let names: BTreeSet<_> = listed.iter().map(|it| it.number.clone()).collect();
            let filler = listed.iter().filter(|it| it.number.as_str().starts_with("filler-")).count();
            assert_eq!(u32::try_from(filler).ok(), Some(expected), "{filter:?}");
            assert_eq!(names.len(), listed.len(), "no order is listed twice: {filter:?}");
            let place = |it: &Order| (it.updated_at, it.key);
            if filter.sort.is_descending() {
                assert!(listed.is_sorted_by(|a, b| place(a) > place(b)), "{filter:?}");
                assert!(filter.statuses != [OrderStatus::Pending] || short > 0, "the walk ended before them");
            } else {
                assert!(listed.is_sorted_by(|a, b| place(a) < place(b)), "{filter:?}");
            }
        }
    }
}

/// The orders of all pages, and how many pages were short although more followed.
async fn list_all(backend: &Backend, filter: &OrderFilter) -> (Vec<Order>, usize) {
    let (mut listed, mut after, mut short) = (Vec::new(), None, 0);
    for _ in 0..pages_max() {
        let page = backend.orders.list_orders(OrderFilter { after, limit: 100, ..filter.clone() }).await;
        let page = page.expect("read");
        let is_short = page.data.len() < 100;
        listed.extend(page.data);
        let Some(next) = page.next else { return (listed, short) };
        short += usize::from(is_short);
        after = Some(OrderCursor::parse(&next).expect("a cursor"));
    }
    panic!("the list has an end: {filter:?}");
}
