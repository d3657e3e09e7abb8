use std::sync::Arc;

use domain::{SessionKey, User, UserKey, session::ListedSession};
use ports::{CommitError, MockBroadcast, RevokedSession, SessionRepository};

use super::*;
use crate::testing::*;

fn bench() -> TestApp {
    TestApp::new().with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.sessions.push(kept_session(session()));
    })
}

async fn refreshed(it: &TestApp, generation: i64) -> Result<TokenPair, RefreshError> {
    refresh_session(&it.app, &format!("session/{generation}"), network()).await
}

fn now(it: &TestApp) -> Session {
    it.record.state().sessions[0].session.clone()
}

#[tokio::test]
async fn a_good_token_is_exchanged_once() {
    let it = bench();
    it.clock.advance(seconds(60));
    let pair = refreshed(&it, 1).await.unwrap();
    let (read, next) = (Box::new(session()), Box::new(now(&it)));
    assert_eq!(it.record.only_commit(), [Write::RotateSession { read, next }]);
    assert_eq!((pair.refresh.as_str(), now(&it).generation), ("session/2", 2));
    assert_eq!(
        now(&it).expires_at,
        NOW.saturating_add(seconds(60)).saturating_add(it.app.policy.refresh_token_ttl)
    );
    assert!(pair.access.starts_with("user-ada/session/2/"));
}

#[tokio::test]
async fn a_token_that_is_shown_again_at_once_gets_the_same_pair() {
    let it = bench();
    let first = refreshed(&it, 1).await.unwrap();
    it.clock.advance(seconds(10));
    let again = refreshed(&it, 1).await.unwrap();
    assert!(first == again, "the same pair");
    assert_eq!(it.record.commits().len(), 1);
}

#[tokio::test]
async fn three_tabs_and_a_reload_get_one_pair() {
    let it = bench();
    refreshed(&it, 1).await.unwrap();
    it.clock.advance(seconds(2));
    let newest = refreshed(&it, 2).await.unwrap();
    it.clock.advance(seconds(2));
    for generation in [1, 2, 1] {
        assert!(refreshed(&it, generation).await.unwrap() == newest, "{generation}");
    }
    assert_eq!((now(&it).generation, it.record.commits().len()), (3, 2), "none of them began a generation");
    // The window of the first is over, that of the second is not.
    it.clock.advance(seconds(7));
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Reused)));
    assert!(matches!(refreshed(&it, 2).await, Err(RefreshError::Invalid)), "the session has ended");
}

#[tokio::test]
async fn no_token_outlives_its_session() {
    let mut it = bench();
    it.app.policy.session_ttl = seconds(600);
    it.clock.advance(seconds(60));
    let pair = refreshed(&it, 1).await.unwrap();
    assert_eq!((pair.access_ttl, pair.refresh_ttl), (seconds(540), seconds(540)));
    assert_eq!(now(&it).expires_at, NOW.saturating_add(seconds(600)));
    it.clock.advance(seconds(540));
    assert_eq!(authenticate(&it.app, &pair.access).await.unwrap(), None);
    assert!(matches!(refreshed(&it, 2).await, Err(RefreshError::Invalid)));
}

#[tokio::test]
async fn the_loser_of_the_race_gets_the_same_pair() {
    let it = bench();
    let winner = Session {
        generation: 2,
        expires_at: NOW.saturating_add(it.app.policy.refresh_token_ttl),
        ..session()
    };
    let winner = Session { spent: vec![NOW], ..winner };
    it.record.before_next_commit(move |it| it.sessions[0].session = winner);
    let pair = refreshed(&it, 1).await.unwrap();
    assert_eq!((pair.refresh.as_str(), it.record.commits().len()), ("session/2", 0));
    assert!(pair == refreshed(&it, 1).await.unwrap());
}

#[tokio::test]
async fn a_lost_answer_of_the_exchange_is_given_to_the_retry() {
    let it = bench();
    it.record.lose_next_answer();
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Failed(_))));
    assert_eq!(refreshed(&it, 1).await.unwrap().refresh, "session/2");
}

