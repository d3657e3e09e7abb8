//! The suite for API keys: made once, found by their digests, revoked, listed; and their place in histories.

use domain::{
    ApiKey, ApiKeyId, ApiKeyKey, ChangedBy, Finding, Text, Timestamp, User,
    api_key::{ApiKeyDigest, Scope},
    finding::ResolvedBy,
    order::HistoryEntry,
    payment::{PaymentRequest, PaymentRequestKind},
    product::ProductChange,
};
use ports::{ChangeFilter, IdempotencyKey, RefundFilter, UnitOfWork, Write};

use crate::{
    Backend,
    backend::is_stale,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! api_keys {
    ($($fixture:tt)+) => { $crate::stamp! { api_keys:
        a_key_is_read_back_as_written_by_id_row_and_digest
        the_id_and_the_digest_of_a_key_are_new
        a_key_is_revoked_once
        one_of_many_revocations_wins
        the_last_use_of_a_key_only_moves_forward
        keys_are_listed_newest_first_live_and_revoked_apart
        a_page_of_keys_stays_while_others_are_made_and_revoked
        a_key_is_the_author_of_what_it_changed
        the_idempotency_keys_of_a_key_are_its_own
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, key: &ApiKey) -> Option<ApiKey> {
    backend.api_keys.find_api_key(&key.id).await.expect("read")
}

/// Stores a key after `change` was applied to it.
async fn keep(backend: &Backend, user: &User, change: impl FnOnce(&mut ApiKey)) -> ApiKey {
    let mut key = sample::api_key(user);
    change(&mut key);
    backend.commit([Write::InsertApiKey(key.clone(), sample::digest(&key))]).await;
    key
}

fn revocation(key: &ApiKey, at: Timestamp) -> Write {
    Write::RevokeApiKey { key: key.key, at }
}

async fn list(backend: &Backend, revoked: bool, after: Option<&ApiKey>, limit: u32) -> (Vec<ApiKey>, bool) {
    let after = after.map(|it| it.id.clone());
    let page = backend.api_keys.list_api_keys(revoked, after, limit).await.expect("read");
    (page.data, page.next.is_some())
}

/// With every scope and with one, with every time and with none.
pub async fn a_key_is_read_back_as_written_by_id_row_and_digest(backend: &Backend) {
    let user = backend.user().await;
    let full = keep(backend, &user, |it| {
        it.name = Text::new("仓库 🍵".repeat(20));
        it.scopes = Scope::ALL.into_iter().collect();
        (it.expires_at, it.last_used_at) = (Some(at(3_600)), Some(at(7)));
    });
    let bare = keep(backend, &user, |_| ());
    for key in [full.await, bare.await] {
        let digest = sample::digest(&key);
        assert_eq!(found(backend, &key).await.as_ref(), Some(&key));
        let keys = &backend.api_keys;
        assert_eq!(keys.find_api_key_by_key(key.key).await.expect("read").as_ref(), Some(&key));
        assert_eq!(keys.find_api_key_by_digest(&digest).await.expect("read"), Some(key));
    }
    let none = ApiKeyDigest::new("0".repeat(64));
    assert_eq!(backend.api_keys.find_api_key_by_digest(&none).await.expect("read"), None);
    assert_eq!(backend.api_keys.find_api_key(&ApiKeyId::new("none".into())).await.expect("read"), None);
}

/// Another key with either of them is stale.
pub async fn the_id_and_the_digest_of_a_key_are_new(backend: &Backend) {
    let user = backend.user().await;
    let (key, other) = (keep(backend, &user, |_| ()).await, sample::api_key(&user));
    let same_id = ApiKey { id: key.id.clone(), ..other.clone() };
    backend.expect_stale([Write::InsertApiKey(same_id, sample::digest(&other))]).await;
    backend.expect_stale([Write::InsertApiKey(other.clone(), sample::digest(&key))]).await;
    assert_eq!(found(backend, &other).await, None);
}

/// A second revocation, or one of a key that does not exist, is stale; the first time stays.
pub async fn a_key_is_revoked_once(backend: &Backend) {
    let user = backend.user().await;
    let (key, bystander) = (keep(backend, &user, |_| ()).await, keep(backend, &user, |_| ()).await);
    backend.commit([revocation(&key, at(9))]).await;
    let revoked = ApiKey { revoked_at: Some(at(9)), ..key.clone() };
    backend.expect_stale([revocation(&key, at(10))]).await;
    backend.expect_stale([revocation(&sample::api_key(&user), at(10))]).await;
    assert_eq!(found(backend, &key).await.as_ref(), Some(&revoked));
    let by_digest = backend.api_keys.find_api_key_by_digest(&sample::digest(&key)).await;
    assert_eq!(by_digest.expect("read"), Some(revoked));
    assert_eq!(found(backend, &bystander).await, Some(bystander));
}

/// Of 64 at the same time.
pub async fn one_of_many_revocations_wins(backend: &Backend) {
    let key = keep(backend, &backend.user().await, |_| ()).await;
    let race = backend.race(|| UnitOfWork::new().with_write(revocation(&key, at(9)))).await;
    race.assert_outcome(1, is_stale);
}

/// An earlier time changes nothing, and a key that is gone is no error.
pub async fn the_last_use_of_a_key_only_moves_forward(backend: &Backend) {
    let key = keep(backend, &backend.user().await, |_| ()).await;
    let used = |key, seconds| Write::RecordKeyUse { key, at: at(seconds) };
    for (seconds, last) in [(5, 5), (3, 5), (8, 8)] {
        backend.commit([used(key.key, seconds), used(ApiKeyKey::new(1), seconds)]).await;
        assert_eq!(found(backend, &key).await.and_then(|it| it.last_used_at), Some(at(last)));
    }
}

/// By the time that they show, then by row.
pub async fn keys_are_listed_newest_first_live_and_revoked_apart(backend: &Backend) {
    let user = backend.user().await;
    let mut keys = Vec::new();
    for seconds in [3, 1, 2, 2] {
        keys.push(keep(backend, &user, |it| it.created_at = at(seconds)).await);
    }
    let [third, first, second, also] = keys.as_slice() else { panic!("four were kept") };
    let newest_first = [third, also, second, first].map(Clone::clone);
    assert_eq!(list(backend, false, None, 4).await, (newest_first.to_vec(), false));
    assert_eq!(list(backend, false, Some(also), 1).await, (vec![second.clone()], true));
    assert_eq!(list(backend, true, None, 4).await, (Vec::new(), false));
    backend.commit([revocation(also, at(9))]).await;
    let revoked = ApiKey { revoked_at: Some(at(9)), ..also.clone() };
    assert_eq!(list(backend, true, None, 4).await, (vec![revoked], false));
    let left = vec![third.clone(), second.clone(), first.clone()];
    assert_eq!(list(backend, false, None, 4).await, (left, false));
    assert_eq!(list(backend, false, Some(&sample::api_key(&user)), 4).await, (Vec::new(), false));
}

/// The cursor is a key that has been revoked meanwhile.
pub async fn a_page_of_keys_stays_while_others_are_made_and_revoked(backend: &Backend) {
    let user = backend.user().await;
    let (old, new) =
        (keep(backend, &user, |_| ()).await, keep(backend, &user, |it| it.created_at = at(5)).await);
    assert_eq!(list(backend, false, None, 1).await, (vec![new.clone()], true));
    keep(backend, &user, |it| it.created_at = at(6)).await;
    backend.commit([revocation(&new, at(9))]).await;
    assert_eq!(list(backend, false, Some(&new), 1).await, (vec![old], false));
}

/// Of history entries, findings, product changes, payment requests and refunds.
pub async fn a_key_is_the_author_of_what_it_changed(backend: &Backend) {
    let user = backend.user().await;
    let key = keep(backend, &user, |_| ()).await;
    let (by, author) = (ChangedBy::service(key.key), Some(key.id.clone().into()));
    let product = backend.product(None).await;
    let order = sample::order(&user, &[(&product, 1)]);
    let entry = HistoryEntry::for_new_order(&order, by);
    backend.commit([Write::InsertOrder { order: Box::new(order.clone()), entry }]).await;
    let history = backend.orders.list_history_entries(order.key).await.expect("read");
    assert!(history.iter().all(|it| (it.entry.by, &it.author) == (by, &author)), "{history:?}");
    assert_eq!(history.len(), 1);

    let transaction = backend.transaction(&order, |it| {
        let mut refund = sample::refund(it, "1");
        refund.requested_by = by;
        it.refunds = vec![refund];
    });
    let transaction = transaction.await;
    backend.commit([sample::update_transaction(transaction.clone())]).await;
    let request = PaymentRequest {
        transaction: transaction.key,
        kind: PaymentRequestKind::Payment,
        amount: transaction.amount,
        requested_by: by,
        requested_at: at(1),
    };
    backend.commit([Write::InsertRequest(request)]).await;
    let payments = &backend.payments;
    let of_order = payments.list_payment_requests(order.key).await.expect("read");
    let of_transaction = payments.list_requests_of(&[transaction.key]).await.expect("read");
    for request in [of_order, of_transaction].concat() {
        assert_eq!((request.request.requested_by, request.author), (by, author.clone()));
    }
    let filter = RefundFilter { limit: 10, ..RefundFilter::default() };
    let refunds = payments.list_all_refunds(filter).await.expect("read").data;
    let authors: Vec<_> = refunds.into_iter().map(|it| (it.refund.requested_by, it.author)).collect();
    assert_eq!(authors, [(by, author.clone())]);

    let (tracked, change) = (backend.product(Some(5)).await, ProductChange { by, ..sample::change(&user) });
    backend.commit([sample::adjust_stock(&tracked, 1, change)]).await;
    let changes = backend.products.list_product_changes(tracked.key, ChangeFilter::Adjustment, None, 10);
    let authors: Vec<_> = changes.await.expect("read").data.into_iter().map(|it| it.author).collect();
    assert_eq!(authors, std::slice::from_ref(&author));

    let finding = sample::finding();
    let (id, note) = (finding.id.clone(), Text::new("done"));
    backend.commit([Write::InsertFinding(finding.clone())]).await;
    backend.commit([Write::ResolveFinding { id, note, by, at: at(9) }]).await;
    let read: Option<Finding> = backend.findings.find_finding(&finding.id).await.expect("read");
    assert_eq!(read.and_then(|it| it.resolved_by), Some(ResolvedBy { by, author }));
}

/// A user may use the same text.
pub async fn the_idempotency_keys_of_a_key_are_its_own(backend: &Backend) {
    let user = backend.user().await;
    let key = keep(backend, &user, |_| ()).await;
    let of_user = sample::claim(&user);
    let mut of_key = sample::claim(&user);
    of_key.key = IdempotencyKey { owner: ChangedBy::service(key.key).author, ..of_user.key.clone() };
    backend.commit([Write::Claim(of_user.clone()), Write::Claim(of_key.clone())]).await;
    let claims = &backend.claims;
    assert_eq!(claims.find_claim(&of_user.key).await.expect("read"), Some(of_user));
    assert_eq!(claims.find_claim(&of_key.key).await.expect("read"), Some(of_key));
}
