use super::*;
use crate::testing::*;

fn claim() -> Claim {
    Claim {
        key: IdempotencyKey {
            owner: Some(domain::AuthorKey::User(ada().key)),
            route: "POST /v1/orders",
            key: "key".to_owned(),
        },
        fingerprint: Fingerprint("f".to_owned()),
        resource: "n1".to_owned(),
        reply: Some(StoredReply {
            status: 201,
            location: Some("/v1/orders/n1".to_owned()),
            etag: Some("\"1\"".to_owned()),
            body: "{\"a\": \"茶 \\u0000\"} ".to_owned(),
        }),
        created_at: NOW,
        expires_at: None,
    }
}

fn known() -> (Arc<FakeCache>, KnownReplies) {
    let cache = Arc::<FakeCache>::default();
    (cache.clone(), KnownReplies::new(cache))
}

#[tokio::test]
async fn a_reply_is_found_as_it_was_put_and_under_its_key_only() {
    let (_, known) = known();
    assert_eq!(known.find(&claim().key, NOW).await, None);
    known.put(&claim()).await;
    assert_eq!(known.find(&claim().key, NOW).await, Some(claim()));
    for other in [
        IdempotencyKey { owner: None, ..claim().key },
        IdempotencyKey { route: "POST /v1/products", ..claim().key },
        IdempotencyKey { key: "KEY".to_owned(), ..claim().key },
    ] {
        assert_eq!(known.find(&other, NOW).await, None, "{other:?}");
    }
}

#[tokio::test]
async fn a_claim_without_a_reply_is_not_kept() {
    let (cache, known) = known();
    known.put(&Claim { reply: None, ..claim() }).await;
    assert!(cache.lock_entries().is_empty());
}

#[tokio::test]
async fn a_reply_whose_claim_may_soon_be_deleted_is_not_given() {
    let (_, known) = known();
    let expires_at = NOW.saturating_add(EXPIRY_MARGIN + seconds(10));
    known.put(&Claim { expires_at: Some(expires_at), ..claim() }).await;
    assert!(known.find(&claim().key, NOW.saturating_add(seconds(9))).await.is_some());
    assert_eq!(known.find(&claim().key, NOW.saturating_add(seconds(10))).await, None);
}

#[tokio::test]
async fn an_entry_that_names_another_key_answers_nothing() {
    let (cache, known) = known();
    known.put(&claim()).await;
    let other = IdempotencyKey { key: "other".to_owned(), ..claim().key };
    let entry = cache.lock_entries().values().next().cloned().unwrap().0;
    cache.set_entry(&cache_key(&other), entry.version, entry.bytes);
    assert_eq!(known.find(&other, NOW).await, None);
}
