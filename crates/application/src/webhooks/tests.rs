mod disabling;
mod operators;
mod retention;
mod unreadable;

use std::sync::Mutex;
use std::time::Duration;

use domain::{
    DeliveryKey, EndpointId, FeedEvent, FeedEventId, FindingKind, OrderNumber, TraceParent, WebhookDelivery,
    WebhookEndpoint,
    feed::{FeedEventType, FeedSubject},
    webhook::{
        AttemptResult, DeliveryStatus, EndpointPatch, EventTypes, GIVE_UP_AFTER, SigningSecret, WebhookUrl,
    },
};
use ports::{
    DeliveryOutcome, Observation, Prunable, StoredReply, UnitOfWork, WebhookAnswer, WebhookWrite, Write,
};

use super::{deliver::LEASE, *};
use crate::{IdempotentReply, IfMatch, testing::*};

const PLACED: &str = "order.placed";

/// Makes an endpoint, and gives it with its secret.
async fn create(it: &TestApp, types: &[&str]) -> (WebhookEndpoint, SigningSecret) {
    let shown = Mutex::new(None);
    let show = |endpoint: &WebhookEndpoint, secret: &SigningSecret| {
        *shown.lock().unwrap() = Some((endpoint.clone(), secret.clone()));
        reply("made")
    };
    create_endpoint(&it.app, &operator_user(), None, ask(types), show).await.unwrap();
    shown.into_inner().unwrap().unwrap()
}

fn ask(types: &[&str]) -> NewEndpoint {
    NewEndpoint {
        url: WebhookUrl::new("https://shop.example/hooks".into()),
        types: EventTypes::new(types.iter().map(|it| (*it).to_owned())),
        description: None,
    }
}

async fn patch(
    it: &TestApp,
    id: &EndpointId,
    patch: EndpointPatch,
) -> Result<IdempotentReply, EndpointError> {
    patch_endpoint(&it.app, &operator_user(), None, (id, patch, IfMatch::Absent), |_| reply("patched")).await
}

/// The span that causes the event with that id.
fn caused_by(id: &str) -> TraceParent {
    TraceParent::new(format!("the span of {id}"))
}

/// Something happens to an order: an event with its number.
async fn happen(it: &TestApp, id: &str, order: &str, kind: FeedEventType) {
    let event = FeedEvent {
        id: FeedEventId::new(id.to_owned()),
        kind,
        subject: FeedSubject::Order(OrderNumber::new(order.to_owned())),
        owner: None,
        data: "{}".to_owned(),
        created_at: it.app.clock.now(),
        trace_parent: Some(caused_by(id)),
    };
    let insert = Write::InsertFeedEvents(vec![event.into()]);
    it.app.store.commit(UnitOfWork::new().with_write(insert)).await.unwrap();
    let number = Write::NumberFeedEvents(100);
    it.app.store.commit(UnitOfWork::new().with_write(number)).await.unwrap();
}

/// Runs rounds until nothing is due, and gives the ids of what was sent.
async fn run(it: &TestApp, sender: &ScriptedSender, id: &EndpointId) -> Vec<String> {
    for _ in 0..100 {
        match run_endpoint(&it.app, id).await.unwrap() {
            EndpointRun::Busy => {}
            EndpointRun::Idle | EndpointRun::Ended => break,
        }
    }
    sender.take_sent().into_iter().map(|it| it.id.to_string()).collect()
}

fn deliveries(it: &TestApp) -> Vec<WebhookDelivery> {
    it.record.state().webhook_deliveries
}

fn stored(it: &TestApp) -> WebhookEndpoint {
    it.record.state().webhook_endpoints[0].clone()
}

fn findings(it: &TestApp) -> Vec<FindingKind> {
    it.record.state().findings.iter().map(|it| it.finding.kind).collect()
}

#[tokio::test]
async fn an_endpoint_gets_each_event_that_it_wants_once_and_none_from_before() {
    let (it, sender) = TestApp::with_sender();
    happen(&it, "e0", "n1", FeedEventType::OrderPlaced).await;
    let (endpoint, _) = create(&it, &[PLACED]).await;
    assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new());
    happen(&it, "e1", "n2", FeedEventType::OrderPlaced).await;
    happen(&it, "e2", "n2", FeedEventType::OrderPaid).await;
    happen(&it, "e3", "n3", FeedEventType::OrderPlaced).await;
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1", "e3"]);
    assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new());
    assert_eq!(stored(&it).cursor, 4);
    assert!(deliveries(&it).iter().all(|it| it.status == DeliveryStatus::Delivered && it.attempts == 1));
    assert_eq!(it.metrics.count(Observation::WebhookDelivery(DeliveryOutcome::Delivered)), 2);
}

