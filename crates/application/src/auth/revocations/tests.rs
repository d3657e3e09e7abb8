use std::sync::Arc;

use adapters_local::record::SessionRow;
use domain::{Email, Role, Session, SessionKey, Username};
use ports::{MockSessionRepository, MockUserRepository};

use super::*;
use crate::{
    Caller,
    auth::{authenticate, logout, session::issue_token_pair},
    caching::CachedUsers,
    testing::*,
};

const MILLISECOND: Duration = Duration::from_millis(1);

fn bench() -> TestApp {
    TestApp::new().with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.sessions.push(kept_session(session()));
    })
}

/// Who shows an access token of Ada's session that was made just now.
async fn shown(it: &TestApp) -> Result<Option<Caller>, PortError> {
    let session = Session { rotated_at: it.app.clock.now(), ..session() };
    authenticate(&it.app, &issue_token_pair(&it.app, &session, ada().id).access).await
}

async fn is_accepted(it: &TestApp) -> bool {
    shown(it).await.unwrap().is_some()
}

/// Another instance ends Ada's session, whose clock shows that time.
fn end_elsewhere(it: &TestApp, at: Timestamp) {
    it.record.change(|it| it.sessions[0].session.revoked_at = Some(at));
}

/// Sessions cannot be read any more.
fn without_record(mut it: TestApp) -> TestApp {
    let mut sessions = MockSessionRepository::new();
    sessions.expect_find_session().returning(|_| Err(unavailable_error()));
    sessions.expect_list_revoked_sessions().returning(|_, _, _| Err(unavailable_error()));
    it.app.sessions = Arc::new(sessions);
    it
}

/// As many sessions as `at` gives moments, each ended then.
fn ended(at: impl Iterator<Item = Timestamp>) -> Vec<SessionRow> {
    let nth = |(nth, at): (i64, Timestamp)| {
        let (key, id) = (SessionKey::new(nth), nth_id(nth));
        kept_session(Session { key, id, revoked_at: Some(at), ..session() })
    };
    (0..).zip(at).map(nth).collect()
}

fn nth_id(nth: i64) -> SessionId {
    SessionId::new(format!("s{nth}"))
}

/// An instance remembers an ended session for as long as its own tokens live. Tokens from before the change live no longer.
#[tokio::test]
async fn an_ended_session_stays_ended_when_tokens_live_shorter_from_now_on() {
    let mut it = bench();
    it.app.policy.access_token_ttl = seconds(3_600);
    let token = issue_token_pair(&it.app, &Session { rotated_at: NOW, ..session() }, ada().id).access;
    end_elsewhere(&it, NOW);
    it.app.policy.access_token_ttl = seconds(300);
    it.clock.advance(seconds(600));
    sync_full(&it.app).await.unwrap();
    assert_eq!(authenticate(&it.app, &token).await.unwrap(), None);
}

#[tokio::test]
async fn what_a_look_found_is_relied_on_while_it_is_new() {
    let it = bench();
    sync_full(&it.app).await.unwrap();
    let it = without_record(it);
    it.clock.advance(TRUST_PERIOD);
    assert!(is_accepted(&it).await, "neither Redis nor the record was asked");
}

#[tokio::test]
async fn a_session_that_ended_elsewhere_is_accepted_nowhere_when_the_last_look_is_old() {
    let it = bench();
    sync_full(&it.app).await.unwrap();
    end_elsewhere(&it, NOW);
    it.clock.advance(TRUST_PERIOD);
    assert!(is_accepted(&it).await, "for less than a second");
    it.clock.advance(MILLISECOND);
    assert!(!is_accepted(&it).await);
}

#[tokio::test]
async fn without_record_no_session_is_accepted_when_the_last_look_is_old() {
    let it = bench();
    sync_full(&it.app).await.unwrap();
    let it = without_record(it);
    it.clock.advance(TRUST_PERIOD + MILLISECOND);
    assert!(shown(&it).await.is_err(), "it is said");
    assert!(sync_full(&it.app).await.is_err());
    assert!(shown(&it).await.is_err(), "a look that found nothing out makes nothing new");
}

