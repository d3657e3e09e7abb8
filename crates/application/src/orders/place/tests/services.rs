//! Orders that services place for customers.

use domain::{AuthorKey, api_key::Scope};

use super::*;

/// A service orders for that user.
async fn place_for(it: &TestApp, customer: &UserId) -> Result<IdempotentReply, PlaceError> {
    let service = service(&[Scope::OrdersWrite]);
    let key = IdempotencyKey { owner: Some(AuthorKey::ApiKey(service.key.key)), ..request().key };
    let buyer = Buyer::Service { service, customer: customer.clone() };
    let request = IdempotentRequest { key, ..request() };
    let show = |order: &Order, owner: &User| reply(&format!("{} for {}", order.number, owner.id));
    place_order(&it.app, &buyer, request, vec![tea(2)], OrderDetails::default(), show).await
}

#[tokio::test]
async fn a_service_orders_for_a_customer_whose_order_and_counts_it_becomes() {
    let it = shop();
    let first = body(place_for(&it, &bob().id).await.unwrap());
    let order = it.record.state().orders[0].clone();
    assert_eq!(first, format!("first {} for {}", order.number, bob().id));
    assert_eq!(order.owner, bob().key);
    let history = it.record.state().history[0].entry.clone();
    assert_eq!(history.by, ChangedBy::service(api_key(&[]).key));
    let counts = it.record.state().open_counts;
    assert!(counts.iter().all(|it| it.owner == bob().key), "{counts:?}");
    let again = body(place_for(&it, &bob().id).await.unwrap());
    assert_eq!(again, first.replace("first", "again"));
    assert_eq!(it.record.state().orders.len(), 1);
    let own = body(place_on(&it, vec![tea(1)]).await.unwrap());
    assert!(own.starts_with("first"), "the same text of a user is another idempotency key: {own}");
}

#[tokio::test]
async fn a_service_cannot_order_for_a_user_who_cannot_and_replays_for_one_who_could() {
    let it = shop();
    let unknown = place_for(&it, &UserId::new("none".to_owned())).await;
    assert!(matches!(unknown, Err(PlaceError::UnknownCustomer)), "{unknown:?}");
    assert_eq!(it.record.commits(), []);
    place_for(&it, &bob().id).await.unwrap();
    it.record.change(|it| it.users[1].user.disabled = true);
    assert!(
        matches!(place_for(&it, &bob().id).await, Ok(IdempotentReply::Replay(_))),
        "it was placed before"
    );
    it.record.change(|it| it.claims.clear());
    let closed = place_for(&it, &bob().id).await;
    assert!(matches!(closed, Err(PlaceError::UnknownCustomer)), "{closed:?}");
}

#[tokio::test]
async fn the_limits_of_a_service_are_those_of_its_customer() {
    let mut it = counting();
    it.app.policy.open_orders_per_user = 1;
    assert!(place_under(&it, "a").await.is_ok());
    assert!(place_for(&it, &bob().id).await.is_ok(), "bob has none yet");
    it.record.change(|it| it.claims.clear());
    let full = place_for(&it, &bob().id).await;
    assert!(matches!(full, Err(PlaceError::Throttled(_))), "{full:?}");
}
