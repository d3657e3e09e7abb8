use std::sync::Mutex;

use domain::{Text, Version, product::Restock};

use super::*;
use crate::{Answered, Conditions, IfMatch, IfNoneMatch, testing::*};

fn id() -> ProductId {
    ProductId::new("tea".to_owned())
}

fn offer(price: &str) -> Offer {
    Offer { name: Text::new("Tea"), price: yuan(price), restock: Restock::Set(Some(5)), active: None }
}

fn meant_for(versions: &[i64]) -> Conditions {
    let versions = versions.iter().map(|it| Version::new(*it)).collect();
    Conditions { if_match: IfMatch::OneOf(versions), ..Conditions::NONE }
}

/// Puts tea and gives back what is answered.
async fn put_tea(it: &Bench, offer: Offer, conditions: Conditions) -> Result<Put, PutError> {
    let shown = Mutex::new(None);
    let show = |put: &Put| {
        *shown.lock().unwrap() = Some(put.clone());
        reply("put")
    };
    put(&it.app, &operator(), None, id(), offer, conditions, show).await?;
    Ok(shown.into_inner().unwrap().unwrap())
}

async fn replaced(it: &Bench, offer: Offer) -> Product {
    match put_tea(it, offer, Conditions::NONE).await.unwrap() {
        Put::Replaced(product) => product,
        Put::Created(_) => panic!("it was there"),
    }
}

/// Patches tea and gives back what is answered.
async fn patch_tea(it: &Bench, with: Patch, conditions: Conditions) -> Result<Product, PatchError> {
    let shown = Mutex::new(None);
    let show = |product: &Product| {
        *shown.lock().unwrap() = Some(product.clone());
        reply("patched")
    };
    patch(&it.app, &operator(), None, id(), with, conditions, show).await?;
    Ok(shown.into_inner().unwrap().unwrap())
}

fn shop(stock: Option<i64>) -> Bench {
    Bench::new().with(|it| it.products.push(product("tea", yuan("10"), stock)))
}

#[tokio::test]
async fn what_is_put_first_is_made_and_then_replaced() {
    let it = Bench::new();
    let made = put_tea(&it, offer("10"), Conditions::NONE).await.unwrap();
    let Put::Created(made) = made else { panic!("it is new") };
    it.clock.advance(seconds(1));
    let next = replaced(&it, offer("11")).await;
    assert_eq!((made.version, next.version), (Version::FIRST, Version::FIRST.next()));
    assert_eq!((next.key, next.created_at, next.updated_at), (made.key, NOW, NOW.plus(seconds(1))));
    assert_eq!(it.journal(), ["commit InsertProduct", "commit ReplaceProduct"]);
}

#[tokio::test]
async fn every_change_says_who_made_it() {
    let it = Bench::new();
    put_tea(&it, offer("10"), Conditions::NONE).await.unwrap();
    replaced(&it, offer("11")).await;
    let price = Patch { price: Some("12".to_owned()), ..Patch::NOTHING };
    patch_tea(&it, price, Conditions::NONE).await.unwrap();
    let by = operator().caller().changed_by();
    let changes = it.record.state().product_changes;
    assert_eq!(changes.iter().map(|it| it.change.by).collect::<Vec<_>>(), [by; 3]);
}

#[tokio::test]
async fn what_is_not_said_of_a_product_stays_and_is_the_usual_of_a_new_one() {
    let it = Bench::new();
    let silent = || Offer { restock: Restock::Keep, ..offer("10") };
    let Put::Created(made) = put_tea(&it, silent(), Conditions::NONE).await.unwrap() else {
        panic!("it is new")
    };
    assert_eq!((made.stock, made.active), (None, true));
    let off = Offer { active: Some(false), ..offer("10") };
    assert_eq!(replaced(&it, off).await.stock, Some(5));
    let kept = replaced(&it, silent()).await;
    assert_eq!((kept.stock, kept.active), (Some(5), false));
    let untracked = Offer { restock: Restock::Set(None), ..offer("10") };
    assert_eq!(replaced(&it, untracked).await.stock, None);
}

#[tokio::test]
async fn a_version_that_was_not_meant_is_left_alone_also_when_it_moves_under_the_commit() {
    let it = Bench::new();
    let any = Conditions { if_match: IfMatch::Any, ..Conditions::NONE };
    assert!(matches!(put_tea(&it, offer("10"), any).await, Err(PutError::PreconditionFailed)));
    put_tea(&it, offer("10"), Conditions::NONE).await.unwrap();
    it.record.meanwhile(|it| it.products[0].version = Version::new(2));
    let refused = put_tea(&it, offer("11"), meant_for(&[1])).await;
    assert!(matches!(refused, Err(PutError::PreconditionFailed)));
    assert_eq!(it.record.state().products[0].price, yuan("10"));
}

