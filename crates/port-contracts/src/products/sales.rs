//! What orders do to products.

use std::sync::Arc;

use domain::{Money, Product, order::StockLine, product::Restock};
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
/// More sales than a buyer makes before the price is the last one.
const TRIES_MAX: usize = 10_000;

/// An operator who decided on the version before is not held up, and brings nothing back.
pub async fn a_sale_takes_stock_and_leaves_the_version_to_operators(backend: &Backend) {
    let product = keep(backend, |_| ()).await;
    backend.commit([sample::sold(&product, 4)]).await;
    let left = Product { stock: Some(6), moves: 1, ..product.clone() };
    assert_eq!(found(backend, &product).await.as_ref(), Some(&left), "nothing else is touched");
    backend.commit([sample::revised(&product, Restock::Keep)]).await;
    backend.commit([sample::sold(&product, 6)]).await;
    assert_eq!(backend.stock(&product).await, Some(0), "an older version with the same price sells too");
}

/// It is counted, so that the sale is a change that its guard can stand on.
pub async fn what_is_not_tracked_is_sold_without_end(backend: &Backend) {
    let product = keep(backend, |it| it.stock = None).await;
    let race = backend.race(|| UnitOfWork::new().with(sample::sold(&product, 9_999)));
    race.await.ends(RIVALS, |_| false);
    let moves = i64::try_from(RIVALS).expect("a few");
    assert_eq!(found(backend, &product).await, Some(Product { moves, ..product }));
}

/// Another price, another currency, not active, tracked or not tracked, or not there.
pub async fn what_was_read_differently_is_not_sold(backend: &Backend) {
    for stock in [Some(10), None] {
        let product = keep(backend, |it| it.stock = stock).await;
        for price in [Money::parse("9.98", "CNY"), Money::parse("9.99", "USD")] {
            let price = price.expect("an amount");
            backend.stale([sample::sold(&Product { price, ..product.clone() }, 1)]).await;
        }
        let otherwise = if stock.is_some() { None } else { Some(10) };
        backend.stale([sample::sold(&Product { stock: otherwise, ..product.clone() }, 1)]).await;
        assert_eq!(found(backend, &product).await, Some(product), "nothing was sold");
        let inactive = keep(backend, |it| (it.stock, it.active) = (stock, false)).await;
        backend.stale([sample::sold(&Product { active: true, ..inactive.clone() }, 1)]).await;
        assert_eq!(found(backend, &inactive).await, Some(inactive), "nothing was sold");
        backend.stale([sample::sold(&sample::product(stock), 1)]).await;
    }
}

/// And nothing of the others is taken.
pub async fn every_line_that_lacks_is_named(backend: &Backend) {
    let lacking =
        [keep(backend, |it| it.stock = Some(1)).await, keep(backend, |it| it.stock = Some(0)).await];
    let enough = [keep(backend, |_| ()).await, keep(backend, |_| ()).await];
    let [little, none] = &lacking;
    let [plenty, exact] = &enough;
    let sales = [(plenty, 1), (little, 2), (exact, 10), (none, 1)].map(|(it, many)| sample::sold(it, many));
    let error = backend.refused(sales).await;
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
    let race = backend.race(|| UnitOfWork::new().with(sample::sold(&product, 1)));
    race.await
        .ends(10, |error| matches!(error, CommitError::OutOfStock(named) if *named == [product.id.clone()]));
    assert_eq!(backend.stock(&product).await, Some(0));
}

/// Also when the product cannot be ordered any more; and it is no operator's change.
pub async fn returned_stock_is_added_if_it_is_tracked(backend: &Backend) {
    let tracked = keep(backend, |it| it.active = false).await;
    let untracked = keep(backend, |it| it.stock = None).await;
    let back = [&tracked, &untracked]
        .map(|it| Write::ReturnStock(StockLine { product: it.id.clone(), quantity: 3 }));
    backend.commit(back).await;
    let more = Product { stock: Some(13), moves: 1, ..tracked.clone() };
    assert_eq!(found(backend, &tracked).await, Some(more));
    assert_eq!(found(backend, &untracked).await, Some(untracked), "nothing to add to");
}

/// All of them go through, the operator's on the version that was read before the first of them.
pub async fn sales_do_not_stand_in_the_way_of_an_operator(backend: &Backend) {
    let product = keep(backend, |it| it.stock = Some(1_000)).await;
    let mut sales = 0;
    let race = backend.race(|| {
        sales += 1;
        let operator = sales == RIVALS / 2;
        let write =
            if operator { sample::revised(&product, Restock::Keep) } else { sample::sold(&product, 1) };
        UnitOfWork::new().with(write)
    });
    race.await.ends(RIVALS, |_| false);
    let left = found(backend, &product).await.expect("it is there");
    assert_eq!((left.stock, left.version), (Some(1_001 - 64), product.version.next()));
}

/// While the price changes again and again, everybody buys at the price that is read, until it was the last one. Since
/// that change began at zero, it has counted every sale that came after it: those at its price, and none at one before.
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
                let read = products.find(&id).await.expect("read").expect("it is there");
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
        backend.commit([sample::revised(&next, Restock::Set(None))]).await;
    }
    let at_last = buyers.join_all().await.len();
    let counted = found(backend, &product).await.expect("it is there").moves;
    assert_eq!(usize::try_from(counted), Ok(at_last), "sales since the last price began, all at that price");
}

/// Whether it was sold; otherwise what was read is over.
async fn sell(store: &dyn Store, read: &Product) -> bool {
    match store.commit(UnitOfWork::new().with(sample::sold(read, 1))).await {
        Ok(()) => true,
        Err(error) => {
            assert!(is_stale(&error), "{error:?}");
            false
        }
    }
}
