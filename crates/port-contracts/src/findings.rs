//! The suite for findings, which operators resolve.

use domain::{
    ChangedBy, EventId, Finding, FindingId, FindingKind, OrderNumber, Text, Timestamp, TransactionId, User,
    finding::ResolvedBy,
};
use ports::{UnitOfWork, Write};

use crate::{
    Backend,
    backend::is_stale,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! findings {
    ($($fixture:tt)+) => { $crate::stamp! { findings:
        a_finding_is_read_back_as_written
        a_finding_is_resolved_once
        one_finding_about_a_subject_is_open_at_a_time
        one_of_many_resolutions_wins
        findings_are_listed_newest_first
        findings_are_listed_by_the_stamps_they_show
        open_and_closed_findings_are_listed_apart
        findings_of_an_order_are_listed_apart
        a_page_of_findings_stays_while_others_are_found_and_resolved
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, finding: &Finding) -> Option<Finding> {
    backend.findings.find_finding(&finding.id).await.expect("read")
}

/// Stores that number of findings and returns them newest first.
async fn keep(backend: &Backend, count: usize) -> Vec<Finding> {
    let mut kept: Vec<_> = (0..count).map(|_| sample::finding()).collect();
    for finding in &kept {
        backend.commit([Write::InsertFinding(finding.clone())]).await;
    }
    kept.reverse();
    kept
}

async fn list(
    backend: &Backend,
    resolved: Option<bool>,
    after: Option<&Finding>,
    limit: u32,
) -> (Vec<Finding>, bool) {
    let after = after.map(|it| it.id.clone());
    let page = backend.findings.list_findings(resolved, after, limit).await.expect("read");
    (page.data, page.next.is_some())
}

fn resolve(finding: &Finding, note: &str, at: Timestamp) -> Write {
    resolve_by(finding, note, ChangedBy::SYSTEM, at)
}

fn resolve_by(finding: &Finding, note: &str, by: ChangedBy, at: Timestamp) -> Write {
    Write::ResolveFinding { id: finding.id.clone(), note: Text::new(note), by, at }
}

fn resolver(by: ChangedBy, user: Option<&User>) -> Option<ResolvedBy> {
    Some(ResolvedBy { by, author: user.map(|it| it.id.clone().into()) })
}

/// Findings of every kind, with all references and with none.
pub async fn a_finding_is_read_back_as_written(backend: &Backend) {
    assert_eq!(found(backend, &sample::finding()).await, None, "one that is not there");
    for kind in FindingKind::ALL {
        let bare = Finding { kind, ..sample::finding() };
        let full = Finding {
            kind,
            gateway: Some(sample::gateway("sandbox")),
            event: Some(EventId::new("evt_1".into())),
            transaction: Some(TransactionId::new("transaction".into())),
            order: Some(OrderNumber::new("order".into())),
            detail: "茶".repeat(1_000),
            ..sample::finding()
        };
        for finding in [bare, full] {
            backend.commit([Write::InsertFinding(finding.clone())]).await;
            assert_eq!(found(backend, &finding).await, Some(finding));
        }
    }
}

/// Resolving a finding twice, or one that does not exist, is stale.
pub async fn a_finding_is_resolved_once(backend: &Backend) {
    let open = keep(backend, 2).await;
    let [bystander, finding] = open.as_slice() else { panic!("two were kept") };
    let note = "🍵".repeat(Text::CHARS_MAX);
    let user = backend.user().await;
    let by = ChangedBy::operator(user.key);
    backend.commit([resolve_by(finding, &note, by, at(9))]).await;
    let closed = Finding {
        resolved_at: Some(at(9)),
        note: Some(Text::new(note)),
        resolved_by: resolver(by, Some(&user)),
        ..finding.clone()
    };
    assert_eq!(found(backend, finding).await.as_ref(), Some(&closed));
    backend.expect_stale([resolve(finding, "again", at(10))]).await;
    assert_eq!(found(backend, finding).await, Some(closed), "the first one's note stays");
    backend
        .expect_stale([resolve(
            &Finding { id: FindingId::new("none".into()), ..finding.clone() },
            "x",
            at(9),
        )])
        .await;
    assert_eq!(found(backend, bystander).await.as_ref(), Some(bystander), "no other one is touched");
}

/// A second finding about an open subject is left out without an error. Once the first is resolved another
/// may be stored. Concurrent units end the same way.
pub async fn one_finding_about_a_subject_is_open_at_a_time(backend: &Backend) {
    let once = |subject: &str| {
        let finding = sample::finding();
        (finding.clone(), Write::InsertFindingOnce(finding, subject.to_owned()))
    };
    let (first, write) = once("orders:1");
    let (other, about_another) = once("orders:2");
    backend.commit([write, about_another]).await;
    let (second, write) = once("orders:1");
    let (beside, plain) = (sample::finding(), sample::finding());
    backend.commit([write, Write::InsertFinding(beside.clone()), Write::InsertFinding(plain)]).await;
    assert_eq!(found(backend, &first).await.as_ref(), Some(&first));
    assert_eq!(found(backend, &other).await.as_ref(), Some(&other));
    assert_eq!(found(backend, &second).await, None, "there is one about it");
    assert_eq!(found(backend, &beside).await, Some(beside), "the commit is none the worse for it");
    backend.commit([resolve(&first, "repaired", at(9))]).await;
    let (third, write) = once("orders:1");
    backend.commit([write]).await;
    assert_eq!(found(backend, &third).await, Some(third), "the first one is closed");
    let race = backend.race(|| UnitOfWork::new().with_write(once("orders:3").1)).await;
    race.assert_outcome(crate::backend::RIVALS, |_| false);
    let (open, _) = list(backend, Some(false), None, 100).await;
    assert_eq!(open.len(), 5, "the other one, the two plain ones, the third one, and one of the rivals");
}

/// Of concurrent resolutions one succeeds; all others are stale.
pub async fn one_of_many_resolutions_wins(backend: &Backend) {
    let finding = sample::finding();
    backend.commit([Write::InsertFinding(finding.clone())]).await;
    let race = backend.race(|| UnitOfWork::new().with_write(resolve(&finding, "done", at(9))));
    race.await.assert_outcome(1, is_stale);
}

/// All findings are listed page by page.
pub async fn findings_are_listed_newest_first(backend: &Backend) {
    assert_eq!(list(backend, None, None, 10).await, (Vec::new(), false), "nothing yet");
    let kept = keep(backend, 5).await;
    assert_eq!(list(backend, None, None, 5).await, (kept.clone(), false), "all in one");
    let mut listed: Vec<Finding> = Vec::new();
    for more in [true, true, false] {
        let (data, goes_on) = list(backend, None, listed.last(), 2).await;
        assert_eq!(goes_on, more, "after {} of 5", listed.len() + data.len());
        listed.extend(data);
    }
    assert_eq!(listed, kept);
}

/// The rows come from clocks that differ: each is behind the one of the row before.
pub async fn findings_are_listed_by_the_stamps_they_show(backend: &Backend) {
    let mut kept = Vec::new();
    for second in (0..5).rev() {
        let finding = Finding { created_at: at(second), ..sample::finding() };
        backend.commit([Write::InsertFinding(finding.clone())]).await;
        kept.push(finding);
    }
    for resolved in [None, Some(false)] {
        let (mut listed, _) = list(backend, resolved, None, 2).await;
        listed.extend(list(backend, resolved, listed.last(), 9).await.0);
        assert_eq!(listed, kept);
    }
}

/// The filter selects open ones, resolved ones, or both.
pub async fn open_and_closed_findings_are_listed_apart(backend: &Backend) {
    let kept = keep(backend, 4).await;
    let [fourth, third, second, first] = kept.as_slice() else { panic!("four were kept") };
    backend.commit([resolve(third, "done", at(9))]).await;
    backend.commit([resolve(first, "done", at(8))]).await;
    let done = |it: &Finding, seconds| {
        let (resolved_at, note) = (Some(at(seconds)), Some(Text::new("done")));
        let resolved_by = resolver(ChangedBy::SYSTEM, None);
        Finding { resolved_at, note, resolved_by, ..it.clone() }
    };
    let (third, first) = (done(third, 9), done(first, 8));
    let (open, closed) = (vec![fourth.clone(), second.clone()], vec![third.clone(), first.clone()]);
    assert_eq!(list(backend, Some(false), None, 10).await, (open, false), "open ones");
    assert_eq!(list(backend, Some(true), None, 10).await, (closed, false), "closed ones");
    let all = vec![fourth.clone(), third, second.clone(), first];
    assert_eq!(list(backend, None, None, 10).await, (all, false), "all");
}

/// Open or resolved, newest first, page by page.
pub async fn findings_of_an_order_are_listed_apart(backend: &Backend) {
    let order = OrderNumber::new("order".into());
    let mut ours = Vec::new();
    for _ in 0..3 {
        let finding = Finding { order: Some(order.clone()), ..sample::finding() };
        let other = Finding { order: Some(OrderNumber::new("other".into())), ..sample::finding() };
        let all = [finding.clone(), other, sample::finding()];
        backend.commit(all.map(Write::InsertFinding)).await;
        ours.insert(0, finding);
    }
    let [third, second, first] = ours.as_slice() else { panic!("three were stored") };
    backend.commit([resolve(second, "done", at(9))]).await;
    let list = async |resolved, after: Option<&Finding>, limit| {
        let after = after.map(|it| it.id.clone());
        let page = backend.findings.list_findings_of_order(&order, resolved, after, limit).await;
        page.expect("read").data.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let ids = |some: &[&Finding]| some.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    assert_eq!(list(None, None, 10).await, ids(&[third, second, first]));
    assert_eq!(list(None, Some(third), 1).await, ids(&[second]));
    assert_eq!(list(Some(true), None, 10).await, ids(&[second]));
    assert_eq!(list(Some(false), None, 10).await, ids(&[third, first]));
}

/// The next page begins behind the cursor even if its finding no longer matches the filter.
pub async fn a_page_of_findings_stays_while_others_are_found_and_resolved(backend: &Backend) {
    let kept = keep(backend, 4).await;
    let [fourth, third, second, first] = kept.as_slice() else { panic!("four were kept") };
    let page = list(backend, Some(false), None, 2).await;
    assert_eq!(page, (vec![fourth.clone(), third.clone()], true));
    keep(backend, 3).await;
    backend.commit([resolve(third, "done", at(9))]).await;
    let page = list(backend, Some(false), Some(third), 2).await;
    assert_eq!(page, (vec![second.clone(), first.clone()], false), "the next page is what it was");
}