#[tokio::test]
async fn an_ended_session_is_refused_with_an_old_look_and_without_record() {
    let it = bench();
    logout(&it.app, &user_caller(ada())).await.unwrap();
    let it = without_record(it);
    it.clock.advance(seconds(60));
    assert!(!is_accepted(&it).await);
}

#[tokio::test]
async fn before_the_first_look_the_record_is_asked() {
    let it = bench();
    assert!(is_accepted(&it).await);
    end_elsewhere(&it, NOW);
    assert!(!is_accepted(&it).await);
    let gone = bench().with_state(|it| it.sessions.clear());
    assert!(!is_accepted(&gone).await, "of what is not there nothing is known");
    assert!(shown(&without_record(bench())).await.is_err());
}

#[tokio::test]
async fn a_look_is_as_old_as_its_beginning() {
    let mut it = bench();
    let clock = Arc::clone(&it.clock);
    let mut slow = MockSessionRepository::new();
    slow.expect_list_revoked_sessions().returning(move |_, _, _| {
        clock.advance(TRUST_PERIOD + MILLISECOND);
        Ok(vec![])
    });
    slow.expect_find_session().times(1).returning(|_| Ok(None));
    it.app.sessions = Arc::new(slow);
    sync_full(&it.app).await.unwrap();
    assert!(!is_accepted(&it).await, "the record was asked");
}

#[tokio::test]
async fn a_clock_that_is_put_back_does_not_make_an_old_look_new() {
    for back in [TRUST_PERIOD / 2, TRUST_PERIOD, seconds(3_600)] {
        let it = bench();
        sync_full(&it.app).await.unwrap();
        end_elsewhere(&it, NOW);
        it.clock.advance(TRUST_PERIOD + MILLISECOND);
        it.clock.put_back(back);
        assert!(!is_accepted(&it).await, "{back:?}");
    }
}