#[tokio::test]
async fn a_token_that_is_shown_again_later_ends_the_session() {
    let it = bench();
    refreshed(&it, 1).await.unwrap();
    it.clock.advance(seconds(11));
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Reused)));
    assert_eq!(now(&it).revoked_at, Some(NOW.saturating_add(seconds(11))));
    assert!(it.app.revocations.contains_session(&session().id), "its access tokens are dead here at once");
    assert!(matches!(refreshed(&it, 2).await, Err(RefreshError::Invalid)));
}

#[tokio::test]
async fn theft_is_reported_only_when_the_session_has_ended() {
    let it = bench();
    it.clock.advance(seconds(11));
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(refreshed(&it, 0).await, Err(RefreshError::Failed(_))));
    assert!(!it.app.revocations.contains_session(&session().id));
}

#[tokio::test]
async fn what_is_no_token_of_a_live_session_gets_nothing() {
    let it = bench();
    assert!(matches!(refresh_session(&it.app, "nonsense", network()).await, Err(RefreshError::Invalid)));
    assert!(matches!(refresh_session(&it.app, "another/1", network()).await, Err(RefreshError::Invalid)));
    it.clock.advance(seconds(3_600));
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Invalid)));
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn an_access_token_is_good_until_it_expires_or_its_session_ends() {
    let it = bench();
    let pair = refreshed(&it, 1).await.unwrap();
    let who = authenticate(&it.app, &pair.access).await.unwrap();
    assert_eq!(who, Some(caller(ada())));
    assert_eq!(authenticate(&it.app, "nonsense").await.unwrap(), None);
    logout(&it.app, &user_caller(ada())).await.unwrap();
    assert_eq!(authenticate(&it.app, &pair.access).await.unwrap(), None, "at once");
    let it = bench();
    let pair = refreshed(&it, 1).await.unwrap();
    it.clock.advance(it.app.policy.access_token_ttl);
    assert_eq!(authenticate(&it.app, &pair.access).await.unwrap(), None);
}

#[tokio::test]
async fn logging_out_of_a_session_that_is_gone_is_no_failure() {
    let it = TestApp::new();
    logout(&it.app, &user_caller(ada())).await.unwrap();
    assert_eq!(it.record.commits(), []);
}

async fn revoked(
    it: &TestApp,
    by: User,
    key: Option<IdempotentRequest>,
) -> Result<IdempotentReply, RevokeError> {
    revoke_session(&it.app, &user_caller(by), key, &session().id, reply("")).await
}

#[tokio::test]
async fn an_end_that_is_asked_for_again_is_answered_again() {
    let it = bench();
    revoked(&it, ada(), Some(request())).await.unwrap();
    assert_eq!(revoked(&it, ada(), Some(request())).await.unwrap(), IdempotentReply::Replay(reply("")));
    assert_eq!(it.record.commits().len(), 1);
}

#[tokio::test]
async fn a_session_is_ended_by_its_owner_only_and_once() {
    let it = bench();
    assert!(matches!(revoked(&it, bob(), None).await, Err(RevokeError::NotFound)));
    let listed = list_sessions(&it.app, &user_caller(ada())).await.unwrap();
    assert_eq!(listed.into_iter().map(|it| it.session).collect::<Vec<_>>(), [session()]);
    assert_eq!(revoked(&it, ada(), None).await.unwrap(), IdempotentReply::New(reply("")));
    assert!(matches!(revoked(&it, ada(), None).await, Err(RevokeError::NotFound)));
    assert_eq!(list_sessions(&it.app, &user_caller(ada())).await.unwrap(), []);
}

#[tokio::test]
async fn an_end_is_published_when_it_is_committed() {
    let it = bench();
    revoked(&it, ada(), None).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit RevokeSession", "publish"]);
    let it = bench();
    logout(&it.app, &user_caller(ada())).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit RevokeSession", "publish"]);
    let it = bench();
    it.clock.advance(seconds(11));
    assert!(matches!(refreshed(&it, 0).await, Err(RefreshError::Reused)));
    assert_eq!(it.journal_lines(), ["commit RevokeSession", "publish"]);
}

