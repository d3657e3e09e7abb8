use std::sync::Mutex;

use domain::{Text, Version, product::StockUpdate};

use super::*;
use crate::{Conditions, IdempotentReply, IfMatch, IfNoneMatch, testing::*};

fn id() -> ProductId {
    ProductId::new("tea".to_owned())
}

fn offer(price: &str) -> ProductInput {
    ProductInput {
        name: Text::new("Tea"),
        price: yuan(price),
        stock_update: StockUpdate::Set(Some(5)),
        active: None,
    }
}

fn meant_for(versions: &[i64]) -> Conditions {
    let versions = versions.iter().map(|it| Version::new(*it)).collect();
    Conditions { if_match: IfMatch::OneOf(versions), ..Conditions::NONE }
}

/// Puts tea and gives back what is answered.
async fn put_tea(it: &TestApp, offer: ProductInput, conditions: Conditions) -> Result<PutOutcome, PutError> {
    let shown = Mutex::new(None);
    let show = |put: &PutOutcome| {
        *shown.lock().unwrap() = Some(put.clone());
        reply("put")
    };
    put_product(&it.app, &operator(), None, id(), offer, conditions, show).await?;
    Ok(shown.into_inner().unwrap().unwrap())
}

async fn replaced(it: &TestApp, offer: ProductInput) -> Product {
    match put_tea(it, offer, Conditions::NONE).await.unwrap() {
        PutOutcome::Replaced(product) => product,
        PutOutcome::Created(_) => panic!("it was there"),
    }
}

/// Patches tea and gives back what is answered.
async fn patch_tea(it: &TestApp, with: ProductPatch, conditions: Conditions) -> Result<Product, PatchError> {
    let shown = Mutex::new(None);
    let show = |product: &Product| {
        *shown.lock().unwrap() = Some(product.clone());
        reply("patched")
    };
    patch_product(&it.app, &operator(), None, id(), with, conditions, show).await?;
    Ok(shown.into_inner().unwrap().unwrap())
}

fn shop(stock: Option<i64>) -> TestApp {
    TestApp::new().with_state(|it| it.products.push(product("tea", yuan("10"), stock)))
}

#[tokio::test]
async fn what_is_put_first_is_made_and_then_replaced() {
    let it = TestApp::new();
    let made = put_tea(&it, offer("10"), Conditions::NONE).await.unwrap();
    let PutOutcome::Created(made) = made else { panic!("it is new") };
    it.clock.advance(seconds(1));
    let next = replaced(&it, offer("11")).await;
    assert_eq!((made.version, next.version), (Version::FIRST, Version::FIRST.next()));
    assert_eq!((next.key, next.created_at, next.updated_at), (made.key, NOW, NOW.saturating_add(seconds(1))));
    assert_eq!(it.journal_lines(), ["commit InsertProduct", "commit ReplaceProduct"]);
}

#[tokio::test]
async fn every_change_says_who_made_it() {
    let it = TestApp::new();
    put_tea(&it, offer("10"), Conditions::NONE).await.unwrap();
    replaced(&it, offer("11")).await;
    let price = ProductPatch { price: Some("12".to_owned()), ..ProductPatch::EMPTY };
    patch_tea(&it, price, Conditions::NONE).await.unwrap();
    let by = operator().caller().changed_by();
    let changes = it.record.state().product_changes;
    assert_eq!(changes.iter().map(|it| it.change.by).collect::<Vec<_>>(), [by; 3]);
}

#[tokio::test]
async fn what_is_not_said_of_a_product_stays_and_is_the_usual_of_a_new_one() {
    let it = TestApp::new();
    let silent = || ProductInput { stock_update: StockUpdate::Keep, ..offer("10") };
    let PutOutcome::Created(made) = put_tea(&it, silent(), Conditions::NONE).await.unwrap() else {
        panic!("it is new")
    };
    assert_eq!((made.stock, made.active), (None, true));
    let off = ProductInput { active: Some(false), ..offer("10") };
    assert_eq!(replaced(&it, off).await.stock, Some(5));
    let kept = replaced(&it, silent()).await;
    assert_eq!((kept.stock, kept.active), (Some(5), false));
    let untracked = ProductInput { stock_update: StockUpdate::Set(None), ..offer("10") };
    assert_eq!(replaced(&it, untracked).await.stock, None);
}

#[tokio::test]
async fn a_version_that_was_not_meant_is_left_alone_also_when_it_moves_under_the_commit() {
    let it = TestApp::new();
    let any = Conditions { if_match: IfMatch::Any, ..Conditions::NONE };
    assert!(matches!(put_tea(&it, offer("10"), any).await, Err(PutError::PreconditionFailed)));
    put_tea(&it, offer("10"), Conditions::NONE).await.unwrap();
    it.record.before_next_commit(|it| it.products[0].version = Version::new(2));
    let refused = put_tea(&it, offer("11"), meant_for(&[1])).await;
    assert!(matches!(refused, Err(PutError::PreconditionFailed)));
    assert_eq!(it.record.state().products[0].price, yuan("10"));
}

