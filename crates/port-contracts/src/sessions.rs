//! The suite for sessions: rotation, revocation and lists.

use domain::{
    Network, Session, SessionId, Timestamp, User,
    session::{ListedSession, SPENT_MAX, SessionOrigin},
};
use ports::{Prunable, RevokedSession, UnitOfWork, Write};
use std::net::IpAddr;

use crate::{Backend, backend::is_stale, sample};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! sessions {
    ($($fixture:tt)+) => { $crate::stamp! { sessions:
        a_session_is_read_back_as_written
        a_session_rotates_from_the_generation_before
        an_ended_session_does_not_rotate
        a_session_rotates_only_as_what_it_is
        one_of_many_rotations_wins
        a_revoked_session_stays_as_it_is
        revoking_all_sessions_spares_one_and_other_users
        revoking_all_sessions_without_exception_spares_none
        listed_sessions_of_the_user_are_revoked_and_no_others
        a_session_that_a_late_refresh_could_extend_is_revoked_too
        live_sessions_are_listed_newest_first
        sessions_older_than_the_newest_are_listed
        revocations_are_listed_oldest_first
        revocations_of_one_moment_are_read_page_by_page
        a_session_may_begin_where_the_client_says_nothing
        a_network_is_known_by_the_logins_of_that_user_in_it
        pruning_forgets_only_sessions_that_ended_before
        pruning_sessions_is_bounded
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, session: &Session) -> Option<Session> {
    backend.sessions.find_session(&session.id).await.expect("read")
}

async fn revoked_at(backend: &Backend, session: &Session) -> Option<Timestamp> {
    found(backend, session).await.expect("it is there").revoked_at
}

/// Stores a session after `change` was applied to it.
async fn keep(backend: &Backend, user: &User, change: impl FnOnce(&mut Session)) -> Session {
    let mut session = sample::session(user);
    change(&mut session);
    backend.commit([Write::InsertSession(session.clone(), sample::origin())]).await;
    session
}

/// Stores a session that was revoked that many seconds after the start.
async fn revoked(backend: &Backend, user: &User, seconds: i64) -> Session {
    let session = keep(backend, user, |_| ()).await;
    backend.commit([revocation(&session, seconds)]).await;
    Session { revoked_at: Some(sample::at(seconds)), ..session }
}

fn rotated(session: &Session, seconds: i64) -> Session {
    Session {
        generation: session.generation + 1,
        rotated_at: sample::at(seconds),
        expires_at: sample::at(seconds + 3_600),
        spent: session.spent.iter().copied().chain([sample::at(seconds)]).collect(),
        ..session.clone()
    }
}

/// The write that rotates a session as it was read.
fn rotation(read: &Session, seconds: i64) -> Write {
    Write::RotateSession { read: Box::new(read.clone()), next: Box::new(rotated(read, seconds)) }
}

fn revocation(session: &Session, seconds: i64) -> Write {
    Write::RevokeSession { user: session.user, session: session.key, at: sample::at(seconds) }
}

/// Both live and ended sessions.
pub async fn a_session_is_read_back_as_written(backend: &Backend) {
    let user = backend.user().await;
    assert_eq!(backend.sessions.find_session(&SessionId::new("none".into())).await.expect("read"), None);
    let fresh = keep(backend, &user, |_| ()).await;
    let used = keep(backend, &user, |it| {
        it.generation = 7;
        it.rotated_at = sample::at(60);
        it.expires_at = sample::at(3_660);
        it.spent = (1..=SPENT_MAX).map(|_| sample::at(60)).collect();
    });
    let used = used.await;
    let ended = keep(backend, &user, |it| it.revoked_at = Some(sample::at(1))).await;
    for session in [fresh, used, ended] {
        assert_eq!(found(backend, &session).await, Some(session));
    }
}

/// A second rotation from one generation, or one from a later generation, is stale.
pub async fn a_session_rotates_from_the_generation_before(backend: &Backend) {
    let first = keep(backend, &backend.user().await, |_| ()).await;
    let (second, third) = (rotated(&first, 10), rotated(&rotated(&first, 10), 20));
    backend.expect_stale([rotation(&second, 20)]).await;
    backend.commit([rotation(&first, 10)]).await;
    assert_eq!(found(backend, &first).await.as_ref(), Some(&second), "all that a rotation changes");
    backend.expect_stale([rotation(&first, 10)]).await;
    backend.commit([rotation(&second, 20)]).await;
    assert_eq!(found(backend, &first).await, Some(third));
}

/// A session that was revoked, has expired, or does not exist is stale.
pub async fn an_ended_session_does_not_rotate(backend: &Backend) {
    let user = backend.user().await;
    let ended = revoked(backend, &user, 5).await;
    backend.expect_stale([rotation(&Session { revoked_at: None, ..ended.clone() }, 10)]).await;
    assert_eq!(found(backend, &ended).await, Some(ended), "a revoked one stays revoked");
    let over = keep(backend, &user, |it| it.expires_at = sample::at(10)).await;
    backend.expect_stale([rotation(&over, 10)]).await;
    assert_eq!(found(backend, &over).await, Some(over), "one that ran out stays so");
    backend.expect_stale([rotation(&sample::session(&user), 10)]).await;
}

/// The session may come from a cached entry that was forged, so every column is compared.
pub async fn a_session_rotates_only_as_what_it_is(backend: &Backend) {
    let (owner, other) = (backend.user().await, backend.user().await);
    let session = keep(backend, &owner, |_| ()).await;
    let own = keep(backend, &other, |_| ()).await;
    for forged in [
        Session { user: other.key, ..session.clone() },
        Session { key: own.key, user: other.key, ..session.clone() },
        Session { id: own.id.clone(), ..session.clone() },
        Session { created_at: sample::at(9), ..session.clone() },
        Session { spent: vec![sample::at(9)], ..session.clone() },
    ] {
        backend.expect_stale([rotation(&forged, 10)]).await;
    }
    assert_eq!(found(backend, &session).await, Some(session));
    assert_eq!(found(backend, &own).await, Some(own));
}

/// Of concurrent exchanges of one refresh token one succeeds.
pub async fn one_of_many_rotations_wins(backend: &Backend) {
    let session = keep(backend, &backend.user().await, |_| ()).await;
    let race = backend.race(|| UnitOfWork::new().with_write(rotation(&session, 10)));
    race.await.assert_outcome(1, is_stale);
    assert_eq!(found(backend, &session).await, Some(rotated(&session, 10)));
}

/// Revoking again, or revoking a session that does not exist, succeeds and changes nothing.
pub async fn a_revoked_session_stays_as_it_is(backend: &Backend) {
    let user = backend.user().await;
    let (session, bystander) = (revoked(backend, &user, 5).await, keep(backend, &user, |_| ()).await);
    for seconds in [9, 1] {
        backend.commit([revocation(&session, seconds)]).await;
        assert_eq!(found(backend, &session).await.as_ref(), Some(&session), "the first revocation counts");
    }
    backend.commit([revocation(&sample::session(&user), 5)]).await;
    assert_eq!(found(backend, &bystander).await, Some(bystander), "no other one is touched");
}

/// All sessions of the user end but the given one, as after a change of the password.
pub async fn revoking_all_sessions_spares_one_and_other_users(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let early = revoked(backend, &user, 5).await;
    let (mine, phone) = (keep(backend, &user, |_| ()).await, keep(backend, &user, |_| ()).await);
    let theirs = keep(backend, &other, |_| ()).await;
    let all = Write::RevokeSessions { user: user.key, except: Some(mine.key), at: sample::at(9) };
    backend.commit([all]).await;
    assert_eq!(revoked_at(backend, &phone).await, Some(sample::at(9)), "the other device");
    assert_eq!(revoked_at(backend, &mine).await, None, "the one that stays");
    assert_eq!(revoked_at(backend, &early).await, Some(sample::at(5)), "one that had ended stays as it was");
    assert_eq!(revoked_at(backend, &theirs).await, None, "another user's");
}

/// It also succeeds when there is no session left to revoke.
pub async fn revoking_all_sessions_without_exception_spares_none(backend: &Backend) {
    let user = backend.user().await;
    let sessions = [keep(backend, &user, |_| ()).await, keep(backend, &user, |_| ()).await];
    for seconds in [9, 12] {
        backend
            .commit([Write::RevokeSessions { user: user.key, except: None, at: sample::at(seconds) }])
            .await;
        for session in &sessions {
            assert_eq!(revoked_at(backend, session).await, Some(sample::at(9)));
        }
    }
}

/// Those that have ended stay as they are, and so do those of another user.
pub async fn listed_sessions_of_the_user_are_revoked_and_no_others(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let over = keep(backend, &user, |it| it.expires_at = sample::at(9)).await;
    let listed = [
        keep(backend, &user, |_| ()).await,
        keep(backend, &user, |_| ()).await,
        revoked(backend, &user, 5).await,
        over,
        keep(backend, &other, |_| ()).await,
        sample::session(&user),
    ];
    let kept = keep(backend, &user, |_| ()).await;
    let revoke = |all: &[Session], seconds| Write::RevokeListedSessions {
        user: user.key,
        sessions: all.iter().map(|it| it.key).collect(),
        at: sample::at(seconds),
    };
    for seconds in [90, 93] {
        backend.commit([revoke(&listed, seconds)]).await;
        backend.commit([revoke(&[], seconds)]).await;
    }
    let mut ends = Vec::new();
    for session in &listed {
        ends.push(found(backend, session).await.and_then(|it| it.revoked_at));
    }
    assert_eq!(ends, [Some(sample::at(90)), Some(sample::at(90)), Some(sample::at(5)), None, None, None]);
    assert_eq!(revoked_at(backend, &kept).await, None, "it was not listed");
}

/// A refresh that was decided before the session ran out may be committed after the revocation: with another clock, or
/// because its commit had to wait. One that ran out long before stays as it is.
pub async fn a_session_that_a_late_refresh_could_extend_is_revoked_too(backend: &Backend) {
    let user = backend.user().await;
    let end_of_one = |of: &Session| revocation(of, 100);
    let end_of_all =
        |of: &Session| Write::RevokeSessions { user: of.user, except: None, at: sample::at(100) };
    let end_of_listed = |of: &Session| Write::RevokeListedSessions {
        user: of.user,
        sessions: vec![of.key],
        at: sample::at(100),
    };
    let ends: [&dyn Fn(&Session) -> Write; 3] = [&end_of_one, &end_of_all, &end_of_listed];
    for revoke in ends {
        let over = keep(backend, &user, |it| it.expires_at = sample::at(40)).await;
        let just_over = keep(backend, &user, |it| it.expires_at = sample::at(99)).await;
        for session in [&over, &just_over] {
            backend.commit([revoke(session)]).await;
        }
        backend.expect_stale([rotation(&just_over, 98)]).await;
        assert_eq!(revoked_at(backend, &just_over).await, Some(sample::at(100)));
        assert_eq!(revoked_at(backend, &over).await, None, "nothing can extend it");
    }
}

/// Only live ones of that user, no more than the limit.
pub async fn sessions_older_than_the_newest_are_listed(backend: &Backend) {
    let user = backend.user().await;
    let mut live = Vec::new();
    for seconds in [2, 0, 3, 1] {
        live.push(keep(backend, &user, |it| it.created_at = sample::at(seconds)).await);
    }
    live.sort_by_key(|it| std::cmp::Reverse(it.created_at));
    let live: Vec<_> = live.iter().map(|it| it.key).collect();
    revoked(backend, &user, 5).await;
    keep(backend, &user, |it| it.expires_at = sample::at(10)).await;
    keep(backend, &backend.user().await, |_| ()).await;
    let (list, now) = (&backend.sessions, sample::at(10));
    for (kept, limit) in [(0_u32, 9_u32), (1, 9), (1, 2), (3, 9), (4, 9), (9, 9)] {
        let older = list.list_older_sessions(user.key, now, kept, limit).await.expect("read");
        let expected = live.iter().skip(row_count(kept)).take(row_count(limit));
        assert_eq!(older, expected.copied().collect::<Vec<_>>(), "{limit} behind {kept}");
    }
}

/// With where they began, without ended ones and those of other users, no more than the limit. The clock behind a later
/// row may be slow.
pub async fn live_sessions_are_listed_newest_first(backend: &Backend) {
    let user = backend.user().await;
    let mut live = Vec::new();
    for seconds in [2, 0, 3, 1] {
        live.push(keep(backend, &user, |it| it.created_at = sample::at(seconds)).await);
    }
    live.sort_by_key(|it| std::cmp::Reverse(it.created_at));
    let live: Vec<_> = live.iter().map(sample::listed).collect();
    revoked(backend, &user, 5).await;
    keep(backend, &user, |it| it.expires_at = sample::at(10)).await;
    keep(backend, &backend.user().await, |_| ()).await;
    let listed = backend.sessions.list_live_sessions(user.key, sample::at(10), 100).await.expect("read");
    assert_eq!(listed, live, "who ends at that moment is not live");
    let listed = backend.sessions.list_live_sessions(user.key, sample::at(10), 3).await.expect("read");
    assert_eq!(listed.as_slice(), live.get(..3).unwrap_or_default(), "the newest ones");
    let listed = backend.sessions.list_live_sessions(user.key, sample::at(9), 100).await.expect("read");
    assert_eq!(listed.len(), 5, "a moment before, one more was live");
}

fn ended(session: &Session) -> RevokedSession {
    let at = session.revoked_at.expect("it ended");
    RevokedSession { key: session.key, id: session.id.clone(), at }
}

/// At or after that time, of all users, no more than the limit.
pub async fn revocations_are_listed_oldest_first(backend: &Backend) {
    let user = backend.user().await;
    let third = revoked(backend, &user, 30).await;
    revoked(backend, &user, 10).await;
    let second = revoked(backend, &backend.user().await, 20).await;
    keep(backend, &user, |_| ()).await;
    let listed = backend.sessions.list_revoked_sessions(sample::at(20), None, 100).await.expect("read");
    assert_eq!(listed, [ended(&second), ended(&third)], "by the time of revocation");
    let listed = backend.sessions.list_revoked_sessions(sample::at(20), None, 1).await.expect("read");
    assert_eq!(listed, [ended(&second)], "the oldest ones");
    assert_eq!(backend.sessions.list_revoked_sessions(sample::at(31), None, 100).await.expect("read"), []);
}

/// However many there are of one timestamp, each page begins where the one before ended.
pub async fn revocations_of_one_moment_are_read_page_by_page(backend: &Backend) {
    let user = backend.user().await;
    let mut all = vec![revoked(backend, &user, 20).await, revoked(backend, &user, 20).await];
    all.push(revoked(backend, &user, 20).await);
    all.push(revoked(backend, &user, 21).await);
    all.push(revoked(backend, &user, 22).await);
    for limit in 1..=5 {
        let (mut since, mut after, mut read) = (sample::at(20), None, Vec::new());
        while read.len() < all.len() {
            let page = backend.sessions.list_revoked_sessions(since, after, limit).await.expect("read");
            assert_eq!(page.len(), (all.len() - read.len()).min(row_count(limit)), "a page is full");
            let last = page.last().expect("one more");
            (since, after) = (last.at, Some(last.key));
            read.extend(page);
        }
        assert_eq!(read, all.iter().map(ended).collect::<Vec<_>>());
        let beyond = backend.sessions.list_revoked_sessions(since, after, limit).await.expect("read");
        assert_eq!(beyond, []);
    }
}

fn row_count(limit: u32) -> usize {
    usize::try_from(limit).expect("a small number")
}

/// Sessions that were revoked or expired before that time. A live one, or one that ended at that time,
/// stays.
pub async fn pruning_forgets_only_sessions_that_ended_before(backend: &Backend) {
    let user = backend.user().await;
    let gone =
        [revoked(backend, &user, 9).await, keep(backend, &user, |it| it.expires_at = sample::at(9)).await];
    let kept = [
        revoked(backend, &user, 10).await,
        keep(backend, &user, |it| it.expires_at = sample::at(10)).await,
        keep(backend, &user, |_| ()).await,
    ];
    backend.commit([Write::Prune(Prunable::Sessions, sample::at(10), 100)]).await;
    for session in gone {
        assert_eq!(found(backend, &session).await, None, "it ended before");
    }
    for session in kept {
        assert_eq!(found(backend, &session).await, Some(session), "it did not end before");
    }
}

/// One unit deletes no more rows than its limit.
pub async fn pruning_sessions_is_bounded(backend: &Backend) {
    let user = backend.user().await;
    for _ in 0..5 {
        revoked(backend, &user, 1).await;
    }
    for left in [3, 1, 0, 0] {
        backend.commit([Write::Prune(Prunable::Sessions, sample::at(10), 2)]).await;
        let kept = backend.sessions.list_revoked_sessions(sample::at(0), None, 100).await.expect("read");
        assert_eq!(kept.len(), left, "two go each time");
    }
}

/// And in a network of either kind.
pub async fn a_session_may_begin_where_the_client_says_nothing(backend: &Backend) {
    for address in ["192.0.2.9", "2001:db8::9"] {
        let user = backend.user().await;
        let session = sample::session(&user);
        let network = Network::from_address(address.parse().expect("an address"));
        let origin = SessionOrigin { network, user_agent: None };
        backend.commit([Write::InsertSession(session.clone(), origin)]).await;
        let listed = backend.sessions.list_live_sessions(user.key, sample::at(0), 9).await.expect("read");
        assert_eq!(listed, [ListedSession { session, network: Some(network), user_agent: None }]);
    }
}

/// Logins since that time, of live and ended sessions, of this user only.
pub async fn a_network_is_known_by_the_logins_of_that_user_in_it(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let elsewhere = Network::from_address(IpAddr::from([192, 0, 2, 2]));
    let known = async |user: &User, network, since| {
        backend.sessions.has_logged_in(user.key, network, sample::at(since)).await.expect("read")
    };
    assert!(!known(&user, sample::network(), 0).await, "no session yet");
    let session = keep(backend, &user, |it| it.created_at = sample::at(10)).await;
    assert!(known(&user, sample::network(), 0).await && known(&user, sample::network(), 10).await);
    assert!(!known(&user, sample::network(), 11).await, "it began before");
    assert!(!known(&user, elsewhere, 0).await && !known(&other, sample::network(), 0).await);
    backend.commit([revocation(&session, 20)]).await;
    assert!(known(&user, sample::network(), 10).await, "though it has ended");
}
