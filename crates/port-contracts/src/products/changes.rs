//! The changes of a product and their authors.

use domain::{
    ChangeId, Product, Text, Version,
    product::{ProductChange, STOCK_MAX, StockChange, StockUpdate, StoredProductChange},
};
use ports::{ChangeFilter, UnitOfWork, Write};

use super::{found, keep};
use crate::{
    Backend,
    backend::RIVALS,
    sample::{self, at},
};

async fn changes(backend: &Backend, product: &Product, kind: ChangeFilter) -> Vec<StoredProductChange> {
    backend.products.list_product_changes(product.key, kind, None, 100).await.expect("read").data
}

/// Each version has one entry, with its price, currency and activity.
pub async fn every_version_says_who_made_it(backend: &Backend) {
    let (olga, otto) = (backend.user().await, backend.user().await);
    let made = sample::product(Some(7));
    let [first, mut third] = [sample::change(&olga), sample::change(&olga)];
    third.reason = Some(Text::new("Counted"));
    let second = ProductChange { at: at(9), ..sample::change(&otto) };
    backend.commit([Write::InsertProduct(made.clone(), first.clone())]).await;
    let price = sample::money("12");
    let dear = Product { price, active: false, version: made.version.next(), ..made.clone() };
    let (read, stock_update) = (made.version, StockUpdate::Keep);
    let write = Write::ReplaceProduct { product: dear, read, stock_update, change: second.clone() };
    backend.commit([write]).await;
    backend.commit([sample::adjust_stock(&made, -3, third.clone())]).await;

    let recorded = |change: ProductChange, version: i64, stock: StockChange| StoredProductChange {
        author: Some(if version == 2 { otto.id.clone() } else { olga.id.clone() }.into()),
        change,
        product: made.id.clone(),
        version: Version::new(version),
        price: if version == 1 { made.price } else { price },
        active: version == 1,
        stock,
    };
    let expected = [
        recorded(third, 3, StockChange::Adjusted(-3)),
        recorded(second, 2, StockChange::Kept),
        recorded(first, 1, StockChange::Set(Some(7))),
    ];
    assert_eq!(changes(backend, &made, ChangeFilter::Any).await, expected);
}

/// Nothing but the stock is changed, and `updatedAt` does not go back.
pub async fn an_adjustment_is_a_version_of_its_own(backend: &Backend) {
    let user = backend.user().await;
    let product = keep(backend, |it| it.updated_at = at(5)).await;
    backend.commit([sample::sell_product(&product, 1)]).await;
    for (by, left, time, shown) in [(-3, 6, 4, 5), (20, 26, 9, 9)] {
        let before = found(backend, &product).await.expect("it is there");
        backend
            .commit([sample::adjust_stock(
                &product,
                by,
                ProductChange { at: at(time), ..sample::change(&user) },
            )])
            .await;
        let expected = Product {
            stock: Some(left),
            version: before.version.next(),
            stock_moves: 0,
            updated_at: at(shown),
            ..before
        };
        assert_eq!(found(backend, &product).await, Some(expected), "by {by}");
    }
}

/// From zero to the maximum. A product that is not tracked or does not exist cannot be adjusted.
pub async fn an_adjustment_stays_within_what_stock_can_be(backend: &Backend) {
    let user = backend.user().await;
    let product = keep(backend, |_| ()).await;
    for by in [-11, STOCK_MAX - 9, -STOCK_MAX] {
        backend.expect_stale([sample::adjust_stock(&product, by, sample::change(&user))]).await;
    }
    assert_eq!(found(backend, &product).await.as_ref(), Some(&product), "nothing is changed");
    for (by, left) in [(-10, 0), (STOCK_MAX, STOCK_MAX), (-STOCK_MAX, 0)] {
        backend.commit([sample::adjust_stock(&product, by, sample::change(&user))]).await;
        assert_eq!(backend.stock(&product).await, Some(left));
    }
    let untracked = keep(backend, |it| it.stock = None).await;
    backend.expect_stale([sample::adjust_stock(&untracked, 1, sample::change(&user))]).await;
    backend.expect_stale([sample::adjust_stock(&sample::product(Some(1)), 1, sample::change(&user))]).await;
}

