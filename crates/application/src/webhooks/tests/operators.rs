//! What operators do with endpoints and deliveries.

use super::*;

#[tokio::test]
async fn a_message_is_signed_with_both_secrets_for_a_day_after_a_rotation() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, first) = create(&it, &[]).await;
    let shown = Mutex::new(None);
    let show = |_: &WebhookEndpoint, secret: &SigningSecret| {
        *shown.lock().unwrap() = Some(secret.clone());
        reply("rotated")
    };
    rotate_secret(&it.app, &operator_user(), None, (&endpoint.id, IfMatch::Absent), show).await.unwrap();
    let again =
        rotate_secret(&it.app, &operator_user(), None, (&endpoint.id, IfMatch::Absent), |_, _| reply("no"))
            .await;
    assert!(matches!(again, Err(EndpointError::OldSecretSigns)), "the first one would be silent");
    let second = shown.into_inner().unwrap().unwrap();
    for (day, expected) in [(0, vec![&second, &first]), (1, vec![&second])] {
        it.clock.advance(seconds(86_400 * day));
        send_test(&it.app, &operator_user(), None, &endpoint.id, |_| reply("sent")).await.unwrap();
        run_endpoint(&it.app, &endpoint.id).await.unwrap();
        let sent = sender.take_sent();
        assert_eq!(sent[0].secrets.iter().collect::<Vec<_>>(), expected, "day {day}");
        assert_eq!(sent[0].body, format!("webhook.test of {}", endpoint.id));
    }
    let late =
        rotate_secret(&it.app, &operator_user(), None, (&endpoint.id, IfMatch::Absent), |_, _| reply("ok"))
            .await;
    late.unwrap();
}

#[tokio::test]
async fn a_secret_is_stored_encrypted_also_with_the_reply_that_is_replayed() {
    let (it, _) = TestApp::with_sender();
    let show = |_: &WebhookEndpoint, secret: &SigningSecret| reply(secret.expose_secret());
    let make =
        async || create_endpoint(&it.app, &operator_user(), Some(request()), ask(&[]), show).await.unwrap();
    let IdempotentReply::New(first) = make().await else { panic!("it is new") };
    let IdempotentReply::Replay(again) = make().await else { panic!("it was made") };
    assert_eq!((&first, first.body.as_str()), (&again, "whsec_secret-1"));
    let held = format!("{:?} {:?}", it.record.state().claims, stored(&it).secret.as_str());
    assert!(!held.contains("whsec_secret"), "{held}");
    assert_eq!(it.record.state().webhook_endpoints.len(), 1);
}

#[tokio::test]
async fn an_address_that_is_refused_makes_and_changes_nothing() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    sender.refuse_url("https://inner.example/");
    let url = WebhookUrl::new("https://inner.example/".into());
    let by = operator_user();
    let other = NewEndpoint { url: url.clone(), ..ask(&[]) };
    let made = create_endpoint(&it.app, &by, None, other, |_, _| reply("made")).await;
    assert!(matches!(made, Err(EndpointError::Url(_))));
    let changed =
        patch(&it, &endpoint.id, EndpointPatch { url: Some(url), ..EndpointPatch::default() }).await;
    assert!(matches!(changed, Err(EndpointError::Url(_))));
    assert_eq!(it.record.state().webhook_endpoints, [endpoint]);
}

#[tokio::test]
async fn there_are_at_most_a_hundred_endpoints() {
    let (it, _) = TestApp::with_sender();
    for _ in 0..ENDPOINTS_MAX {
        create(&it, &[]).await;
    }
    let one_more = create_endpoint(&it.app, &operator_user(), None, ask(&[]), |_, _| reply("made")).await;
    assert!(matches!(one_more, Err(EndpointError::TooMany)));
}

#[tokio::test]
async fn an_event_is_sent_again_by_hand_with_its_id_and_waits_for_nothing() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    happen(&it, "e2", "n1", FeedEventType::OrderPaid).await;
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1", "e2"]);
    happen(&it, "e3", "n1", FeedEventType::OrderShipped).await;
    sender.push_answer(answer_status(500));
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e3"]);
    let first = deliveries(&it)[0].id.clone();
    let by = operator_user();
    let again = |which| redeliver(&it.app, &by, None, (&endpoint.id, which), |_| reply("sent"));
    again(&first).await.unwrap();
    assert_eq!(run(&it, &sender, &endpoint.id).await, ["e1"]);
    let unknown = domain::DeliveryId::new("unknown".into());
    assert!(matches!(again(&unknown).await, Err(EndpointError::NotFound)));
    let end = it.app.clock.now().saturating_add(seconds(1));
    let prune = Write::Prune(Prunable::FeedEvents, end, 100);
    it.app.store.commit(UnitOfWork::new().with_write(prune)).await.unwrap();
    assert!(matches!(again(&first).await, Err(EndpointError::EventGone)));
    patch(&it, &endpoint.id, EndpointPatch { disabled: Some(true), ..EndpointPatch::default() })
        .await
        .unwrap();
    assert!(matches!(again(&first).await, Err(EndpointError::Disabled)));
}

#[tokio::test]
async fn a_secret_that_cannot_be_decrypted_sends_nothing() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    it.record.change(|it| {
        it.webhook_endpoints[0].secret = domain::webhook::SealedSecret::new("of another key".into());
    });
    send_test(&it.app, &operator_user(), None, &endpoint.id, |_| reply("sent")).await.unwrap();
    assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new());
    let result = deliveries(&it)[0].last_attempt.as_ref().map(|it| it.result.clone());
    assert!(matches!(result, Some(AttemptResult::NoAnswer(reason)) if reason.contains("rotate")));
}

#[tokio::test]
async fn a_deleted_endpoint_gets_nothing_more() {
    let (it, sender) = TestApp::with_sender();
    let (endpoint, _) = create(&it, &[]).await;
    happen(&it, "e1", "n1", FeedEventType::OrderPlaced).await;
    fan_out::fan_out_events(&it.app, &endpoint).await.unwrap();
    let gone: StoredReply = reply("");
    delete_endpoint(&it.app, &operator_user(), None, (&endpoint.id, IfMatch::Absent), gone).await.unwrap();
    assert_eq!(run(&it, &sender, &endpoint.id).await, Vec::<String>::new());
    assert_eq!(list_active_endpoints(&it.app).await.unwrap(), Vec::new());
}
