//! The changes of products by orders.

use std::sync::Arc;

use domain::{Money, Product, Version, order::StockLine, product::StockUpdate};
use ports::{CommitError, Store, UnitOfWork, Write};
use tokio::{sync::Barrier, task::JoinSet};

use super::{found, keep};
use crate::{
    Backend,
    backend::{RIVALS, is_stale},
    sample::{self, money},
};

/// How often the price changes while others buy.
const PRICES: usize = 8;
/// More sales than a buyer makes until the last price holds.
const TRIES_MAX: usize = 10_000;

/// An operator's change that was decided before the sale still succeeds, and does not undo the sale.
pub async fn a_sale_takes_stock_and_leaves_the_version_to_operators(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    backend.commit([sample::sell_product(&product, 4)]).await;
    let left = Product { stock: Some(6), stock_moves: 1, ..product.clone() };
    assert_eq!(found(backend, &product).await.as_ref(), Some(&left), "nothing else is touched");
    backend.commit([sample::replace_with_next(&product, StockUpdate::Keep)]).await;
    backend.commit([sample::sell_product(&product, 6)]).await;
    assert_eq!(backend.stock(&product).await, Some(0), "an older version with the same price sells too");
}

/// The sale is counted, because its guard needs a change to the row.
pub async fn what_is_not_tracked_is_sold_without_end(backend: &Backend) {
    let product = keep(backend, |it| it.stock = None).await;
    let race = backend.race(|| UnitOfWork::new().with_write(sample::sell_product(&product, 9_999)));
    race.await.assert_outcome(RIVALS, |_| false);
    let stock_moves = i64::try_from(RIVALS).expect("a few");
    assert_eq!(found(backend, &product).await, Some(Product { stock_moves, ..product }));
}

/// Stale for another price or currency, an inactive product, a change in tracking, or a missing product.
pub async fn what_was_read_differently_is_not_sold(backend: &Backend) {
    for stock in [Some(10), None] {
        let product = keep(backend, |it| it.stock = stock).await;
        for price in [Money::parse("9.98", "CNY"), Money::parse("9.99", "USD")] {
            let price = price.expect("an amount");
            backend.expect_stale([sample::sell_product(&Product { price, ..product.clone() }, 1)]).await;
        }
        let otherwise = if stock.is_some() { None } else { Some(10) };
        backend
            .expect_stale([sample::sell_product(&Product { stock: otherwise, ..product.clone() }, 1)])
            .await;
        assert_eq!(found(backend, &product).await, Some(product), "nothing was sold");
        let inactive = keep(backend, |it| (it.stock, it.active) = (stock, false)).await;
        backend.expect_stale([sample::sell_product(&Product { active: true, ..inactive.clone() }, 1)]).await;
        assert_eq!(found(backend, &inactive).await, Some(inactive), "nothing was sold");
        backend.expect_stale([sample::sell_product(&sample::product(stock), 1)]).await;
    }
}

