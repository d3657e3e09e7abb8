//! Rows that cannot be read, and deliveries that wait for one that does not move.

use ports::UnreadableRow;

use super::*;

fn row(table: &'static str, key: impl ToString) -> UnreadableRow {
    UnreadableRow { table, column: "kind", key: key.to_string(), owner: None }
}

/// Rounds until the task of an endpoint would pause. Without a pause it would take a processor and the database.
async fn count_rounds(it: &TestApp, id: &EndpointId) -> usize {
    let mut rounds = 1;
    while run_endpoint(&it.app, id).await.unwrap() == EndpointRun::Busy {
        rounds += 1;
        assert!(rounds < 50, "it never pauses");
    }
    rounds
}

#[tokio::test]
async fn an_event_that_cannot_be_read_for_a_while_is_sent_afterwards() {
    for fans_out_first in [true, false] {
        let (it, sender) = TestApp::with_sender();
        let (endpoint, _) = create(&it, &[]).await;
        happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
        if fans_out_first {
            fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
        }
        let number = it.record.state().feed_events[0].number;
        it.record.corrupt_row(row("feed_events", number));
        assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new());
        assert_eq!(deliveries(&it)[0].status, DeliveryStatus::Pending);
        assert_eq!((findings(&it), stored(&it).failing_since), (vec![], None), "the endpoint has not failed");
        it.record.repair_rows();
        it.clock.advance(seconds(3600));
        assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1"]);
        assert_eq!(findings(&it), []);
    }
}

#[tokio::test]
async fn an_event_that_is_never_readable_is_given_up_after_three_days_with_a_finding() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    it.record.corrupt_row(row("feed_events", it.record.state().feed_events[0].number));
    for _ in 0..200 {
        run(&it, &sender, &endpoint.id).await;
        it.clock.advance(seconds(3600));
    }
    assert_eq!(deliveries(&it)[0].status, DeliveryStatus::Failed);
    assert_eq!(findings(&it), [FindingKind::WebhookGap]);
    assert!(!stored(&it).disabled);
}

/// The clock of the instance that stored its delivery was ahead, so its row comes behind those of its followers.
#[tokio::test]
async fn a_delivery_that_others_wait_for_is_sent_also_if_it_is_due_behind_all_of_them() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "head", "n1", FeedEventType::OrderPlaced).await;
    sender.push_answer(answer_status(500));
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["head"]);
    it.record.change(|state| state.webhook_deliveries[0].key = DeliveryKey::new(i64::MAX));
    for number in 0..120 {
        happen(&it, &format!("e{number}"), "n1", FeedEventType::OrderUpdated).await;
    }
    for _ in 0..4 {
        count_rounds(&it, &endpoint.id).await;
        it.clock.advance(seconds(15));
    }
    assert_eq!(run(&it, &sender, &endpoint.id).await.len(), 121);
}

#[tokio::test]
async fn deliveries_that_wait_for_an_unreadable_one_do_not_keep_the_task_busy() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "head", "n1", FeedEventType::OrderPlaced).await;
    sender.push_answer(answer_status(500));
    run(&it, &sender, &endpoint.id).await;
    it.record.corrupt_row(row("webhook_deliveries", deliveries(&it)[0].key.get()));
    for number in 0..60 {
        happen(&it, &format!("e{number}"), "n1", FeedEventType::OrderUpdated).await;
    }
    it.clock.advance(seconds(70));
    for _ in 0..3 {
        count_rounds(&it, &endpoint.id).await;
        it.clock.advance(seconds(1));
    }
    it.record.repair_rows();
    it.clock.advance(seconds(70));
    assert_eq!(run(&it, &sender, &endpoint.id).await.len(), 61);
}
