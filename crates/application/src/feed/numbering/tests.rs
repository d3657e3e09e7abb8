use domain::{FeedEvent, FeedEventId, FeedEventType, FeedSubject, Timestamp};
use ports::NewFeedEvent;

use super::*;
use crate::testing::*;

fn event(at: Timestamp) -> NewFeedEvent {
    NewFeedEvent::from(FeedEvent {
        id: FeedEventId::new("e".to_owned()),
        kind: FeedEventType::OrderPlaced,
        subject: FeedSubject::Order(order().number),
        owner: None,
        data: "{}".to_owned(),
        created_at: at,
        trace_parent: None,
    })
}

async fn write(it: &TestApp, at: Timestamp, count: usize) {
    let events = vec![event(at); count];
    it.app.store.commit(UnitOfWork::new().with_write(Write::InsertFeedEvents(events))).await.unwrap();
}

#[tokio::test]
async fn nothing_is_written_while_nothing_happens() {
    let it = TestApp::new();
    assert!(!number_events(&it.app).await.unwrap());
    assert_eq!(it.journal_lines(), [""; 0]);
    assert_eq!(it.metrics.all_observations(), [Observation::FeedBacklog(0, Duration::ZERO)]);
}

#[tokio::test]
async fn a_backlog_is_numbered_in_rounds_and_each_is_announced() {
    let it = TestApp::new();
    let numbered = it.app.feed_signal.subscribe_numbered();
    write(&it, NOW.saturating_sub(seconds(2)), usize::try_from(NUMBERED_MAX).unwrap() + 1).await;
    assert!(number_events(&it.app).await.unwrap(), "there is more");
    assert!(numbered.has_changed().unwrap());
    assert!(!number_events(&it.app).await.unwrap());
    assert!(it.record.state().feed_events.iter().all(|it| it.sequence.is_some()));
    let lag = |events| Observation::FeedBacklog(events, seconds(2));
    assert_eq!(it.metrics.all_observations(), [lag(NUMBERED_MAX), lag(1)]);
    write(&it, NOW, 1).await;
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(number_events(&it.app).await.is_err());
}

#[tokio::test]
async fn events_are_forgotten_after_their_retention() {
    let it = TestApp::new();
    let over = NOW.saturating_sub(it.app.policy.event_retention + seconds(1));
    write(&it, over, 1_500).await;
    write(&it, NOW, 1).await;
    while number_events(&it.app).await.unwrap() {}
    assert!(prune_events(&it.app).await.unwrap(), "there is more");
    assert!(!prune_events(&it.app).await.unwrap());
    assert_eq!(it.record.state().feed_events.len(), 1);
}
