mod copies;
mod services;

use std::sync::Arc;

use domain::{Currency, Money, Version, order::OrderDetails};
use ports::{Claim, IdempotencyKey, MockClaimRepository, OpenLimits};

use super::*;
use crate::{Limit, caching::KnownReplies, retry::ATTEMPTS_MAX, testing::*};

fn tea(quantity: u32) -> OrderLineInput {
    line("tea", quantity, None)
}

fn line(product: &str, quantity: u32, seen: Option<&str>) -> OrderLineInput {
    OrderLineInput {
        product: ProductId::new(product.to_owned()),
        quantity,
        seen_price: seen.map(str::to_owned),
    }
}

/// A shop with two customers.
fn shop_of<const COUNT: usize>(products: [Product; COUNT]) -> TestApp {
    TestApp::new().with_state(|it| {
        it.users.extend([ada(), bob()].map(|user| account_of(user, "tea")));
        it.products.extend(products);
    })
}

/// A shop with five packs of tea.
fn shop() -> TestApp {
    shop_of([product("tea", yuan("10"), Some(5))])
}

fn show(order: &Order, _: &User) -> StoredReply {
    reply(&format!("{} {}", order.number, order.amount))
}

fn buyer(user: User) -> Buyer {
    Buyer::User(user_caller(user))
}

async fn place_on(it: &TestApp, lines: Vec<OrderLineInput>) -> Result<IdempotentReply, PlaceError> {
    place_order(&it.app, &buyer(ada()), request(), lines, OrderDetails::default(), show).await
}

fn body(answered: IdempotentReply) -> String {
    match answered {
        IdempotentReply::New(reply) => format!("first {}", reply.body),
        IdempotentReply::Replay(reply) => format!("again {}", reply.body),
    }
}

#[tokio::test]
async fn one_commit_makes_claim_order_history_and_stock_true() {
    let it = shop();
    let answered = place_on(&it, vec![tea(2)]).await.unwrap();
    let order = it.record.state().orders[0].clone();
    let IdempotentReply::New(reply) = answered else { panic!("it is new") };
    assert_eq!(reply, show(&order, &ada()));
    let claim = Claim { resource: order.number.to_string(), reply: Some(reply), ..claim_for("", None) };
    let entry = HistoryEntry::for_new_order(&order, ChangedBy::customer(ada().key));
    let line = StockLine { product: ProductId::new("tea".to_owned()), quantity: 2 };
    let limits = OpenLimits { orders: 1_000, pieces: 100_000 };
    let expected = [
        Write::Claim(claim),
        Write::AddOpenOrder { owner: ada().key, lines: vec![line.clone()], limits },
        Write::InsertOrder { order: Box::new(order.clone()), entry },
        Write::Sell { line, read: product("tea", yuan("10"), Some(5)) },
    ];
    assert_eq!(it.record.only_commit(), expected);
    assert_eq!(
        (order.amount, order.owner, order.expires_at),
        (yuan("20"), ada().key, NOW.saturating_add(seconds(1_800)))
    );
    assert_eq!(it.metrics.all_observations(), [Observation::OrderPlaced]);
}

#[tokio::test]
async fn stock_that_is_not_tracked_is_not_taken_and_its_price_is_guarded_all_the_same() {
    let untracked = || product("tea", yuan("10"), None);
    let it = shop_of([untracked()]);
    place_on(&it, vec![tea(2)]).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit Claim AddOpenOrder InsertOrder Sell"]);
    assert!(!it.record.state().orders[0].items[0].holds_stock);

    let it = shop_of([untracked()]);
    it.record.before_next_commit(|it| it.products[0].price = yuan("11"));
    place_on(&it, vec![tea(1)]).await.unwrap();
    assert_eq!(it.record.state().orders[0].amount, yuan("11"));

    let it = shop_of([untracked()]);
    it.record.before_next_commit(|it| it.products[0].active = false);
    assert!(matches!(place_on(&it, vec![tea(1)]).await, Err(PlaceError::UnknownProduct(_))));
}

#[tokio::test]
async fn stock_that_becomes_tracked_under_the_commit_is_taken() {
    let it = shop_of([product("tea", yuan("10"), None)]);
    it.record.before_next_commit(|it| it.products[0].stock = Some(5));
    place_on(&it, vec![tea(2)]).await.unwrap();
    let state = it.record.state();
    assert_eq!((state.products[0].stock, state.orders[0].items[0].holds_stock), (Some(3), true));
}

