//! The suite for idempotency keys, by which a request that is sent twice has its effect once.

use domain::{AuthorKey, User};
use ports::{Claim, CommitError, IdempotencyKey, Prunable, StoredReply, UnitOfWork, Write};

use crate::{Backend, sample};

/// The length of the response to an order of a hundred lines, with long names in a script of four bytes a
/// character.
const LONG_BODY_BYTES: usize = 300_000;
/// The longest key that a client may send, in characters.
const KEY_CHARS_MAX: usize = 255;

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! replies {
    ($($fixture:tt)+) => { $crate::stamp! { replies:
        a_claim_is_read_back_as_it_was_written
        a_used_key_answers_with_its_claim_and_undoes_the_rest
        a_used_key_comes_before_every_other_guard
        an_answer_comes_back_byte_for_byte
        one_of_many_claims_of_one_key_wins
        one_of_many_claims_of_a_key_without_a_user_wins
        keys_differ_by_user_route_and_case
        claims_are_found_together
        a_key_is_answered_once
        one_of_many_answers_to_one_key_wins
        pruning_forgets_only_keys_whose_time_is_over
        pruning_is_bounded
        a_forgotten_key_can_be_used_again
        replies_of_orders_are_erased_for_every_sender
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, claim: &Claim) -> Option<Claim> {
    backend.claims.find_claim(&claim.key).await.expect("read")
}

fn claimed(error: CommitError) -> Claim {
    match error {
        CommitError::Claimed(claim) => *claim,
        CommitError::Stale
        | CommitError::OutOfStock(_)
        | CommitError::LimitReached(_)
        | CommitError::DuplicateEvent
        | CommitError::AccountConflict(_)
        | CommitError::Failed(_) => panic!("refused as claimed, not as {error:?}"),
    }
}

/// Each by its own user, route and text.
pub async fn claims_are_found_together(backend: &Backend) {
    let [one, other] = [sample::claim(&backend.user().await), sample::claim(&backend.user().await)];
    let answered = Claim { reply: Some(sample::reply()), ..other.clone() };
    backend.commit([Write::Claim(one.clone()), Write::Claim(answered.clone())]).await;
    let elsewhere = IdempotencyKey { owner: other.key.owner, ..one.key.clone() };
    let no_user = IdempotencyKey { owner: None, ..one.key.clone() };
    let keys = [&elsewhere, &other.key, &one.key, &no_user, &one.key].map(Clone::clone);
    let mut claims = backend.claims.find_claims(&keys).await.expect("read");
    claims.sort_by(|a, b| a.key.cmp(&b.key));
    let mut expected = vec![one, answered];
    expected.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(claims, expected);
    assert_eq!(backend.claims.find_claims(&[]).await.expect("read"), []);
}

/// With an expiry and without one. Before it is written it does not exist.
pub async fn a_claim_is_read_back_as_it_was_written(backend: &Backend) {
    let user = backend.user().await;
    let longest = IdempotencyKey { key: "~".repeat(KEY_CHARS_MAX), ..sample::claim(&user).key };
    let limited = Claim { key: longest, expires_at: Some(sample::at(86_400)), ..sample::claim(&user) };
    for claim in [sample::claim(&user), limited] {
        assert_eq!(found(backend, &claim).await, None, "it is unused");
        backend.commit([Write::Claim(claim.clone())]).await;
        assert_eq!(found(backend, &claim).await, Some(claim));
    }
}

/// The claim comes back both before and after its reply is stored; the other writes of the unit are undone.
pub async fn a_used_key_answers_with_its_claim_and_undoes_the_rest(backend: &Backend) {
    let user = backend.user().await;
    let first = sample::claim(&user);
    backend.commit([Write::Claim(first.clone())]).await;
    let again = || Write::Claim(Claim { key: first.key.clone(), ..sample::claim(&user) });
    assert_eq!(claimed(backend.expect_refusal([again()]).await), first, "the first one's claim, unanswered");

    backend.commit([Write::StoreReply { key: first.key.clone(), reply: sample::reply() }]).await;
    let answered = Claim { reply: Some(sample::reply()), ..first.clone() };
    assert_eq!(
        claimed(backend.expect_refusal([again()]).await),
        answered,
        "the first one's claim and answer"
    );
    assert_eq!(found(backend, &first).await, Some(answered), "the second use changed nothing");
}

/// A repeated order that took the last piece gets the reply of that order, not a shortage.
pub async fn a_used_key_comes_before_every_other_guard(backend: &Backend) {
    let (first, product) = (sample::claim(&backend.user().await), backend.product(Some(1)).await);
    let work = [sample::sell_product(&product, 1), Write::Claim(first.clone())];
    backend.commit(work.clone()).await;
    assert_eq!(claimed(backend.expect_refusal(work).await), first);
}

/// Replies that are empty, long, with line ends, or without a `Location`.
pub async fn an_answer_comes_back_byte_for_byte(backend: &Backend) {
    let user = backend.user().await;
    let long = StoredReply { body: "茶".repeat(LONG_BODY_BYTES / 3), ..sample::reply() };
    let bare = StoredReply { status: 200, location: None, etag: None, body: String::new() };
    for reply in [sample::reply(), long, bare] {
        let claim = sample::claim(&user);
        backend.commit([Write::Claim(claim.clone())]).await;
        backend.commit([Write::StoreReply { key: claim.key.clone(), reply: reply.clone() }]).await;
        assert!(
            found(backend, &claim).await == Some(Claim { reply: Some(reply), ..claim }),
            "the same bytes"
        );
    }
}

/// All other units get the claim of the one that succeeded.
pub async fn one_of_many_claims_of_one_key_wins(backend: &Backend) {
    let user = backend.user().await;
    one_wins(backend, &user, sample::claim(&user).key).await;
}

/// The same holds for keys without a user: two missing users are equal here, unlike two nulls in a unique
/// key.
pub async fn one_of_many_claims_of_a_key_without_a_user_wins(backend: &Backend) {
    let user = backend.user().await;
    one_wins(backend, &user, IdempotencyKey { owner: None, ..sample::claim(&user).key }).await;
}

async fn one_wins(backend: &Backend, user: &User, key: IdempotencyKey) {
    let race = backend.race(|| {
        let claim = Claim { key: key.clone(), ..sample::claim(user) };
        UnitOfWork::new().with_write(Write::Claim(claim)).with_write(Write::InsertFinding(sample::finding()))
    });
    let race = race.await;
    let winner = backend.claims.find_claim(&key).await.expect("read").expect("one has won");
    race.assert_outcome(1, |error| matches!(error, CommitError::Claimed(claim) if **claim == winner));
    let findings = backend.findings.list_findings(None, None, 100).await.expect("read");
    assert_eq!(findings.data.len(), 1, "only the winner did anything");
}

/// The same text is another key for another user, another route, or in another case.
pub async fn keys_differ_by_user_route_and_case(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let claim = |key: IdempotencyKey| Claim { key, ..sample::claim(&user) };
    let key = IdempotencyKey {
        owner: Some(AuthorKey::User(user.key)),
        route: "POST /v1/orders",
        key: "Key".into(),
    };
    let all = [
        claim(IdempotencyKey { owner: Some(AuthorKey::User(other.key)), ..key.clone() }),
        claim(IdempotencyKey { owner: None, ..key.clone() }),
        claim(IdempotencyKey { route: "POST /v1/orders/{orderNumber}/payments", ..key.clone() }),
        claim(IdempotencyKey { key: "kEY".into(), ..key.clone() }),
        claim(key),
    ];
    for claim in &all {
        backend.commit([Write::Claim(claim.clone())]).await;
    }
    for claim in all {
        assert_eq!(found(backend, &claim).await, Some(claim), "each its own");
    }
}

/// A second reply is refused, with the first one as the result.
pub async fn a_key_is_answered_once(backend: &Backend) {
    let claim = sample::claim(&backend.user().await);
    backend.commit([Write::Claim(claim.clone())]).await;
    backend.commit([Write::StoreReply { key: claim.key.clone(), reply: sample::reply() }]).await;
    let other = StoredReply { status: 200, body: "{}".into(), ..sample::reply() };
    let error = backend.expect_refusal([Write::StoreReply { key: claim.key.clone(), reply: other }]).await;
    let answered = Claim { reply: Some(sample::reply()), ..claim.clone() };
    assert_eq!(claimed(error), answered, "the first answer comes back");
    assert_eq!(found(backend, &claim).await, Some(answered), "and stays");
}

/// All other units get the reply of the one that succeeded.
pub async fn one_of_many_answers_to_one_key_wins(backend: &Backend) {
    let claim = sample::claim(&backend.user().await);
    backend.commit([Write::Claim(claim.clone())]).await;
    let race = backend.race(|| {
        let reply = StoredReply { body: sample::next_number().to_string(), ..sample::reply() };
        UnitOfWork::new().with_write(Write::StoreReply { key: claim.key.clone(), reply })
    });
    let race = race.await;
    let winner = found(backend, &claim).await.expect("it is there");
    race.assert_outcome(1, |error| matches!(error, CommitError::Claimed(claim) if **claim == winner));
}

/// A claim without an expiry is never deleted.
pub async fn pruning_forgets_only_keys_whose_time_is_over(backend: &Backend) {
    let user = backend.user().await;
    let until = |seconds| Claim { expires_at: Some(sample::at(seconds)), ..sample::claim(&user) };
    let (over, ending) = (until(9), until(10));
    let (running, eternal) = (until(11), sample::claim(&user));
    backend.commit([&over, &ending, &running, &eternal].map(|it| Write::Claim(it.clone()))).await;
    backend.commit([Write::Prune(Prunable::Claims, sample::at(10), 100)]).await;
    assert_eq!(found(backend, &over).await, None, "its time is over");
    assert_eq!(found(backend, &ending).await, None, "its time is over from that moment on");
    assert_eq!(found(backend, &running).await, Some(running), "its time is not over");
    assert_eq!(found(backend, &eternal).await, Some(eternal), "it has no end");
}

/// One unit deletes no more rows than its limit.
pub async fn pruning_is_bounded(backend: &Backend) {
    let user = backend.user().await;
    let claims: Vec<_> =
        (0..5).map(|_| Claim { expires_at: Some(sample::at(1)), ..sample::claim(&user) }).collect();
    backend.commit(claims.iter().cloned().map(Write::Claim).collect::<Vec<_>>()).await;
    for left in [3, 1, 0, 0] {
        backend.commit([Write::Prune(Prunable::Claims, sample::at(10), 2)]).await;
        let mut kept = 0;
        for claim in &claims {
            kept += usize::from(found(backend, claim).await.is_some());
        }
        assert_eq!(kept, left, "two go each time");
    }
}

/// After its claim is deleted, a key is new.
pub async fn a_forgotten_key_can_be_used_again(backend: &Backend) {
    let user = backend.user().await;
    let first = Claim { expires_at: Some(sample::at(1)), ..sample::claim(&user) };
    backend.commit([Write::Claim(first.clone())]).await;
    let second = Claim { key: first.key.clone(), ..sample::claim(&user) };
    let error = backend.expect_refusal([Write::Claim(second.clone())]).await;
    assert_eq!(claimed(error), first, "a time that is over is not enough: it must be forgotten first");
    backend.commit([Write::Prune(Prunable::Claims, sample::at(10), 100)]).await;
    backend.commit([Write::Claim(second.clone())]).await;
    assert_eq!(found(backend, &second).await, Some(second));
}

/// In steps of no more rows than the limit. Those of other orders stay.
pub async fn replies_of_orders_are_erased_for_every_sender(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let claims = [sample::claim(&user), sample::claim(&other), sample::claim(&user)];
    // Further requests about the first order.
    let more = [&user, &other, &user]
        .map(|it| Claim { resource: claims.first().expect("three").resource.clone(), ..sample::claim(it) });
    backend.commit(claims.clone().map(Write::Claim)).await;
    backend.commit(more.clone().map(Write::Claim)).await;
    let orders = claims.iter().take(2).map(|it| domain::OrderNumber::new(it.resource.clone()));
    let orders: Vec<_> = orders.collect();
    let erased: Vec<_> = more.iter().chain(claims.iter().take(2)).collect();
    for left in [3, 1, 0, 0] {
        backend.commit([Write::EraseOrderReplies(orders.clone(), 2)]).await;
        let mut kept = 0;
        for claim in &erased {
            kept += usize::from(found(backend, claim).await.is_some());
        }
        let has_more = backend.account_tasks.has_order_replies(&orders).await.expect("read");
        assert_eq!((kept, has_more), (left, left > 0), "two go each time");
    }
    let [_, _, third] = &claims;
    assert!(found(backend, third).await.is_some(), "of another order");
}
