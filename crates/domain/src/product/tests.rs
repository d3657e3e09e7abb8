use super::*;

fn product(stock: Option<i64>, moves: i64) -> Product {
    Product {
        key: ProductKey::new(1),
        id: ProductId::new("tea".into()),
        name: Text::new("Tea"),
        price: Money::parse("1", "CNY").unwrap(),
        stock,
        active: true,
        version: Version::FIRST,
        stock_moves: moves,
        created_at: Timestamp::from_millis(5),
        updated_at: Timestamp::from_millis(10),
    }
}

#[test]
fn a_revision_is_the_next_version_and_its_time_does_not_go_back() {
    for (now, at) in [(7, 10), (10, 10), (12, 12)] {
        let next = product(Some(3), 2).next_version(Timestamp::from_millis(now));
        assert_eq!((next.version, next.updated_at.as_millis()), (Version::FIRST.next(), at), "at {now}");
        assert_eq!((next.stock, next.created_at.as_millis()), (Some(3), 5));
    }
}

#[test]
fn only_a_tracked_stock_moves_without_a_new_version() {
    assert!(product(Some(3), 0).has_original_stock());
    assert!(product(None, 7).has_original_stock(), "what is shown of it does not move");
    assert!(!product(Some(3), 1).has_original_stock());
}

#[test]
fn a_replacement_that_does_not_speak_of_the_stock_keeps_it() {
    assert_eq!(StockUpdate::Keep.apply_to(Some(4)), Some(4));
    assert_eq!(StockUpdate::Set(None).apply_to(Some(4)), None);
    assert_eq!(StockChange::from(StockUpdate::Set(Some(2))), StockChange::Set(Some(2)));
}
