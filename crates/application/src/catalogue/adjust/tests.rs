use super::*;
use crate::testing::*;

fn shop(stock: Option<i64>) -> TestApp {
    TestApp::new().with_state(|it| it.products.push(product("tea", yuan("10"), stock)))
}

async fn adjust_by(it: &TestApp, by: i64) -> Result<IdempotentReply, AdjustError> {
    adjust_if(it, by, IfMatch::Absent).await
}

async fn adjust_if(it: &TestApp, by: i64, if_match: IfMatch) -> Result<IdempotentReply, AdjustError> {
    let ask = StockAdjustment {
        product: ProductId::new("tea".to_owned()),
        by,
        reason: Text::new("Counted"),
        if_match,
    };
    let show = |it: &AppliedAdjustment| reply(&format!("{} {}", it.change.id, it.adjustment.by));
    adjust_stock(&it.app, &operator(), request(), ask, show).await
}

fn stock(it: &TestApp) -> Option<i64> {
    it.record.state().products[0].stock
}

#[tokio::test]
async fn one_commit_keeps_the_answer_the_stock_and_who_did_it() {
    let it = shop(Some(5));
    let IdempotentReply::New(first) = adjust_by(&it, -3).await.unwrap() else { panic!("it is new") };
    assert_eq!((stock(&it), it.journal_lines()), (Some(2), vec!["commit Claim AdjustStock".to_owned()]));
    let change = it.record.state().product_changes[0].change.clone();
    assert_eq!((change.by, change.reason), (operator().caller().changed_by(), Some(Text::new("Counted"))));
    let claim = it.record.state().claims[0].clone();
    let kept_until = NOW.saturating_add(it.app.policy.reply_ttl);
    assert_eq!((claim.reply, claim.expires_at), (Some(first.clone()), Some(kept_until)));
    assert_eq!(adjust_by(&it, -3).await.unwrap(), IdempotentReply::Replay(first));
    assert_eq!(stock(&it), Some(2), "once");
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_uses_up_no_key() {
    let nowhere = TestApp::new();
    assert!(matches!(adjust_by(&nowhere, 1).await, Err(AdjustError::NotFound)));
    let untracked = shop(None);
    assert!(matches!(adjust_by(&untracked, 1).await, Err(AdjustError::NotTracked)));
    let it = shop(Some(5));
    assert!(matches!(adjust_by(&it, -6).await, Err(AdjustError::OutOfStock)));
    assert!(matches!(adjust_by(&it, STOCK_MAX).await, Err(AdjustError::TooMuch)));
    assert_eq!(it.record.commits(), []);
    adjust_by(&it, -5).await.unwrap();
    assert_eq!(stock(&it), Some(0));
}

#[tokio::test]
async fn an_adjustment_for_another_version_is_refused() {
    let meant = |version| IfMatch::OneOf(vec![Version::new(version)]);
    let it = shop(Some(5));
    assert!(matches!(adjust_if(&it, -1, meant(2)).await, Err(AdjustError::PreconditionFailed)));
    it.record.before_next_commit(|it| it.products[0].version = Version::new(2));
    assert!(matches!(adjust_if(&it, -1, meant(1)).await, Err(AdjustError::PreconditionFailed)));
    assert_eq!(
        (stock(&it), it.record.state().claims.len()),
        (Some(5), 0),
        "nothing is done, and the key is free"
    );
    adjust_if(&it, -1, meant(2)).await.unwrap();
    // Another request: the first one's key would replay its answer.
    let any = shop(Some(5));
    any.record.before_next_commit(|it| it.products[0].version = Version::new(7));
    adjust_if(&any, -1, IfMatch::Any).await.unwrap();
    assert_eq!((stock(&it), stock(&any)), (Some(4), Some(4)));
}

#[tokio::test]
async fn a_sale_meanwhile_counts() {
    let it = shop(Some(5));
    it.record.before_next_commit(|it| it.products[0].stock = Some(4));
    adjust_by(&it, -3).await.unwrap();
    assert_eq!(stock(&it), Some(1));
    let it = shop(Some(5));
    it.record.before_next_commit(|it| it.products[0].stock = Some(2));
    assert!(matches!(adjust_by(&it, -3).await, Err(AdjustError::OutOfStock)));
    assert_eq!(stock(&it), Some(2));
}

#[tokio::test]
async fn a_key_that_is_claimed_at_the_commit_gives_the_stored_bytes() {
    let it = shop(Some(5)).without_locks();
    it.record.before_next_commit(|it| it.claims.push(claim_for("change", Some(reply("kept")))));
    assert_eq!(adjust_by(&it, -3).await.unwrap(), IdempotentReply::Replay(reply("kept")));
    assert_eq!(stock(&it), Some(5), "the other one did it");
}

#[tokio::test]
async fn a_lost_answer_of_the_commit_is_found_by_the_retry() {
    let it = shop(Some(5));
    it.record.lose_next_answer();
    assert!(matches!(adjust_by(&it, -3).await, Err(AdjustError::Failed(_))));
    assert!(matches!(adjust_by(&it, -3).await, Ok(IdempotentReply::Replay(_))));
    assert_eq!(stock(&it), Some(2), "once");
}

#[tokio::test]
async fn a_refusal_that_comes_of_its_own_first_copy_is_answered_with_its_answer() {
    // Without locks both copies found the key free; then the first one took the last pieces.
    let mut it = shop(Some(0)).without_locks();
    let mut replies = ports::MockClaimRepository::new();
    let mut asked = 0;
    replies.expect_find_claim().times(2).returning(move |_| {
        asked += 1;
        Ok((asked == 2).then(|| claim_for("change", Some(reply("kept")))))
    });
    it.app.claims = std::sync::Arc::new(replies);
    assert_eq!(adjust_by(&it, -3).await.unwrap(), IdempotentReply::Replay(reply("kept")));
}
