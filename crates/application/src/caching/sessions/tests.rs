use domain::session::RETRY_WINDOW;
use ports::{CommitError, MockSessionRepository};

use super::*;
use crate::{
    auth::{RefreshError, refresh_session},
    caching::WriteThroughStore,
    testing::*,
};

const NAME: &str = "session:session";

fn record(found: Vec<Option<Session>>) -> Arc<MockSessionRepository> {
    let mut record = MockSessionRepository::new();
    for it in found {
        record.expect_find_session().times(1).return_once(|_| Ok(it));
    }
    Arc::new(record)
}

fn next() -> Session {
    Session { generation: 2, spent: vec![NOW], ..session() }
}

fn ended() -> Session {
    Session { revoked_at: Some(NOW), ..session() }
}

fn bytes(session: &Session) -> Vec<u8> {
    serde_json::to_vec(session).unwrap()
}

#[tokio::test]
async fn a_session_is_read_from_the_record_once() {
    let cache = Arc::<FakeCache>::default();
    let sessions = CachedSessions::new(record(vec![None, Some(session())]), cache.clone());
    assert_eq!(sessions.find_session(&session().id).await.unwrap(), None);
    assert!(cache.lock_entries().is_empty(), "absence is not remembered");
    for _ in 0..3 {
        assert_eq!(sessions.find_session(&session().id).await.unwrap(), Some(session()));
    }
    assert_eq!(cache.version(NAME), Some(1));
}

#[tokio::test]
async fn nothing_takes_the_place_of_a_session_that_ended() {
    let cache = Arc::<FakeCache>::default();
    let copies = SessionCache::new(cache.clone());
    for newer in [session(), next(), ended(), next(), session()] {
        copies.put_session(&newer).await;
    }
    assert_eq!(copies.get(&session().id).await, Some(ended()));
}

#[tokio::test]
async fn a_copy_of_another_session_does_not_count() {
    let cache = Arc::<FakeCache>::default();
    cache.set_entry(NAME, 9, bytes(&Session { id: SessionId::new("another".to_owned()), ..session() }));
    let sessions = CachedSessions::new(record(vec![Some(session())]), cache);
    assert_eq!(sessions.find_session(&session().id).await.unwrap(), Some(session()));
}

#[tokio::test]
async fn everything_else_is_the_records() {
    let mut record = MockSessionRepository::new();
    record.expect_list_live_sessions().times(1).returning(|_, _, _| Ok(Vec::new()));
    record.expect_list_older_sessions().times(1).returning(|_, _, _, _| Ok(Vec::new()));
    record.expect_has_logged_in().times(1).returning(|_, _, _| Ok(true));
    record.expect_list_revoked_sessions().times(1).returning(|_, _, _| Ok(Vec::new()));
    let sessions = CachedSessions::new(Arc::new(record), Arc::new(ports::MockCache::new()));
    sessions.list_live_sessions(ada().key, NOW, 1).await.unwrap();
    sessions.list_older_sessions(ada().key, NOW, 1, 1).await.unwrap();
    assert!(sessions.has_logged_in(ada().key, network(), NOW).await.unwrap());
    sessions.list_revoked_sessions(NOW, None, 1).await.unwrap();
}

/// A service whose record holds `truth` and whose cache holds `copy`.
fn bench(truth: &Session, copy: Option<&Session>) -> (TestApp, Arc<FakeCache>) {
    let mut it = TestApp::new().with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.sessions.push(kept_session(truth.clone()));
    });
    let cache = Arc::<FakeCache>::default();
    if let Some(copy) = copy {
        cache.set_entry(NAME, copy.generation, bytes(copy));
    }
    it.app.cached_sessions = Arc::new(CachedSessions::new(it.app.sessions.clone(), cache.clone()));
    it.app.store = Arc::new(WriteThroughStore::new(it.record.clone(), cache.clone()));
    (it, cache)
}

async fn refreshed(it: &TestApp, generation: i64) -> Result<String, RefreshError> {
    refresh_session(&it.app, &format!("session/{generation}"), network()).await.map(|it| it.refresh)
}

#[tokio::test]
async fn a_session_used_again_in_time_is_served_without_reading_the_record() {
    let (mut it, cache) = bench(&session(), Some(&session()));
    it.app.sessions = Arc::new(MockSessionRepository::new());
    it.app.cached_sessions = Arc::new(CachedSessions::new(record(Vec::new()), cache.clone()));
    for generation in 1..5 {
        assert_eq!(refreshed(&it, generation).await.unwrap(), format!("session/{}", generation + 1));
        assert_eq!(cache.version(NAME), Some(generation + 1), "the new one is there for the next time");
    }
}

#[tokio::test]
async fn a_copy_brings_no_ended_session_back() {
    let (it, cache) = bench(&ended(), Some(&session()));
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Invalid)));
    assert_eq!((it.record.commits().len(), it.record.state().sessions[0].session.clone()), (0, ended()));
    cache.lock_entries().clear();
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Invalid)));
}

#[tokio::test]
async fn an_old_copy_ends_no_session() {
    // By the copy, generation 2 was never given out: a theft.
    let (it, _) = bench(&next(), Some(&session()));
    assert_eq!(refreshed(&it, 2).await.unwrap(), "session/3");
    assert_eq!(it.record.state().sessions[0].session.revoked_at, None);
    // By the copy, the session is over.
    for copy in [ended(), Session { expires_at: NOW, ..session() }] {
        let (it, _) = bench(&session(), Some(&copy));
        assert_eq!(refreshed(&it, 1).await.unwrap(), "session/2");
    }
}

#[tokio::test]
async fn a_spent_token_is_judged_by_the_record_whatever_a_copy_says() {
    // By the copy, the token is good.
    let (it, _) = bench(&next(), Some(&session()));
    assert_eq!(refreshed(&it, 1).await.unwrap(), "session/2", "the answer was lost a moment ago");
    assert_eq!(it.record.commits().len(), 0);
    it.clock.advance(RETRY_WINDOW + seconds(1));
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Reused)));
    assert!(it.record.state().sessions[0].session.revoked_at.is_some(), "that was a theft");
    // By the copy, it was spent a moment ago; by the record, the session has ended.
    let (it, _) = bench(&Session { revoked_at: Some(NOW), ..next() }, Some(&next()));
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Invalid)));
}

#[tokio::test]
async fn an_exchange_whose_answer_was_lost_is_found_by_the_retry() {
    let (it, cache) = bench(&session(), Some(&session()));
    it.record.lose_next_answer();
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Failed(_))));
    assert_eq!(cache.version(NAME), Some(1), "nobody knows");
    assert_eq!(refreshed(&it, 1).await.unwrap(), "session/2");
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(refreshed(&it, 2).await, Err(RefreshError::Failed(_))));
    assert_eq!(refreshed(&it, 2).await.unwrap(), "session/3");
}

#[tokio::test]
async fn without_copies_the_record_is_enough() {
    let (mut it, cache) = bench(&session(), Some(&ended()));
    cache.set_unavailable(true);
    assert_eq!(refreshed(&it, 1).await.unwrap(), "session/2");
    let mut away_too = MockSessionRepository::new();
    away_too.expect_find_session().returning(|_| Err(unavailable_error()));
    it.app.cached_sessions = Arc::new(away_too);
    assert_eq!(refreshed(&it, 2).await.unwrap(), "session/3");
}
