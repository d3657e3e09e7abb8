use adapters_local::record::FindingRow;

use super::*;
use crate::testing::*;

fn bench() -> (TestApp, FindingId) {
    let it = TestApp::new();
    let finding = new_finding(
        &it.app,
        FindingKind::Dispute,
        "look",
        &FindingContext { transaction: Some(&pending()), ..FindingContext::default() },
    );
    let id = finding.id.clone();
    (it.with_state(|it| it.findings.push(FindingRow { finding, subject: None })), id)
}

/// Closes it, and gives what was answered: when it was closed, and with which note.
async fn resolved(
    it: &TestApp,
    key: Option<IdempotentRequest>,
    id: &FindingId,
    note: &str,
) -> Result<IdempotentReply, ResolveError> {
    let render = |it: &Finding| reply(&format!("{:?} {:?}", it.resolved_at, it.note));
    resolve_finding(&it.app, &operator(), key, id, Text::new(note), render).await
}

#[tokio::test]
async fn a_finding_names_what_it_is_about() {
    let (it, _) = bench();
    let found = list_findings(&it.app, &operator(), None, Some(false), None, 20).await.unwrap().data;
    assert_eq!((&found[0].transaction, &found[0].order), (&Some(pending().id), &Some(order().number)));
    assert_eq!((&found[0].gateway, found[0].created_at), (&Some(sandbox()), NOW));
}

#[tokio::test]
async fn a_finding_stays_as_it_was_closed_first() {
    let (it, id) = bench();
    let closed = resolved(&it, None, &id, "first").await.unwrap();
    let kept = (Some(NOW), Some(Text::new("first")));
    assert_eq!(closed, IdempotentReply::New(reply(&format!("{:?} {:?}", kept.0, kept.1))));
    it.clock.advance(seconds(1));
    assert_eq!(resolved(&it, None, &id, "second").await.unwrap(), closed);
    assert_eq!(it.journal_lines(), ["commit ResolveFinding"]);
    let by = it.record.state().findings[0].finding.resolved_by.clone().unwrap().by;
    assert_eq!(by, operator().caller().changed_by());
}

#[tokio::test]
async fn of_two_operators_at_once_the_first_closes_it() {
    let (it, id) = bench();
    it.record.before_next_commit(|it| {
        (it.findings[0].finding.resolved_at, it.findings[0].finding.note) =
            (Some(NOW), Some(Text::new("first")))
    });
    resolved(&it, None, &id, "second").await.unwrap();
    assert_eq!(it.record.state().findings[0].finding.note, Some(Text::new("first")));
}

#[tokio::test]
async fn what_was_never_found_cannot_be_closed() {
    let it = TestApp::new();
    let refused = resolved(&it, None, &FindingId::new("f".to_owned()), "done").await;
    assert!(matches!(refused, Err(ResolveError::NotFound)));
}

#[tokio::test]
async fn a_resolution_that_is_sent_again_is_answered_again() {
    let (it, id) = bench();
    let IdempotentReply::New(first) = resolved(&it, Some(request()), &id, "first").await.unwrap() else {
        panic!("it is new")
    };
    assert_eq!(it.journal_lines(), ["commit Claim ResolveFinding"]);
    assert_eq!(resolved(&it, Some(request()), &id, "first").await.unwrap(), IdempotentReply::Replay(first));
    let reused = resolved(&it, Some(other_request()), &id, "second").await;
    assert!(matches!(reused, Err(ResolveError::Key(KeyError::Reused))));
}

#[tokio::test]
async fn an_answer_that_changed_nothing_is_kept_too() {
    let (it, id) = bench();
    resolved(&it, None, &id, "first").await.unwrap();
    resolved(&it, Some(request()), &id, "second").await.unwrap();
    assert_eq!(it.journal_lines(), ["commit ResolveFinding", "commit Claim"]);
}
