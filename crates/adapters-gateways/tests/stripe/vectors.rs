//! Comparing signatures and forms with the official library, by vectors that it made.

use domain::{RefundId, Timestamp, payment::CaptureMethod};
use ports::{Gateway, NoticeHeaders};
use serde_json::Value;

use crate::{automatic, bench, bench_with, charge_with, double::API_VERSION, expect_event, money};

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

#[tokio::test]
async fn each_signature_is_accepted_or_refused_as_by_the_official_library() {
    let vectors = vectors();
    let secret = vectors["secret"].as_str().unwrap();
    let it = bench_with(|it| it.webhook_secrets = vec!["whsec_old".into(), secret.into()]).await;
    let now = Timestamp::from_millis(vectors["now"].as_i64().unwrap() * 1000);
    let all = vectors["signatures"].as_array().unwrap();
    assert!(all.iter().filter(|it| it["accepted"] == true).count() >= 6 && all.len() >= 15);
    for vector in all {
        let header = vector["header"].as_str().unwrap().to_owned();
        let headers = NoticeHeaders::from([("stripe-signature".to_owned(), header)]);
        let body = vector["body"].as_str().unwrap().as_bytes();
        let is_accepted = it.gateway.verify_notice(&headers, body, now).is_ok();
        assert_eq!(vector["accepted"], is_accepted, "{}", vector["name"]);
    }
}

#[tokio::test]
async fn the_forms_have_the_parameters_that_the_official_library_writes() {
    let vectors = vectors();
    assert_eq!(vectors["api_version"], API_VERSION);
    let it = bench().await;
    expect_event(it.charge(&charge_with("tok_visa", CaptureMethod::Automatic)).await);
    let charge = it.made(automatic()).await;
    let refund = it.gateway.refund(charge, RefundId::new("r1".into()), money("5", "CNY"), &it.log).await;
    expect_event(refund);
    let arrived = it.double.state().arrived.clone();
    for (name, form) in [("charge", &arrived[0].form), ("refund", &arrived.last().unwrap().form)] {
        let pairs = vectors["forms"][name].as_array().unwrap().iter();
        // Whether an index is written is all the same to the API.
        let pairs = pairs
            .map(|it| (it[0].as_str().unwrap().replace("[0]", "[]"), it[1].as_str().unwrap().to_owned()));
        let (mut theirs, mut ours) = (pairs.collect::<Vec<_>>(), form.clone());
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{name}");
    }
}