#[tokio::test]
async fn two_instances_that_read_the_same_events_store_their_deliveries_once() {
    let (it, _) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    let first = fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    let second = fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    assert_eq!(first.map(|it| it.cursor), Some(1));
    assert_eq!(second, None, "the cursor has moved");
    assert_eq!(deliveries(&it).len(), 1);
}

#[tokio::test]
async fn events_of_one_order_are_sent_in_order_and_wait_for_one_that_fails() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    for (id, order, kind) in [
        ("e1", "n1", FeedEventType::OrderPlaced),
        ("e2", "n1", FeedEventType::OrderPaid),
        ("e3", "n2", FeedEventType::OrderPlaced),
        ("e4", "n1", FeedEventType::OrderShipped),
    ] {
        happen(&it, id, order, kind).await;
    }
    sender.push_answer(answer_status(500));
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1", "e3"], "the others of n1 wait");
    it.clock.advance(seconds(4));
    assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new());
    it.clock.advance(seconds(3));
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1", "e2", "e4"], "the same id, then the others");
}

#[tokio::test]
async fn every_attempt_names_the_span_that_caused_its_event() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    sender.push_answer(answer_status(500));
    for _ in 0..2 {
        while run_endpoint(&it.app, &endpoint.id).await.unwrap() == EndpointRun::Busy {}
        let sent = sender.take_sent();
        assert_eq!((sent.len(), &sent[0].trace_parent), (1, &Some(caused_by("e1"))));
        it.clock.advance(seconds(60));
    }
}

#[tokio::test]
async fn at_most_eight_are_on_their_way_at_once() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    for number in 0..40 {
        happen(&it, &format!("e{number}"), &format!("n{number}"), FeedEventType::OrderPlaced).await;
    }
    assert_eq!(run(&it, &sender, &endpoint.id).await.len(), 40);
    assert!((2..=8).contains(&sender.most_running()), "{}", sender.most_running());
}

#[tokio::test]
async fn a_pause_that_the_endpoint_asks_for_is_kept() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    sender.push_answer(WebhookAnswer { retry_after: Some(Duration::from_secs(600)), ..answer_status(429) });
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1"]);
    it.clock.advance(seconds(599));
    assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new());
    it.clock.advance(seconds(1));
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1"]);
}

#[tokio::test]
async fn what_was_sent_and_not_noted_is_sent_again_after_the_lease_with_the_same_id() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    it.record.accept_next_commit();
    // The claim is stored, the message is sent, and the process dies before its note.
    it.record.refuse_next_commit(ports::CommitError::Failed(unavailable_error()));
    run_endpoint(&it.app, &endpoint.id).await.unwrap_err();
    assert_eq!(sender.take_sent().len(), 1);
    assert_eq!(
        run(&it, &sender, &endpoint.id).await,
        Vec::<String>::new(),
        "it still belongs to who claimed it"
    );
    it.clock.advance(LEASE);
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1"]);
    assert_eq!(deliveries(&it)[0].attempts, 2);
}

#[tokio::test]
async fn what_was_claimed_too_long_ago_is_left_for_when_the_lease_is_over() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    let clock = it.clock.clone();
    it.record.before_next_commit(move |_| clock.advance(seconds(6)));
    assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new(), "the claim took six seconds");
    it.clock.advance(LEASE);
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1"]);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_at_once_and_misses_nothing() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    sender.push_answer(answer_status(410));
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1"]);
    assert!(stored(&it).disabled);
    assert_eq!(findings(&it), [FindingKind::WebhookDisabled]);
    assert_eq!(run_endpoint(&it.app, &endpoint.id).await.unwrap(), EndpointRun::Ended);
    happen(&it, "e2", "n1", FeedEventType::OrderPaid).await;
    it.clock.advance(seconds(60));
    patch(&it, &endpoint.id, EndpointPatch { disabled: Some(false), ..EndpointPatch::default() })
        .await
        .unwrap();
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1", "e2"]);
}

/// Lets time pass while the endpoint fails, up to and with the last attempt of the three days.
async fn fail_for_three_days(it: &TestApp, sender: &ScriptedSender, endpoint: &EndpointId) -> usize {
    let (end, mut attempts) = (it.app.clock.now().saturating_add(GIVE_UP_AFTER + seconds(36_000)), 0);
    while it.app.clock.now() < end && !stored(it).disabled {
        (0..8).for_each(|_| sender.push_answer(answer_status(500)));
        attempts += run(it, sender, endpoint).await.len();
        it.clock.advance(seconds(60));
    }
    attempts
}