#[tokio::test]
async fn what_must_be_new_is_not_overwritten_also_when_another_is_faster() {
    let new = || Conditions { if_none_match: IfNoneMatch::Any, ..Conditions::NONE };
    let it = TestApp::new();
    it.record.before_next_commit(|it| it.products.push(product("tea", yuan("10"), Some(3))));
    assert!(matches!(put_tea(&it, offer("11"), new()).await, Err(PutError::PreconditionFailed)));
    assert_eq!(it.record.state().products[0].price, yuan("10"));
    let seen = Conditions { if_none_match: IfNoneMatch::OneOf(vec![Version::FIRST]), ..Conditions::NONE };
    assert!(matches!(put_tea(&it, offer("11"), seen).await, Err(PutError::PreconditionFailed)));
    it.record.change(|it| it.products.clear());
    assert!(matches!(put_tea(&it, offer("11"), new()).await, Ok(PutOutcome::Created(_))));
}

#[tokio::test]
async fn a_sale_does_not_stand_in_the_way_and_is_not_undone() {
    let it = shop(Some(5));
    it.record.before_next_commit(|it| it.products[0].stock = Some(4));
    let kept = ProductInput { stock_update: StockUpdate::Keep, ..offer("11") };
    put_tea(&it, kept, meant_for(&[1])).await.unwrap();
    assert_eq!(it.record.state().products[0].stock, Some(4));
    assert_eq!(it.metrics.all_observations(), [], "at the first try");
}

#[tokio::test]
async fn a_patch_changes_what_it_says_and_nothing_else() {
    let it = shop(Some(5));
    it.clock.put_back(seconds(9));
    let off = ProductPatch { active: Some(false), ..ProductPatch::EMPTY };
    let changed = patch_tea(&it, off, meant_for(&[1])).await.unwrap();
    let expected = Product { active: false, version: Version::new(2), ..product("tea", yuan("10"), Some(5)) };
    assert_eq!(changed, expected, "its time does not go back either");
    let none = patch_tea(&it, ProductPatch::EMPTY, Conditions::NONE).await.unwrap();
    assert_eq!((none, it.record.commits().len()), (expected, 1));
}

#[tokio::test]
async fn a_patch_that_cannot_be_is_refused() {
    let it = shop(Some(5));
    let fine = ProductPatch { price: Some("9.999".to_owned()), ..ProductPatch::EMPTY };
    let refused = patch_tea(&it, fine.clone(), Conditions::NONE).await;
    assert!(matches!(refused, Err(PatchError::Price(_))), "more digits than the currency has");
    let stale = patch_tea(&it, ProductPatch::EMPTY, meant_for(&[2])).await;
    assert!(matches!(stale, Err(PatchError::PreconditionFailed)));
    assert_eq!(it.record.commits(), []);
    let absent = patch_tea(&TestApp::new(), fine, Conditions::NONE).await;
    assert!(matches!(absent, Err(PatchError::NotFound)));
}

#[tokio::test]
async fn without_locks_operators_do_not_undo_each_other_all_the_same() {
    let it = shop(Some(5)).without_locks();
    it.record.before_next_commit(|it| {
        let other = &mut it.products[0];
        (other.name, other.version) = (Text::new("Green tea"), Version::new(2));
    });
    let price = ProductPatch { price: Some("12".to_owned()), ..ProductPatch::EMPTY };
    let changed = patch_tea(&it, price, Conditions::NONE).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.price), ("Green tea", yuan("12")));
}

#[tokio::test]
async fn a_key_that_is_used_again_changes_nothing_again() {
    let it = shop(Some(5));
    let put_once = async |price: &str| {
        let show = |_: &PutOutcome| reply(price);
        put_product(&it.app, &operator(), Some(request()), id(), offer(price), Conditions::NONE, show)
            .await
            .unwrap()
    };
    assert_eq!(put_once("11").await, IdempotentReply::New(reply("11")));
    it.record.change(|it| it.products[0].price = yuan("12"));
    assert_eq!(put_once("11").await, IdempotentReply::Replay(reply("11")));
    assert_eq!(it.record.state().products[0].price, yuan("12"), "what was decided meanwhile stays");
}

#[tokio::test]
async fn only_operators_see_what_cannot_be_ordered() {
    let hidden = Product { active: false, ..product("tea", yuan("10"), None) };
    let it = TestApp::new().with_state(|it| it.products.push(hidden));
    assert_eq!(list_products(&it.app, false, None, 20).await.unwrap().data, []);
    assert_eq!(list_products(&it.app, true, None, 20).await.unwrap().data.len(), 1);
    assert!(find_product(&it.app, &id()).await.unwrap().is_some());
}