#[tokio::test]
async fn lines_of_one_product_are_no_way_around_the_limit_of_one_line() {
    let it = shop_of([product("tea", yuan("10"), None), product("cup", yuan("3"), None)]);
    let over = place_on(&it, vec![tea(QUANTITY_MAX), line("cup", QUANTITY_MAX, None), tea(1)]).await;
    assert!(matches!(over, Err(PlaceError::TooMany { at, max: QUANTITY_MAX }) if at == [0, 2]));
    assert_eq!(it.record.commits(), []);
    place_on(&it, vec![tea(QUANTITY_MAX - 1), tea(1)]).await.unwrap();
}

#[tokio::test]
async fn without_locks_an_order_is_placed_once_all_the_same() {
    let it = shop().without_locks();
    let first = body(place_on(&it, vec![tea(2)]).await.unwrap());
    let again = body(place_on(&it, vec![tea(2)]).await.unwrap());
    assert_eq!(again, first.replace("first", "again"));
    assert_eq!(it.record.state().orders.len(), 1);
    assert_eq!(it.metrics.all_observations(), [Observation::OrderPlaced, Observation::Replayed]);
}

#[tokio::test]
async fn a_key_that_is_held_is_answered_from_the_record_or_in_progress() {
    let it = shop().with_busy_locks();
    assert!(matches!(place_on(&it, vec![tea(1)]).await, Err(PlaceError::Key(KeyError::InProgress))));
    it.record.change(|it| it.claims.push(claim_for("n1", Some(reply("kept")))));
    assert_eq!(body(place_on(&it, vec![tea(1)]).await.unwrap()), "again kept");
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn a_key_that_is_claimed_at_the_commit_gives_the_stored_bytes() {
    let it = shop();
    it.record.before_next_commit(|it| it.claims.push(claim_for("n1", Some(reply("kept")))));
    assert_eq!(body(place_on(&it, vec![tea(1)]).await.unwrap()), "again kept");
    assert_eq!(it.record.state().products[0].stock, Some(5), "nothing was taken");
    assert_eq!(it.metrics.all_observations(), [Observation::Replayed]);
}

#[tokio::test]
async fn a_key_of_another_request_is_reused_whenever_it_is_noticed() {
    let other = || Claim { fingerprint: other_request().fingerprint, ..claim_for("n1", Some(reply("kept"))) };
    let it = shop().with_state(|it| it.claims.push(other()));
    assert!(matches!(place_on(&it, vec![tea(1)]).await, Err(PlaceError::Key(KeyError::Reused))));
    let it = shop();
    it.record.before_next_commit(move |it| it.claims.push(other()));
    assert!(matches!(place_on(&it, vec![tea(1)]).await, Err(PlaceError::Key(KeyError::Reused))));
}

#[tokio::test]
async fn a_reply_that_this_process_has_seen_is_given_again_without_a_lock_and_without_the_database() {
    let mut it = shop();
    it.app.known_replies = KnownReplies::new(Arc::<FakeCache>::default());
    let first = body(place_on(&it, vec![tea(2)]).await.unwrap());
    // Neither expects to be asked.
    it.app.claims = Arc::new(MockClaimRepository::new());
    it.app.locks = Arc::new(ports::MockLockManager::new());
    assert_eq!(body(place_on(&it, vec![tea(2)]).await.unwrap()), first.replace("first", "again"));
    let reused =
        place_order(&it.app, &buyer(ada()), other_request(), vec![tea(1)], OrderDetails::default(), show)
            .await;
    assert!(matches!(reused, Err(PlaceError::Key(KeyError::Reused))), "{reused:?}");
}

#[tokio::test]
async fn a_lost_answer_of_the_commit_is_found_by_the_retry() {
    let it = shop();
    it.record.lose_next_answer();
    assert!(matches!(place_on(&it, vec![tea(2)]).await, Err(PlaceError::Failed(_))));
    assert!(body(place_on(&it, vec![tea(2)]).await.unwrap()).starts_with("again id-"));
    assert_eq!(it.record.state().products[0].stock, Some(3), "taken once");
}

#[tokio::test]
async fn a_refusal_that_comes_of_its_own_first_copy_is_answered_with_its_order() {
    // Without locks both copies found the key free; then the first one took the last piece.
    let mut it = shop().without_locks().with_state(|it| it.products[0].stock = Some(0));
    let mut replies = MockClaimRepository::new();
    let mut asked = 0;
    replies.expect_find_claim().times(2).returning(move |_| {
        asked += 1;
        Ok((asked == 2).then(|| claim_for("n1", Some(reply("kept")))))
    });
    it.app.claims = std::sync::Arc::new(replies);
    assert_eq!(body(place_on(&it, vec![tea(1)]).await.unwrap()), "again kept");
    assert_eq!(it.metrics.count(Observation::OrderRefused), 0);
}

#[tokio::test]
async fn a_price_that_moves_under_the_commit_is_decided_again() {
    let it = shop();
    it.record.before_next_commit(|it| it.products[0].price = yuan("11"));
    place_on(&it, vec![tea(1)]).await.unwrap();
    assert_eq!(it.record.state().orders[0].amount, yuan("11"));
    assert_eq!(it.metrics.count(Observation::Retry), 1);

    let it = shop();
    it.record.before_next_commit(|it| it.products[0].price = yuan("11"));
    let refused = place_on(&it, vec![line("tea", 1, Some("10"))]).await;
    assert!(matches!(refused, Err(PlaceError::PriceChanged(at)) if at == [0]));
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn deciding_again_has_an_end() {
    let it = shop();
    (0..ATTEMPTS_MAX).for_each(|_| it.record.refuse_next_commit(CommitError::Stale));
    assert!(matches!(place_on(&it, vec![tea(1)]).await, Err(PlaceError::Failed(_))));
    assert_eq!(it.metrics.count(Observation::Retry), usize::try_from(ATTEMPTS_MAX).unwrap() - 1);
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn the_servers_price_counts_and_lines_for_one_product_are_one() {
    let it = shop().with_state(|it| it.products.push(product("cup", yuan("3.50"), None)));
    let lines = vec![line("tea", 1, Some("10.00")), line("cup", 2, None), line("tea", 2, Some("10"))];
    place_on(&it, lines).await.unwrap();
    let order = it.record.state().orders[0].clone();
    let items: Vec<_> = order.items.iter().map(|it| (it.product.as_str(), it.quantity)).collect();
    assert_eq!((items, order.amount), (vec![("tea", 3), ("cup", 2)], yuan("37")));
    assert_eq!(it.record.state().products[0].stock, Some(2));
}

#[tokio::test]
async fn what_cannot_be_ordered_is_named_by_its_positions_and_changes_nothing() {
    let yen = Money::from_minor(5, Currency::parse("JPY").unwrap()).unwrap();
    let it = shop().with_state(|it| {
        it.products.push(product("cup", yen, None));
        it.products.push(Product {
            active: false,
            version: Version::FIRST,
            ..product("old", yuan("1"), None)
        });
    });
    let unknown = place_on(&it, vec![line("gone", 1, None), tea(1), line("old", 1, None)]).await;
    assert!(matches!(unknown, Err(PlaceError::UnknownProduct(at)) if at == [0, 2]));
    let mixed = place_on(&it, vec![tea(1), line("cup", 1, None)]).await;
    assert!(matches!(mixed, Err(PlaceError::MixedCurrencies(at)) if at == [1]));
    let no_price = place_on(&it, vec![line("tea", 1, Some("9")), line("tea", 1, Some("9.999"))]).await;
    assert!(matches!(no_price, Err(PlaceError::NoPrice(at)) if at.len() == 1 && at[0].0 == 1));
    let changed = place_on(&it, vec![tea(1), line("tea", 1, Some("9.99"))]).await;
    assert!(matches!(changed, Err(PlaceError::PriceChanged(at)) if at == [1]));
    let short = place_on(&it, vec![tea(3), tea(3)]).await;
    assert!(matches!(short, Err(PlaceError::OutOfStock(at)) if at == [0, 1]));
    assert_eq!(it.record.commits(), []);
    assert_eq!(it.metrics.all_observations(), vec![Observation::OrderRefused; 5]);
    place_on(&it, vec![tea(5)]).await.unwrap();
}

#[tokio::test]
async fn stock_that_is_gone_at_the_commit_is_named_by_its_positions() {
    let it = shop().with_state(|it| it.products.push(product("cup", yuan("3"), Some(9))));
    it.record.before_next_commit(|it| it.products[0].stock = Some(1));
    let short = place_on(&it, vec![line("cup", 1, None), tea(2)]).await;
    assert!(matches!(short, Err(PlaceError::OutOfStock(at)) if at == [1]));
    assert_eq!(it.record.state().products[1].stock, Some(9), "nothing is reserved");
}

#[tokio::test]
async fn an_order_of_more_than_money_can_be_is_refused() {
    let most = Money::from_minor(Money::MAJOR_MAX * 100, Currency::parse("CNY").unwrap()).unwrap();
    let it = shop_of([product("tea", most, None)]);
    assert!(matches!(place_on(&it, vec![tea(2)]).await, Err(PlaceError::TooMuch(_))));
}

/// A shop that counts.
fn counting() -> TestApp {
    let mut it = shop();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it
}

/// Under a key of its own.
async fn place_under(it: &TestApp, key: &str) -> Result<IdempotentReply, PlaceError> {
    let key = IdempotencyKey { key: key.to_owned(), ..request().key };
    place_order(
        &it.app,
        &buyer(ada()),
        IdempotentRequest { key, ..request() },
        vec![tea(1)],
        OrderDetails::default(),
        show,
    )
    .await
}

#[tokio::test]
async fn a_user_with_too_many_unpaid_orders_gets_no_more_until_one_of_them_is_paid() {
    let mut it = counting();
    it.app.policy.open_orders_per_user = 2;
    for key in ["a", "b"] {
        assert!(place_under(&it, key).await.is_ok());
    }
    let Err(PlaceError::Throttled(told)) = place_under(&it, "c").await else { panic!("one too many") };
    assert_eq!(
        told,
        Throttled { reached: Limit::OpenOrders, limit: 2, window: seconds(1_800), retry_after: seconds(60) }
    );
    assert!(
        matches!(place_under(&it, "b").await, Ok(IdempotentReply::Replay(_))),
        "what was answered is answered again"
    );
    let another =
        place_order(&it.app, &buyer(bob()), request_of(&bob()), vec![tea(1)], OrderDetails::default(), show)
            .await;
    assert!(another.is_ok(), "each user has a limit of its own");
    it.record.change(|it| it.open_counts[0].total -= 1);
    assert!(
        matches!(place_under(&it, "c").await, Ok(IdempotentReply::New(_))),
        "and nothing is kept under the key"
    );
}

#[tokio::test]
async fn a_user_holds_only_so_many_pieces_of_a_product_unpaid() {
    let mut it = counting();
    it.app.policy.open_pieces_per_user = 3;
    for key in ["a", "b", "c"] {
        assert!(place_under(&it, key).await.is_ok());
    }
    let Err(PlaceError::Throttled(told)) = place_under(&it, "d").await else { panic!("one too many") };
    assert_eq!((told.reached, told.limit), (Limit::OpenPieces, 3));
    let another =
        place_order(&it.app, &buyer(bob()), request_of(&bob()), vec![tea(1)], OrderDetails::default(), show)
            .await;
    assert!(another.is_ok(), "each user has a limit of its own");
    let mut it = shop();
    it.app.policy.open_pieces_per_user = 3;
    let too_large = place_on(&it, vec![tea(2), tea(2)]).await;
    assert!(
        matches!(&too_large, Err(PlaceError::TooMany { at, max: 3 }) if *at == [0, 1]),
        "no wait helps: {too_large:?}"
    );
}

#[tokio::test]
async fn a_user_places_only_so_many_orders_within_a_minute() {
    let mut it = counting();
    it.app.policy.orders_per_minute = 2;
    for key in ["a", "b"] {
        assert!(place_under(&it, key).await.is_ok());
        assert!(
            matches!(place_under(&it, key).await, Ok(IdempotentReply::Replay(_))),
            "which does not count"
        );
    }
    it.clock.advance(seconds(20));
    let Err(PlaceError::Throttled(told)) = place_under(&it, "c").await else { panic!("one too many") };
    assert_eq!(
        told,
        Throttled {
            reached: Limit::OrdersPerMinute,
            limit: 2,
            window: seconds(60),
            retry_after: seconds(40)
        }
    );
    it.clock.advance(seconds(40));
    assert!(place_under(&it, "c").await.is_ok());
}

#[tokio::test]
async fn an_order_that_is_decided_in_several_rounds_counts_once() {
    let mut it = counting();
    it.app.policy.orders_per_minute = 1;
    it.record.refuse_next_commit(CommitError::Stale);
    it.record.refuse_next_commit(CommitError::Stale);
    assert!(matches!(place_on(&it, vec![tea(1)]).await, Ok(IdempotentReply::New(_))));
}

#[tokio::test]
async fn counts_that_cannot_be_had_refuse_no_order() {
    let mut it = shop();
    it.app.throttle = Arc::new(mock_throttle(|| Err(unavailable_error()), || Err(unavailable_error())));
    assert!(place_on(&it, vec![tea(1)]).await.is_ok());
}