#[tokio::test]
async fn a_machine_that_slept_does_not_take_an_old_look_for_new() {
    let it = bench();
    sync_full(&it.app).await.unwrap();
    end_elsewhere(&it, NOW);
    // Of the two clocks only one went on.
    it.clock.put_forward(TRUST_PERIOD + MILLISECOND);
    assert!(!is_accepted(&it).await);
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_forgot_is_not_accepted_when_it_is_put_right() {
    let it = bench();
    end_elsewhere(&it, NOW);
    it.clock.advance(seconds(120));
    it.clock.put_forward(seconds(3_600));
    sync_full(&it.app).await.unwrap();
    assert!(
        !it.app.revocations.contains_session(&session().id),
        "all its access tokens seem to have expired"
    );
    it.clock.put_back(seconds(3_600));
    assert!(!is_accepted(&it).await, "before it looked again");
    sync_full(&it.app).await.unwrap();
    assert!(!is_accepted(&it).await, "and after");
    assert!(it.app.revocations.contains_session(&session().id));
}

#[tokio::test]
async fn what_ends_after_a_clock_was_put_right_is_heard_of() {
    let it = bench();
    it.clock.put_forward(seconds(3_600));
    sync_full(&it.app).await.unwrap();
    it.clock.put_back(seconds(3_600));
    end_elsewhere(&it, NOW);
    sync_full(&it.app).await.unwrap();
    assert!(it.app.revocations.contains_session(&session().id));
}

#[tokio::test]
async fn an_end_by_a_clock_that_is_behind_and_a_slow_commit_is_found_by_the_next_look() {
    let it = bench();
    sync_full(&it.app).await.unwrap();
    let stamped = NOW.saturating_sub(CLOCK_SKEW_MAX).saturating_sub(COMMIT_DELAY_MAX);
    it.clock.advance(MILLISECOND);
    end_elsewhere(&it, stamped);
    sync_full(&it.app).await.unwrap();
    assert!(it.app.revocations.contains_session(&session().id));
}

#[tokio::test]
async fn after_looks_that_failed_the_next_reaches_back_to_the_last_that_did_not() {
    let it = bench();
    sync_full(&it.app).await.unwrap();
    let record = Arc::clone(&it.app.sessions);
    end_elsewhere(&it, NOW.saturating_add(seconds(1)));
    let mut it = without_record(it);
    for _ in 0..10 {
        it.clock.advance(seconds(60));
        assert!(sync_full(&it.app).await.is_err());
    }
    it.app.sessions = record;
    sync_full(&it.app).await.unwrap();
    assert!(it.app.revocations.contains_session(&session().id));
}

#[tokio::test]
async fn a_glance_finds_what_ended_just_now_and_makes_no_look_newer() {
    let it = bench();
    sync_full(&it.app).await.unwrap();
    it.clock.advance(Duration::from_millis(400));
    end_elsewhere(&it, it.app.clock.now());
    sync_recent(&it.app).await.unwrap();
    assert!(it.app.revocations.contains_session(&session().id));
    let it = bench();
    sync_full(&it.app).await.unwrap();
    it.clock.advance(TRUST_PERIOD + MILLISECOND);
    sync_recent(&it.app).await.unwrap();
    assert!(shown(&without_record(it)).await.is_err());
}

#[tokio::test]
async fn the_first_look_finds_all_whose_access_tokens_may_be_alive() {
    let it = TestApp::new();
    let oldest = NOW.saturating_sub(it.app.policy.access_token_ttl).saturating_sub(RETENTION_MARGIN);
    let it =
        it.with_state(|it| it.sessions = ended([oldest, oldest.saturating_sub(MILLISECOND)].into_iter()));
    sync_full(&it.app).await.unwrap();
    assert!(
        it.app.revocations.contains_session(&nth_id(0)) && !it.app.revocations.contains_session(&nth_id(1))
    );
}

#[tokio::test]
async fn an_end_is_forgotten_when_no_access_token_can_be_alive_by_any_clock() {
    let it = TestApp::new().with_state(|it| it.sessions = ended(std::iter::once(NOW)));
    sync_full(&it.app).await.unwrap();
    it.clock.advance(it.app.policy.access_token_ttl + RETENTION_MARGIN);
    sync_full(&it.app).await.unwrap();
    assert!(it.app.revocations.contains_session(&nth_id(0)));
    it.clock.advance(MILLISECOND);
    sync_full(&it.app).await.unwrap();
    assert!(!it.app.revocations.contains_session(&nth_id(0)));
}

#[tokio::test]
async fn ended_sessions_are_read_page_by_page() {
    let many = i64::from(PAGE_SIZE) * 2 + 1;
    let each = (0..many).map(|it| Timestamp::from_millis(NOW.as_millis() + it / 2));
    let it = TestApp::new().with_state(|it| it.sessions = ended(each));
    sync_full(&it.app).await.unwrap();
    for nth in [0, many / 2, many - 1] {
        assert!(it.app.revocations.contains_session(&nth_id(nth)), "{nth}");
    }
}

#[tokio::test]
async fn ended_sessions_are_read_to_the_last_even_when_all_are_of_one_moment() {
    let it = TestApp::new().with_state(|it| it.sessions = ended((0..=2 * PAGE_SIZE).map(|_| NOW)));
    sync_full(&it.app).await.unwrap();
    for nth in 0..=2 * i64::from(PAGE_SIZE) {
        assert!(it.app.revocations.contains_session(&nth_id(nth)), "{nth}");
    }
}

/// Copies of users as an instance has them.
fn with_copies(mut it: TestApp) -> TestApp {
    it.app.cached_users = Arc::new(CachedUsers::new(it.app.users.clone(), Arc::<FakeCache>::default()));
    it
}

async fn role(it: &TestApp) -> Role {
    shown(it).await.unwrap().unwrap().into_user().unwrap().user.role
}

/// Another instance, whose clock shows that time, makes Ada an operator.
fn promote_elsewhere(it: &TestApp, at: Timestamp) {
    it.record.change(|it| it.users[0].user = ada().with_role(Role::Operator, at));
}

#[tokio::test]
async fn a_user_who_changed_elsewhere_is_known_by_the_next_look_whatever_the_clocks_say() {
    for stamped in [
        NOW,
        NOW.saturating_sub(CLOCK_SKEW_MAX).saturating_sub(COMMIT_DELAY_MAX),
        NOW.saturating_add(CLOCK_SKEW_MAX),
    ] {
        let it = with_copies(bench());
        sync_full(&it.app).await.unwrap();
        assert_eq!(role(&it).await, Role::Customer);
        it.clock.advance(MILLISECOND);
        promote_elsewhere(&it, stamped);
        assert_eq!(role(&it).await, Role::Customer, "the copy");
        sync_full(&it.app).await.unwrap();
        assert_eq!(role(&it).await, Role::Operator, "{stamped:?}");
    }
}

#[tokio::test]
async fn no_copy_of_a_user_is_trusted_when_the_last_look_is_old() {
    let it = with_copies(bench());
    assert_eq!(role(&it).await, Role::Customer, "before the first look the record is asked");
    promote_elsewhere(&it, NOW);
    assert_eq!(role(&it).await, Role::Operator, "each time");
    let it = with_copies(bench());
    sync_full(&it.app).await.unwrap();
    assert_eq!(role(&it).await, Role::Customer);
    promote_elsewhere(&it, NOW);
    it.clock.advance(TRUST_PERIOD);
    assert_eq!(role(&it).await, Role::Customer, "for less than a second");
    it.clock.advance(MILLISECOND);
    assert_eq!(role(&it).await, Role::Operator);
}

#[tokio::test]
async fn a_look_that_did_not_learn_who_changed_makes_nothing_new() {
    let mut it = bench();
    let mut users = MockUserRepository::new();
    users.expect_list_changed_users().returning(|_, _, _| Err(unavailable_error()));
    it.app.cached_users = Arc::new(users);
    assert!(sync_full(&it.app).await.is_err());
    assert!(is_accepted(&it).await, "the record was asked, not the copies");
}

#[tokio::test]
async fn a_glance_finds_who_changed_just_now() {
    let it = with_copies(bench());
    sync_full(&it.app).await.unwrap();
    assert_eq!(role(&it).await, Role::Customer);
    it.clock.advance(Duration::from_millis(400));
    promote_elsewhere(&it, it.app.clock.now());
    sync_recent(&it.app).await.unwrap();
    assert_eq!(role(&it).await, Role::Operator);
}

#[tokio::test]
async fn users_who_changed_are_read_to_the_last_even_when_all_are_of_one_moment() {
    let mut it = bench();
    let cache = Arc::<FakeCache>::default();
    it.app.cached_users = Arc::new(CachedUsers::new(it.app.users.clone(), cache.clone()));
    let it = it.with_state(|it| {
        it.users = (0..=2 * i64::from(PAGE_SIZE))
            .map(|nth| {
                let id = domain::UserId::new(format!("u{nth}"));
                let username = Username::new(format!("u{nth}"));
                let email = Email::new(format!("u{nth}@example.com"));
                let user = domain::User { key: domain::UserKey::new(nth), id, username, email, ..ada() };
                account_of(user.with_role(Role::Operator, NOW), "green tea")
            })
            .collect();
    });
    sync_full(&it.app).await.unwrap();
    let kept = cache.lock_entries();
    for nth in 0..=2 * i64::from(PAGE_SIZE) {
        assert!(kept.contains_key(&*format!("user:u{nth}")), "{nth}");
    }
}
