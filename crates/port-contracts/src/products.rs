//! The suite for products. Sales and the list of changes are in submodules.

mod changes;
mod sales;

pub use changes::*;
pub use sales::*;

use domain::{
    Money, Product, ProductId, Text,
    product::{STOCK_MAX, StockUpdate},
};
use ports::UnitOfWork;

use crate::{
    Backend,
    backend::is_stale,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! products {
    ($($fixture:tt)+) => { $crate::stamp! { products:
        a_product_is_read_back_as_written
        a_product_id_is_made_once_and_knows_case
        a_product_is_replaced_only_from_the_version_that_was_read
        one_of_many_replacements_wins
        a_replacement_keeps_the_stock_unless_it_speaks_of_it
        a_sale_takes_stock_and_leaves_the_version_to_operators
        what_is_not_tracked_is_sold_without_end
        what_was_read_differently_is_not_sold
        every_line_that_lacks_is_named
        the_last_pieces_go_to_as_many_as_there_are
        returned_stock_is_added_if_it_is_tracked
        stock_is_taken_again_if_there_is_enough
        held_pieces_are_counted
        held_pieces_of_a_batch_are_counted
        sales_do_not_stand_in_the_way_of_an_operator
        no_sale_is_at_a_price_that_is_over
        every_version_says_who_made_it
        an_adjustment_is_a_version_of_its_own
        an_adjustment_may_require_a_version
        an_adjustment_stays_within_what_stock_can_be
        every_adjustment_counts_however_many_there_are_at_once
        changes_are_listed_newest_first
        those_of_the_products_that_there_are_are_found
        products_are_listed_in_the_order_they_were_made_in
        products_are_listed_by_the_stamps_they_show
        a_list_of_active_products_leaves_out_the_others
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, product: &Product) -> Option<Product> {
    backend.products.find_product(&product.id).await.expect("read")
}

async fn keep(backend: &Backend, change: impl FnOnce(&mut Product)) -> Product {
    let mut product = sample::product(Some(10));
    change(&mut product);
    backend.commit([sample::insert_product(&product)]).await;
    product
}

/// In currencies of every scale, with the highest price, the longest name and the largest stock, and with
/// no stock.
pub async fn a_product_is_read_back_as_written(backend: &Backend) {
    let priced = |amount: &str, currency: &str| Money::parse(amount, currency).expect("an amount");
    let largest = priced(&Money::MAJOR_MAX.to_string(), "CLF");
    for price in
        [priced("1", "JPY"), priced("0.01", "CNY"), priced("1.234", "KWD"), priced("0.0001", "CLF"), largest]
    {
        let product = keep(backend, |it| it.price = price).await;
        assert_eq!(found(backend, &product).await, Some(product), "{price} {}", price.currency().code());
    }
    let product = keep(backend, |it| {
        it.name = Text::new("🍵".repeat(Text::CHARS_MAX));
        it.stock = Some(STOCK_MAX);
        it.active = false;
        it.updated_at = at(7);
    });
    let product = product.await;
    assert_eq!(found(backend, &product).await, Some(product), "one that cannot be ordered");
    let product = keep(backend, |it| it.stock = None).await;
    assert_eq!(found(backend, &product).await, Some(product), "one whose stock is not tracked");
    assert_eq!(found(backend, &sample::product(None)).await, None, "one that is not there");
}

/// A second product of the same id is stale; ids that differ in case are different.
pub async fn a_product_id_is_made_once_and_knows_case(backend: &Backend) {
    let first = keep(backend, |it| it.id = ProductId::new("sku-a".into())).await;
    backend
        .expect_stale([sample::insert_product(&Product { id: first.id.clone(), ..sample::product(None) })])
        .await;
    assert_eq!(found(backend, &first).await.as_ref(), Some(&first), "the first one stays");
    let second = keep(backend, |it| it.id = ProductId::new("SKU-A".into())).await;
    assert_eq!(found(backend, &first).await, Some(first));
    assert_eq!(found(backend, &second).await, Some(second));
}

/// Everything but the row's key and the time of its creation is replaced. A version is made once.
pub async fn a_product_is_replaced_only_from_the_version_that_was_read(backend: &Backend) {
    let (first, bystander) = (keep(backend, |_| ()).await, keep(backend, |_| ()).await);
    let second = Product {
        name: Text::new("Coffee"),
        price: Money::parse("500", "JPY").expect("an amount"),
        stock: None,
        active: false,
        version: first.version.next(),
        updated_at: at(9),
        ..first.clone()
    };
    let gone = StockUpdate::Set(None);
    backend.expect_stale([sample::replace_product(&second, second.version, gone)]).await;
    assert_eq!(found(backend, &first).await.as_ref(), Some(&first), "unchanged");
    backend.commit([sample::replace_product(&second, first.version, gone)]).await;
    assert_eq!(found(backend, &first).await.as_ref(), Some(&second), "replaced");
    backend.expect_stale([sample::replace_product(&first, first.version, gone)]).await;
    backend.expect_stale([sample::replace_product(&second, second.version, gone)]).await;
    backend.expect_stale([sample::replace_product(&sample::product(None), first.version, gone)]).await;
    assert_eq!(found(backend, &bystander).await, Some(bystander), "no other one is touched");
}

/// All others were decided on an outdated version and are stale.
pub async fn one_of_many_replacements_wins(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    let race = backend.race(|| {
        UnitOfWork::new()
            .with_write(sample::replace_with_next(&product, StockUpdate::Set(Some(sample::next_number()))))
    });
    race.await.assert_outcome(1, is_stale);
}

/// Also when some of it was sold since it was read: sold stock does not come back.
pub async fn a_replacement_keeps_the_stock_unless_it_speaks_of_it(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    backend.commit([sample::sell_product(&product, 1)]).await;
    let read = found(backend, &product).await.expect("it is there");
    backend.commit([sample::sell_product(&product, 2)]).await;
    backend.commit([sample::replace_with_next(&read, StockUpdate::Keep)]).await;
    let kept = found(backend, &product).await.expect("it is there");
    assert_eq!((kept.stock, kept.version), (Some(7), product.version.next()));
    assert!(!kept.has_original_stock(), "two were sold since it was read");
    backend.commit([sample::replace_with_next(&kept, StockUpdate::Keep)]).await;
    let settled = found(backend, &product).await.expect("it is there");
    assert!(settled.has_original_stock(), "nothing was sold since it was read");
    for stock in [Some(3), None, Some(STOCK_MAX)] {
        let read = found(backend, &product).await.expect("it is there");
        backend.commit([sample::sell_product(&read, 1)]).await;
        backend.commit([sample::replace_with_next(&read, StockUpdate::Set(stock))]).await;
        let set = found(backend, &product).await.expect("it is there");
        assert_eq!((set.stock, set.stock_moves), (stock, 0));
    }
}

/// In any order, and without those that do not exist.
pub async fn those_of_the_products_that_there_are_are_found(backend: &Backend) {
    let mut kept = Vec::new();
    for _ in 0..5 {
        kept.push(keep(backend, |_| ()).await);
    }
    let left_out = kept.pop();
    let asked: Vec<_> = kept.iter().map(|it| it.id.clone()).chain([sample::product(None).id]).collect();
    let mut all = backend.products.find_products(&asked).await.expect("read");
    all.sort_by_key(|it| it.key);
    assert_eq!(all, kept, "without {left_out:?}");
    assert_eq!(backend.products.find_products(&[]).await.expect("read"), [], "nothing asked, nothing found");
}

/// The order does not depend on ids, and each page begins behind the last product of the one before.
pub async fn products_are_listed_in_the_order_they_were_made_in(backend: &Backend) {
    let mut made = Vec::new();
    for id in ["c", "a", "B", "b", "A"] {
        made.push(keep(backend, |it| it.id = ProductId::new(id.into())).await);
    }
    let mut listed = Vec::new();
    for (expected, more) in [(2, true), (2, true), (1, false)] {
        let after = listed.last().map(|it: &Product| it.id.clone());
        let page = backend.products.list_products(false, after, 2).await.expect("read");
        assert_eq!((page.data.len(), page.next.is_some()), (expected, more));
        listed.extend(page.data);
    }
    assert_eq!(listed, made);
    let page = backend.products.list_products(false, None, 5).await.expect("read");
    assert!(page.next.is_none(), "a page that just holds all has no more after it");
}

/// The rows come from clocks that differ: each is behind the one of the row before.
pub async fn products_are_listed_by_the_stamps_they_show(backend: &Backend) {
    let mut made = Vec::new();
    for second in (0..5).rev() {
        made.insert(0, keep(backend, |it| it.created_at = sample::at(second)).await);
    }
    let mut listed = backend.products.list_products(false, None, 2).await.expect("read").data;
    let after = listed.last().map(|it| it.id.clone());
    listed.extend(backend.products.list_products(false, after, 9).await.expect("read").data);
    assert_eq!(listed, made);
}

/// The next page begins behind the cursor even if its product is no longer active.
pub async fn a_list_of_active_products_leaves_out_the_others(backend: &Backend) {
    let (first, hidden) = (keep(backend, |_| ()).await, keep(backend, |it| it.active = false).await);
    let (third, last) = (keep(backend, |_| ()).await, keep(backend, |_| ()).await);
    let page = backend.products.list_products(true, None, 2).await.expect("read");
    assert_eq!(page.data, [first.clone(), third.clone()]);
    assert_eq!(page.next.as_deref(), Some(third.id.as_str()), "the last one is to come");
    let off = Product { active: false, version: third.version.next(), ..third.clone() };
    backend.commit([sample::replace_product(&off, third.version, StockUpdate::Keep)]).await;
    let page = backend.products.list_products(true, Some(third.id), 2).await.expect("read");
    assert_eq!((page.data.as_slice(), page.next), ([last.clone()].as_slice(), None));
    let all = backend.products.list_products(false, None, 100).await.expect("read");
    assert_eq!(all.data, [first, hidden, off, last], "an operator sees them all");
}
