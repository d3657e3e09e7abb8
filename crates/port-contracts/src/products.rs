//! The catalogue and its stock.

use domain::{Money, Product, ProductId, Text, order::StockLine, product::STOCK_MAX};
use ports::{CommitError, UnitOfWork, Write};

use crate::{
    Backend,
    backend::is_stale,
    sample::{self, at},
};

/// Stamps the suite onto an adapter.
#[macro_export]
macro_rules! products {
    ($($fixture:tt)+) => { $crate::stamp! { products:
        a_product_is_read_back_as_written
        a_product_id_is_made_once_and_knows_case
        a_product_is_replaced_only_from_the_version_that_was_read
        one_of_many_replacements_wins
        taking_stock_takes_it_and_moves_the_version
        what_was_read_differently_is_not_taken
        every_line_that_lacks_is_named
        the_last_pieces_go_to_as_many_as_there_are
        returned_stock_is_added_if_it_is_tracked
        those_of_the_products_that_there_are_are_found
        products_are_listed_in_the_order_they_were_made_in
        products_are_listed_by_the_stamps_they_show
        a_list_of_active_products_leaves_out_the_others
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, product: &Product) -> Option<Product> {
    backend.products.find(&product.id).await.expect("read")
}

async fn keep(backend: &Backend, change: impl FnOnce(&mut Product)) -> Product {
    let mut product = sample::product(Some(10));
    change(&mut product);
    backend.commit([Write::InsertProduct(product.clone())]).await;
    product
}

fn line(product: &Product, quantity: u32) -> StockLine {
    StockLine { product: product.id.clone(), quantity }
}

fn take(read: &Product, quantity: u32) -> Write {
    Write::TakeStock { line: line(read, quantity), read: read.clone() }
}

/// In currencies of every scale, with the largest price, name and stock, and with none.
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

/// Two ids that differ in case are two.
pub async fn a_product_id_is_made_once_and_knows_case(backend: &Backend) {
    let first = keep(backend, |it| it.id = ProductId::new("sku-a".into())).await;
    backend.stale([Write::InsertProduct(Product { id: first.id.clone(), ..sample::product(None) })]).await;
    assert_eq!(found(backend, &first).await.as_ref(), Some(&first), "the first one stays");
    let second = keep(backend, |it| it.id = ProductId::new("SKU-A".into())).await;
    assert_eq!(found(backend, &first).await, Some(first));
    assert_eq!(found(backend, &second).await, Some(second));
}

/// And then all of it, but for the row and its beginning.
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
    backend.stale([Write::ReplaceProduct(second.clone(), second.version)]).await;
    assert_eq!(found(backend, &first).await.as_ref(), Some(&first), "unchanged");
    backend.commit([Write::ReplaceProduct(second.clone(), first.version)]).await;
    assert_eq!(found(backend, &first).await.as_ref(), Some(&second), "replaced");
    backend.stale([Write::ReplaceProduct(first.clone(), first.version)]).await;
    backend.stale([Write::ReplaceProduct(sample::product(None), first.version)]).await;
    assert_eq!(found(backend, &bystander).await, Some(bystander), "no other one is touched");
}

/// All others decided on what is gone.
pub async fn one_of_many_replacements_wins(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    let race = backend.race(|| {
        let next =
            Product { version: product.version.next(), stock: Some(sample::number()), ..product.clone() };
        UnitOfWork::new().with(Write::ReplaceProduct(next, product.version))
    });
    race.await.ends(1, is_stale);
}

/// A replacement that was decided on before must not bring the pieces back.
pub async fn taking_stock_takes_it_and_moves_the_version(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    backend.commit([take(&product, 4)]).await;
    let left = found(backend, &product).await.expect("it is there");
    assert_eq!((left.stock, left.version), (Some(6), product.version.next()));
    backend
        .stale([Write::ReplaceProduct(Product { version: left.version, ..product.clone() }, product.version)])
        .await;
    backend.commit([take(&product, 6)]).await;
    assert_eq!(backend.stock(&product).await, Some(0), "an older version with the same price takes too");
}

/// Another price, another currency, not active, not tracked, or not there.
pub async fn what_was_read_differently_is_not_taken(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    for price in [Money::parse("9.98", "CNY"), Money::parse("9.99", "USD")] {
        let price = price.expect("an amount");
        backend.stale([take(&Product { price, ..product.clone() }, 1)]).await;
    }
    assert_eq!(found(backend, &product).await, Some(product), "nothing was taken");
    let inactive = keep(backend, |it| it.active = false).await;
    backend.stale([take(&Product { active: true, ..inactive.clone() }, 1)]).await;
    assert_eq!(found(backend, &inactive).await, Some(inactive), "nothing was taken");
    let untracked = keep(backend, |it| it.stock = None).await;
    backend.stale([take(&Product { stock: Some(5), ..untracked.clone() }, 1)]).await;
    assert_eq!(found(backend, &untracked).await, Some(untracked), "nothing was taken");
    backend.stale([take(&sample::product(Some(5)), 1)]).await;
}

/// And nothing of the others is taken.
pub async fn every_line_that_lacks_is_named(backend: &Backend) {
    let lacking =
        [keep(backend, |it| it.stock = Some(1)).await, keep(backend, |it| it.stock = Some(0)).await];
    let enough = [keep(backend, |_| ()).await, keep(backend, |_| ()).await];
    let [little, none] = &lacking;
    let [plenty, exact] = &enough;
    let error = backend.refused([take(plenty, 1), take(little, 2), take(exact, 10), take(none, 1)]).await;
    let CommitError::OutOfStock(mut named) = error else {
        panic!("refused as out of stock, not as {error:?}")
    };
    named.sort();
    let mut expected = vec![little.id.clone(), none.id.clone()];
    expected.sort();
    assert_eq!(named, expected, "each that lacks, and no other");
    for product in lacking.into_iter().chain(enough) {
        assert_eq!(found(backend, &product).await, Some(product), "nothing was taken");
    }
}

/// One piece each, and never below zero.
pub async fn the_last_pieces_go_to_as_many_as_there_are(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    let race = backend.race(|| UnitOfWork::new().with(take(&product, 1)));
    race.await
        .ends(10, |error| matches!(error, CommitError::OutOfStock(named) if *named == [product.id.clone()]));
    assert_eq!(backend.stock(&product).await, Some(0));
}

/// Also when the product cannot be ordered any more.
pub async fn returned_stock_is_added_if_it_is_tracked(backend: &Backend) {
    let tracked = keep(backend, |it| it.active = false).await;
    let untracked = keep(backend, |it| it.stock = None).await;
    let back = [&tracked, &untracked].map(|it| Write::ReturnStock(line(it, 3)));
    backend.commit(back).await;
    let found_tracked = found(backend, &tracked).await.expect("it is there");
    assert_eq!((found_tracked.stock, found_tracked.version), (Some(13), tracked.version.next()));
    assert_eq!(found(backend, &untracked).await, Some(untracked), "nothing to add to");
}

/// In no order, and nothing for those that are not.
pub async fn those_of_the_products_that_there_are_are_found(backend: &Backend) {
    let mut kept = Vec::new();
    for _ in 0..5 {
        kept.push(keep(backend, |_| ()).await);
    }
    let left_out = kept.pop();
    let asked: Vec<_> = kept.iter().map(|it| it.id.clone()).chain([sample::product(None).id]).collect();
    let mut all = backend.products.find_all(&asked).await.expect("read");
    all.sort_by_key(|it| it.key);
    assert_eq!(all, kept, "without {left_out:?}");
    assert_eq!(backend.products.find_all(&[]).await.expect("read"), [], "nothing asked, nothing found");
}

/// Whatever their ids; a page goes on after the last product of the one before.
pub async fn products_are_listed_in_the_order_they_were_made_in(backend: &Backend) {
    let mut made = Vec::new();
    for id in ["c", "a", "B", "b", "A"] {
        made.push(keep(backend, |it| it.id = ProductId::new(id.into())).await);
    }
    let mut listed = Vec::new();
    for (expected, more) in [(2, true), (2, true), (1, false)] {
        let after = listed.last().map(|it: &Product| it.id.clone());
        let page = backend.products.list(false, after, 2).await.expect("read");
        assert_eq!((page.data.len(), page.more), (expected, more));
        listed.extend(page.data);
    }
    assert_eq!(listed, made);
    let page = backend.products.list(false, None, 5).await.expect("read");
    assert!(!page.more, "a page that just holds all has no more after it");
}

/// The rows were made by clocks that differ: each by one that is behind that of the row before.
pub async fn products_are_listed_by_the_stamps_they_show(backend: &Backend) {
    let mut made = Vec::new();
    for second in (0..5).rev() {
        made.insert(0, keep(backend, |it| it.created_at = sample::at(second)).await);
    }
    let mut listed = backend.products.list(false, None, 2).await.expect("read").data;
    let after = listed.last().map(|it| it.id.clone());
    listed.extend(backend.products.list(false, after, 9).await.expect("read").data);
    assert_eq!(listed, made);
}

/// And goes on after one that was taken off meanwhile.
pub async fn a_list_of_active_products_leaves_out_the_others(backend: &Backend) {
    let (first, hidden) = (keep(backend, |_| ()).await, keep(backend, |it| it.active = false).await);
    let (third, last) = (keep(backend, |_| ()).await, keep(backend, |_| ()).await);
    let page = backend.products.list(true, None, 2).await.expect("read");
    assert_eq!(page.data, [first.clone(), third.clone()]);
    assert!(page.more, "the last one is to come");
    let off = Product { active: false, version: third.version.next(), ..third.clone() };
    backend.commit([Write::ReplaceProduct(off.clone(), third.version)]).await;
    let page = backend.products.list(true, Some(third.id), 2).await.expect("read");
    assert_eq!((page.data.as_slice(), page.more), ([last.clone()].as_slice(), false));
    let all = backend.products.list(false, None, 100).await.expect("read");
    assert_eq!(all.data, [first, hidden, off, last], "an operator sees them all");
}