#[tokio::test]
async fn what_must_be_new_is_not_overwritten_also_when_another_is_faster() {
    let new = || Conditions { if_none_match: IfNoneMatch::Any, ..Conditions::NONE };
    let it = Bench::new();
    it.record.meanwhile(|it| it.products.push(product("tea", yuan("10"), Some(3))));
    assert!(matches!(put_tea(&it, offer("11"), new()).await, Err(PutError::PreconditionFailed)));
    assert_eq!(it.record.state().products[0].price, yuan("10"));
    let seen = Conditions { if_none_match: IfNoneMatch::OneOf(vec![Version::FIRST]), ..Conditions::NONE };
    assert!(matches!(put_tea(&it, offer("11"), seen).await, Err(PutError::PreconditionFailed)));
    it.record.change(|it| it.products.clear());
    assert!(matches!(put_tea(&it, offer("11"), new()).await, Ok(Put::Created(_))));
}

#[tokio::test]
async fn a_sale_does_not_stand_in_the_way_and_is_not_undone() {
    let it = shop(Some(5));
    it.record.meanwhile(|it| it.products[0].stock = Some(4));
    let kept = Offer { restock: Restock::Keep, ..offer("11") };
    put_tea(&it, kept, meant_for(&[1])).await.unwrap();
    assert_eq!(it.record.state().products[0].stock, Some(4));
    assert_eq!(it.meter.all(), [], "at the first try");
}

#[tokio::test]
async fn a_patch_changes_what_it_says_and_nothing_else() {
    let it = shop(Some(5));
    it.clock.put_back(seconds(9));
    let off = Patch { active: Some(false), ..Patch::NOTHING };
    let changed = patch_tea(&it, off, meant_for(&[1])).await.unwrap();
    let expected = Product { active: false, version: Version::new(2), ..product("tea", yuan("10"), Some(5)) };
    assert_eq!(changed, expected, "its time does not go back either");
    let none = patch_tea(&it, Patch::NOTHING, Conditions::NONE).await.unwrap();
    assert_eq!((none, it.record.commits().len()), (expected, 1));
}

#[tokio::test]
async fn a_patch_that_cannot_be_is_refused() {
    let it = shop(Some(5));
    let fine = Patch { price: Some("9.999".to_owned()), ..Patch::NOTHING };
    let refused = patch_tea(&it, fine.clone(), Conditions::NONE).await;
    assert!(matches!(refused, Err(PatchError::Price(_))), "more digits than the currency has");
    let stale = patch_tea(&it, Patch::NOTHING, meant_for(&[2])).await;
    assert!(matches!(stale, Err(PatchError::PreconditionFailed)));
    assert_eq!(it.record.commits(), []);
    let absent = patch_tea(&Bench::new(), fine, Conditions::NONE).await;
    assert!(matches!(absent, Err(PatchError::NotFound)));
}

#[tokio::test]
async fn without_locks_operators_do_not_undo_each_other_all_the_same() {
    let it = shop(Some(5)).without_locks();
    it.record.meanwhile(|it| {
        let other = &mut it.products[0];
        (other.name, other.version) = (Text::new("Green tea"), Version::new(2));
    });
    let price = Patch { price: Some("12".to_owned()), ..Patch::NOTHING };
    let changed = patch_tea(&it, price, Conditions::NONE).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.price), ("Green tea", yuan("12")));
}

#[tokio::test]
async fn a_key_that_is_used_again_changes_nothing_again() {
    let it = shop(Some(5));
    let put_once = async |price: &str| {
        let show = |_: &Put| reply(price);
        put(&it.app, &operator(), Some(request()), id(), offer(price), Conditions::NONE, show).await.unwrap()
    };
    assert_eq!(put_once("11").await, Answered::First(reply("11")));
    it.record.change(|it| it.products[0].price = yuan("12"));
    assert_eq!(put_once("11").await, Answered::Again(reply("11")));
    assert_eq!(it.record.state().products[0].price, yuan("12"), "what was decided meanwhile stays");
}

#[tokio::test]
async fn only_operators_see_what_cannot_be_ordered() {
    let hidden = Product { active: false, ..product("tea", yuan("10"), None) };
    let it = Bench::new().with(|it| it.products.push(hidden));
    assert_eq!(list(&it.app, false, None, 20).await.unwrap().data, []);
    assert_eq!(list(&it.app, true, None, 20).await.unwrap().data.len(), 1);
    assert!(find(&it.app, &id()).await.unwrap().is_some());
}