#[tokio::test]
async fn an_endpoint_that_fails_for_three_days_is_disabled_with_one_finding() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    let attempts = fail_for_three_days(&it, &sender, &endpoint.id).await;
    assert!((12..=20).contains(&attempts), "{attempts} attempts, with growing pauses");
    assert!(stored(&it).disabled);
    assert_eq!(findings(&it), [FindingKind::WebhookDisabled]);
    assert_eq!(deliveries(&it)[0].status, DeliveryStatus::Pending, "it waits until the endpoint is enabled");
}

#[tokio::test]
async fn an_event_that_alone_fails_for_three_days_is_given_up_and_the_next_one_is_sent() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    happen(&it, "e2", "n1", FeedEventType::OrderPaid).await;
    let mut sent = Vec::new();
    for hour in 0..90 {
        // Another order is fine all the while, so the endpoint works.
        sender.push_answer(answer_status(422));
        sent.extend(run(&it, &sender, &endpoint.id).await);
        if sent.iter().any(|it| it == "e2") {
            break;
        }
        happen(&it, &format!("o{hour}"), &format!("other-{hour}"), FeedEventType::OrderPlaced).await;
        it.app.webhooks.find_endpoint(&endpoint.id).await.unwrap();
        while sender.take_answer().is_some() {}
        sent.extend(run(&it, &sender, &endpoint.id).await);
        it.clock.advance(seconds(3_600));
    }
    while sender.take_answer().is_some() {}
    sent.extend(run(&it, &sender, &endpoint.id).await);
    assert!(sent.iter().any(|it| it == "e2"), "{sent:?}");
    let statuses: Vec<_> = deliveries(&it).iter().take(2).map(|it| it.status).collect();
    assert_eq!(statuses, [DeliveryStatus::Failed, DeliveryStatus::Delivered]);
    assert!(!stored(&it).disabled);
    assert_eq!(it.metrics.count(Observation::WebhookDelivery(DeliveryOutcome::GivenUp)), 1);
}

#[tokio::test]
async fn events_that_were_deleted_before_an_endpoint_got_them_are_a_finding() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    it.clock.advance(seconds(10));
    let prune = Write::Prune(Prunable::FeedEvents, it.app.clock.now(), 100);
    it.app.store.commit(UnitOfWork::new().with_write(prune)).await.unwrap();
    happen(&it, "e2", "n1", FeedEventType::OrderPaid).await;
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e2"]);
    assert_eq!(findings(&it), [FindingKind::WebhookGap]);
}

#[tokio::test]
async fn a_delivery_whose_event_is_gone_is_given_up() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    it.clock.advance(seconds(10));
    let prune = Write::Prune(Prunable::FeedEvents, it.app.clock.now(), 100);
    it.app.store.commit(UnitOfWork::new().with_write(prune)).await.unwrap();
    assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new());
    let delivery = &deliveries(&it)[0];
    assert_eq!(delivery.status, DeliveryStatus::Failed);
    let result = delivery.last_attempt.as_ref().map(|it| it.result.clone());
    assert_eq!(result, Some(AttemptResult::NoAnswer("the event is no longer kept".into())));
    assert_eq!(findings(&it), [FindingKind::WebhookGap]);
}

#[tokio::test]
async fn many_that_wait_for_one_are_put_off_and_do_not_keep_others_from_being_sent() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "head", "n1", FeedEventType::OrderPlaced).await;
    sender.push_answer(answer_status(500));
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["head"]);
    for number in 0..250 {
        happen(&it, &format!("e{number}"), "n1", FeedEventType::OrderUpdated).await;
    }
    happen(&it, "other", "n2", FeedEventType::OrderPlaced).await;
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["other"]);
    it.clock.advance(seconds(70));
    let sent = run(&it, &sender, &endpoint.id).await;
    assert_eq!((sent.len(), sent[0].as_str(), sent[250].as_str()), (251, "head", "e249"));
}

#[tokio::test]
async fn only_a_failure_or_a_success_that_is_news_is_written() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    let failing = |write: &Write| matches!(write, Write::Webhook(WebhookWrite::SetFailingSince { .. }));
    for status in [200, 500, 500, 200, 200] {
        send_test(&it.app, &operator_user(), None, &endpoint.id, |_| reply("sent")).await.unwrap();
        sender.push_answer(answer_status(status));
        run_endpoint(&it.app, &endpoint.id).await.unwrap();
    }
    let written = it.record.commits().iter().flat_map(|it| it.writes().to_vec()).filter(failing).count();
    assert_eq!(written, 2);
    assert_eq!(stored(&it).failing_since, None);
}
