use super::*;
use crate::testing::*;

fn offer(price: &str) -> Offer {
    Offer { name: Text::new("Tea"), price: yuan(price), stock: Some(5), active: true }
}

async fn put_tea(it: &Bench, price: &str, if_match: IfMatch) -> Result<Put, PutError> {
    put(&it.app, &operator(), ProductId::new("tea".to_owned()), offer(price), if_match).await
}

#[tokio::test]
async fn what_is_put_first_is_made_and_then_replaced() {
    let it = Bench::new();
    let Put::Created(made) = put_tea(&it, "10", IfMatch::Absent).await.unwrap() else { panic!("it is new") };
    it.clock.advance(seconds(1));
    let Put::Replaced(next) = put_tea(&it, "11", IfMatch::Absent).await.unwrap() else {
        panic!("it was there")
    };
    assert_eq!((made.version, next.version), (Version::FIRST, Version::FIRST.next()));
    assert_eq!((next.key, next.created_at, next.updated_at), (made.key, NOW, NOW.plus(seconds(1))));
    assert_eq!(it.journal(), ["commit InsertProduct", "commit ReplaceProduct"]);
}

#[tokio::test]
async fn a_version_that_was_not_meant_is_left_alone_also_when_it_moves_under_the_commit() {
    let it = Bench::new();
    assert!(matches!(put_tea(&it, "10", IfMatch::Any).await, Err(PutError::PreconditionFailed)));
    put_tea(&it, "10", IfMatch::Absent).await.unwrap();
    let first = || IfMatch::OneOf(vec![Version::FIRST]);
    it.record.meanwhile(|it| it.products[0].version = Version::new(2));
    assert!(matches!(put_tea(&it, "11", first()).await, Err(PutError::PreconditionFailed)));
    assert_eq!(it.record.state().products[0].price, yuan("10"));
}

#[tokio::test]
async fn stock_that_is_sold_under_the_commit_is_not_brought_back_unseen() {
    let it = Bench::new().with(|it| it.products.push(product("tea", yuan("10"), Some(5))));
    it.record.meanwhile(|it| (it.products[0].stock, it.products[0].version) = (Some(4), Version::new(2)));
    let Put::Replaced(next) = put_tea(&it, "11", IfMatch::Absent).await.unwrap() else {
        panic!("it was there")
    };
    assert_eq!(next.version, Version::new(3), "decided on what is there now");
}

#[tokio::test]
async fn only_operators_see_what_cannot_be_ordered() {
    let hidden = Product { active: false, ..product("tea", yuan("10"), None) };
    let it = Bench::new().with(|it| it.products.push(hidden));
    assert_eq!(list(&it.app, false, None, 20).await.unwrap().data, []);
    assert_eq!(list(&it.app, true, None, 20).await.unwrap().data.len(), 1);
    assert!(find(&it.app, &ProductId::new("tea".to_owned())).await.unwrap().is_some());
}
