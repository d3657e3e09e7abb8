use super::*;
use crate::testing::*;

fn bench() -> (Bench, FindingId) {
    let it = Bench::new();
    let finding = note(
        &it.app,
        FindingKind::Dispute,
        "look",
        &About { transaction: Some(&pending()), ..About::default() },
    );
    let id = finding.id.clone();
    (it.with(|it| it.findings.push(finding)), id)
}

#[tokio::test]
async fn a_finding_names_what_it_is_about() {
    let (it, _) = bench();
    let found = list(&it.app, &operator(), Some(false), None, 20).await.unwrap().data;
    assert_eq!((&found[0].transaction, &found[0].order), (&Some(pending().id), &Some(order().number)));
    assert_eq!((&found[0].gateway, found[0].created_at), (&Some(sandbox()), NOW));
}

#[tokio::test]
async fn a_finding_stays_as_it_was_closed_first() {
    let (it, id) = bench();
    let closed = resolve(&it.app, &operator(), &id, Text::new("first")).await.unwrap();
    assert_eq!((closed.resolved_at, &closed.note), (Some(NOW), &Some(Text::new("first"))));
    it.clock.advance(seconds(1));
    assert_eq!(resolve(&it.app, &operator(), &id, Text::new("second")).await.unwrap(), closed);
    assert_eq!(it.journal(), ["commit ResolveFinding"]);
}

#[tokio::test]
async fn of_two_operators_at_once_the_first_closes_it() {
    let (it, id) = bench();
    it.record.meanwhile(|it| {
        (it.findings[0].resolved_at, it.findings[0].note) = (Some(NOW), Some(Text::new("first")))
    });
    let closed = resolve(&it.app, &operator(), &id, Text::new("second")).await.unwrap();
    assert_eq!(closed.note, Some(Text::new("first")));
}

#[tokio::test]
async fn what_was_never_found_cannot_be_closed() {
    let it = Bench::new();
    let refused = resolve(&it.app, &operator(), &FindingId::new("f".to_owned()), Text::new("done")).await;
    assert!(matches!(refused, Err(ResolveError::NotFound)));
}