/// An adjustment that requires a version is applied to that version only.
pub async fn an_adjustment_may_require_a_version(backend: &Backend) {
    let user = backend.user().await;
    let product = keep(backend, |_| ()).await;
    let requiring = |version: Version| {
        let mut write = sample::adjust_stock(&product, 1, sample::change(&user));
        if let Write::AdjustStock { required, .. } = &mut write {
            *required = Some(version);
        }
        write
    };
    for stale in [product.version.next(), Version::new(0)] {
        backend.expect_stale([requiring(stale)]).await;
    }
    backend.commit([sample::sell_product(&product, 1)]).await;
    backend.commit([requiring(product.version)]).await;
    backend.expect_stale([requiring(product.version)]).await;
    assert_eq!(backend.stock(&product).await, Some(10), "ten, one sold, one added");
}

/// Concurrent adjustments and sales are all applied, and each adjustment makes one version.
pub async fn every_adjustment_counts_however_many_there_are_at_once(backend: &Backend) {
    let user = backend.user().await;
    let product = keep(backend, |it| it.stock = Some(1_000)).await;
    let mut turn = 0;
    let race = backend.race(|| {
        turn += 1;
        let write = match turn % 8 {
            0 => sample::adjust_stock(&product, 5, sample::change(&user)),
            4 => sample::adjust_stock(&product, -2, sample::change(&user)),
            _ => sample::sell_product(&product, 1),
        };
        UnitOfWork::new().with_write(write)
    });
    race.await.assert_outcome(RIVALS, |_| false);
    let each = i64::try_from(RIVALS / 8).expect("a few");
    let left = found(backend, &product).await.expect("it is there");
    assert_eq!(left.stock, Some(1_000 + (5 - 2 - 6) * each));
    let made = changes(backend, &product, ChangeFilter::Adjustment).await;
    let versions: Vec<_> = made.iter().map(|it| it.version.get()).collect();
    assert_eq!(versions, (2..=1 + 2 * each).rev().collect::<Vec<_>>());
    assert_eq!(made.iter().map(|it| it.stock.adjusted_by()).sum::<i64>(), 3 * each);
}

/// Page by page, all changes or adjustments only, of this product only.
pub async fn changes_are_listed_newest_first(backend: &Backend) {
    let user = backend.user().await;
    let (product, other) = (keep(backend, |_| ()).await, keep(backend, |_| ()).await);
    for by in 1..=3 {
        backend.commit([sample::adjust_stock(&product, by, sample::change(&user))]).await;
        backend.commit([sample::adjust_stock(&other, by, sample::change(&user))]).await;
        let read = found(backend, &product).await.expect("it is there");
        backend.commit([sample::replace_with_next(&read, StockUpdate::Keep)]).await;
    }
    for (kind, versions) in
        [(ChangeFilter::Any, vec![7, 6, 5, 4, 3, 2, 1]), (ChangeFilter::Adjustment, vec![6, 4, 2])]
    {
        let mut listed: Vec<StoredProductChange> = Vec::new();
        let mut more = true;
        while more {
            let after = listed.last().map(|it| it.change.id.clone());
            let page =
                backend.products.list_product_changes(product.key, kind, after, 2).await.expect("read");
            assert!((1..=2).contains(&page.data.len()), "{kind:?}");
            listed.extend(page.data);
            more = page.next.is_some();
        }
        let found: Vec<_> = listed.iter().map(|it| it.version.get()).collect();
        assert_eq!(found, versions, "{kind:?}");
    }
    let nowhere = Some(ChangeId::new("gone".into()));
    let page = backend
        .products
        .list_product_changes(product.key, ChangeFilter::Any, nowhere, 2)
        .await
        .expect("read");
    assert_eq!((page.data.len(), page.next), (0, None));
}