#[tokio::test]
async fn an_end_that_is_not_committed_is_not_published() {
    let it = bench();
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(logout(&it.app, &user_caller(ada())).await.is_err());
    assert_eq!(it.journal_lines(), [""; 0]);
}

#[tokio::test]
async fn an_end_that_cannot_be_published_is_one_nevertheless() {
    let mut it = bench();
    let mut broadcast = MockBroadcast::new();
    broadcast.expect_publish().times(1).returning(|| Err(unavailable_error()));
    it.app.revocation_broadcast = Arc::new(broadcast);
    logout(&it.app, &user_caller(ada())).await.unwrap();
    assert!(now(&it).revoked_at.is_some());
}

/// Sessions as a server shows them that lags: the old state for some reads, then the stored one.
struct LaggingSessions {
    stored: Arc<dyn SessionRepository>,
    old: Session,
    lag_reads: std::sync::atomic::AtomicU32,
}

#[async_trait::async_trait]
impl SessionRepository for LaggingSessions {
    async fn find_session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        use std::sync::atomic::Ordering::Relaxed;
        let lags = self.lag_reads.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        if lags { Ok(Some(self.old.clone())) } else { self.stored.find_session(id).await }
    }

    async fn list_live_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ListedSession>, PortError> {
        self.stored.list_live_sessions(user, now, limit).await
    }

    async fn list_older_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        kept: u32,
        limit: u32,
    ) -> Result<Vec<SessionKey>, PortError> {
        self.stored.list_older_sessions(user, now, kept, limit).await
    }

    async fn has_logged_in(
        &self,
        user: UserKey,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, PortError> {
        self.stored.has_logged_in(user, network, since).await
    }

    async fn list_revoked_sessions(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Result<Vec<RevokedSession>, PortError> {
        self.stored.list_revoked_sessions(since, after, limit).await
    }
}

/// The record shows the session as it was before its last exchange, for that many reads; the cache always does.
fn let_sessions_lag(it: &mut TestApp, old: Session, lag_reads: u32) {
    let lagging = |lag_reads: u32| {
        let (stored, old) = (it.app.sessions.clone(), old.clone());
        Arc::new(LaggingSessions { stored, old, lag_reads: lag_reads.into() })
    };
    (it.app.cached_sessions, it.app.sessions) = (lagging(u32::MAX), lagging(lag_reads));
}

#[tokio::test]
async fn a_read_that_lags_behind_the_token_is_made_again_and_is_no_theft() {
    let mut it = bench();
    let old = now(&it);
    refreshed(&it, 1).await.unwrap();
    it.clock.advance(seconds(60));
    let_sessions_lag(&mut it, old, 3);
    assert_eq!(refreshed(&it, 2).await.unwrap().refresh, "session/3");
    assert_eq!((now(&it).generation, now(&it).revoked_at), (3, None));
}

#[tokio::test]
async fn a_record_that_lags_for_long_is_unavailable_and_ends_no_session() {
    let mut it = bench();
    let old = now(&it);
    refreshed(&it, 1).await.unwrap();
    it.clock.advance(seconds(60));
    let_sessions_lag(&mut it, old, u32::MAX);
    let outcome = refreshed(&it, 2).await;
    assert!(matches!(outcome, Err(RefreshError::Failed(PortError::Unavailable(_)))), "{:?}", outcome.err());
    assert_eq!((now(&it).generation, now(&it).revoked_at), (2, None));
}

#[tokio::test]
async fn a_token_that_the_restored_record_does_not_know_ends_its_session_for_a_new_login() {
    let it = bench();
    // Issued twice since the copy of the record was made.
    let outcome = refreshed(&it, 3).await;
    assert!(matches!(outcome, Err(RefreshError::Invalid)), "{:?}", outcome.err());
    assert!(now(&it).revoked_at.is_some(), "no other holder of a lost token gets another answer");
    assert!(matches!(refreshed(&it, 1).await, Err(RefreshError::Invalid)));
}