/// All products with a shortage are named, and no stock is taken.
pub async fn every_line_that_lacks_is_named(backend: &Backend) {
    let lacking =
        [keep(backend, |it| it.stock = Some(1)).await, keep(backend, |it| it.stock = Some(0)).await];
    let enough = [keep(backend, |_| ()).await, keep(backend, |_| ()).await];
    let [little, none] = &lacking;
    let [plenty, exact] = &enough;
    let sales =
        [(plenty, 1), (little, 2), (exact, 10), (none, 1)].map(|(it, many)| sample::sell_product(it, many));
    let error = backend.expect_refusal(sales).await;
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

/// Each buyer gets one piece, and the stock never falls below zero.
pub async fn the_last_pieces_go_to_as_many_as_there_are(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    let race = backend.race(|| UnitOfWork::new().with_write(sample::sell_product(&product, 1)));
    race.await.assert_outcome(
        10,
        |error| matches!(error, CommitError::OutOfStock(named) if *named == [product.id.clone()]),
    );
    assert_eq!(backend.stock(&product).await, Some(0));
}

/// Also if the product is no longer active; the version does not change.
pub async fn returned_stock_is_added_if_it_is_tracked(backend: &Backend) {
    let tracked = keep(backend, |it| it.active = false).await;
    let untracked = keep(backend, |it| it.stock = None).await;
    let back = [&tracked, &untracked]
        .map(|it| Write::ReturnStock(StockLine { product: it.id.clone(), quantity: 3 }));
    backend.commit(back).await;
    let more = Product { stock: Some(13), stock_moves: 1, ..tracked.clone() };
    assert_eq!(found(backend, &tracked).await, Some(more));
    assert_eq!(found(backend, &untracked).await, Some(Product { stock_moves: 1, ..untracked }), "no stock");
}

/// Also if the product is no longer active, at whatever price; the version does not change. What lacks stock is named, and
/// nothing is taken then.
pub async fn stock_is_taken_again_if_there_is_enough(backend: &Backend) {
    let retake = |of: &Product, quantity| Write::RetakeStock(StockLine { product: of.id.clone(), quantity });
    let tracked = keep(backend, |it| it.active = false).await;
    let untracked = keep(backend, |it| it.stock = None).await;
    let short = keep(backend, |it| it.stock = Some(1)).await;
    let refused =
        backend.expect_refusal([retake(&tracked, 3), retake(&untracked, 3), retake(&short, 2)]).await;
    assert!(matches!(&refused, CommitError::OutOfStock(it) if *it == [short.id.clone()]), "{refused:?}");
    assert_eq!(found(backend, &tracked).await, Some(tracked.clone()), "nothing was taken");
    backend.commit([retake(&tracked, 3), retake(&untracked, 3)]).await;
    let less = Product { stock: Some(7), stock_moves: 1, ..tracked.clone() };
    assert_eq!(found(backend, &tracked).await, Some(less));
    assert_eq!(found(backend, &untracked).await, Some(Product { stock_moves: 1, ..untracked }), "no stock");
}

/// What was taken from a tracked stock counts as held until it goes back, whatever operators do to the product meanwhile.
/// Each change of the count changes the version or the number of moves too.
pub async fn held_pieces_are_counted(backend: &Backend) {
    let line = |of: &Product, quantity| StockLine { product: of.id.clone(), quantity };
    let [tracked, untracked] = [keep(backend, |_| ()).await, keep(backend, |it| it.stock = None).await];
    backend.commit([sample::sell_product(&tracked, 4), sample::sell_product(&untracked, 4)]).await;
    assert_eq!(
        (find_held_pieces(backend, &tracked).await.0, find_held_pieces(backend, &untracked).await.0),
        (4, 0)
    );
    backend.commit([Write::ReturnStock(line(&tracked, 3))]).await;
    backend.commit([Write::RetakeStock(line(&tracked, 1))]).await;
    assert_eq!(find_held_pieces(backend, &tracked).await, (2, (tracked.version, 3)));
    backend.commit([sample::replace_with_next(&tracked, StockUpdate::Set(None))]).await;
    let before = find_held_pieces(backend, &tracked).await;
    assert_eq!(before.0, 2);
    backend.commit([Write::RetakeStock(line(&tracked, 2))]).await;
    let after = find_held_pieces(backend, &tracked).await;
    assert_eq!(after.0, 4, "to be given back, although there is no stock to take from");
    assert_ne!(before.1, after.1);
    backend.commit([Write::ReturnStock(line(&tracked, 4))]).await;
    assert_eq!(find_held_pieces(backend, &tracked).await.0, 0);
}

/// Several sales in one batch, of both kinds of products.
pub async fn held_pieces_of_a_batch_are_counted(backend: &Backend) {
    let [tracked, untracked] = [keep(backend, |_| ()).await, keep(backend, |it| it.stock = None).await];
    let sales = |pieces| [&tracked, &untracked].map(|it| sample::sell_product(it, pieces));
    let units = [1, 2, 3].map(|pieces| UnitOfWork::new().with_writes(sales(pieces)));
    for outcome in backend.store.commit_all(units.into()).await {
        outcome.expect("there is enough");
    }
    assert_eq!(
        (find_held_pieces(backend, &tracked).await.0, find_held_pieces(backend, &untracked).await.0),
        (6, 0)
    );
}

/// The pieces of a product that count as held, and what changes with them; the list is read in pages of one.
async fn find_held_pieces(backend: &Backend, of: &Product) -> (i64, (Version, i64)) {
    let (mut after, mut found) = (None, None);
    loop {
        let page = backend.audit.list_held_stock(after, 1).await.expect("read");
        let Some(row) = page.into_iter().next() else { break };
        assert!(after.is_none_or(|it| it < row.key), "by row key");
        after = Some(row.key);
        if row.key == of.key {
            assert_eq!(row.product, of.id);
            found = Some((row.pieces, (row.version, row.moves)));
        }
    }
    found.expect("the product is listed")
}

/// All sales succeed, and so does the operator's change of the version before them.
pub async fn sales_do_not_stand_in_the_way_of_an_operator(backend: &Backend) {
    let product = keep(backend, |it| it.stock = Some(1_000)).await;
    let mut sales = 0;
    let race = backend.race(|| {
        sales += 1;
        let operator = sales == RIVALS / 2;
        let write = if operator {
            sample::replace_with_next(&product, StockUpdate::Keep)
        } else {
            sample::sell_product(&product, 1)
        };
        UnitOfWork::new().with_write(write)
    });
    race.await.assert_outcome(RIVALS, |_| false);
    let left = found(backend, &product).await.expect("it is there");
    assert_eq!((left.stock, left.version), (Some(1_001 - 64), product.version.next()));
}

/// Buyers buy while the price changes again and again. Each change resets `moves`, which then counts the
/// sales at its price: all of them, and none at an earlier price.
pub async fn no_sale_is_at_a_price_that_is_over(backend: &Backend) {
    let product = keep(backend, |it| it.stock = None).await;
    let last = money(&PRICES.to_string());
    let start = Arc::new(Barrier::new(RIVALS));
    let mut buyers = JoinSet::new();
    for _ in 1..RIVALS {
        let (products, store) = (Arc::clone(&backend.products), Arc::clone(&backend.store));
        let (start, id) = (Arc::clone(&start), product.id.clone());
        buyers.spawn(async move {
            start.wait().await;
            for _ in 0..TRIES_MAX {
                let read = products.find_product(&id).await.expect("read").expect("it is there");
                if sell(&*store, &read).await && read.price == last {
                    return;
                }
                // A record in memory answers without a wait, and all tries would be over before the price moves once.
                tokio::task::yield_now().await;
            }
            panic!("the price does not become the last one")
        });
    }
    start.wait().await;
    for price in 1..=PRICES {
        let read = found(backend, &product).await.expect("it is there");
        let next = Product { price: money(&price.to_string()), ..read.clone() };
        backend.commit([sample::replace_with_next(&next, StockUpdate::Set(None))]).await;
    }
    let at_last = buyers.join_all().await.len();
    let counted = found(backend, &product).await.expect("it is there").stock_moves;
    assert_eq!(usize::try_from(counted), Ok(at_last), "sales since the last price began, all at that price");
}

/// Whether the sale succeeded; otherwise the product as read is outdated.
async fn sell(store: &dyn Store, read: &Product) -> bool {
    match store.commit(UnitOfWork::new().with_write(sample::sell_product(read, 1))).await {
        Ok(()) => true,
        Err(error) => {
            assert!(is_stale(&error), "{error:?}");
            false
        }
    }
}
