//! What was asked of the gateway, as operators see it.

use serde_json::{Value, json};

use crate::harness::{Client, PATIENCE, eventually, field, shared};

async fn attempts(operator: &Client, payment: &Value) -> Vec<Value> {
    operator.all(&path(payment)).await
}

fn path(payment: &Value) -> String {
    format!("/v1/payments/{}/attempts", field(payment, "transactionId"))
}

fn operations(all: &[Value]) -> Vec<(&str, &str)> {
    all.iter().map(|it| (field(it, "operation"), field(it, "outcome"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_is_what_the_contract_shows() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.99", None).await, 2).await;
    let paid = customer.pay(&order, "tok_visa").await;
    let all = attempts(&operator, &paid).await;
    let [charge] = all.as_slice() else { panic!("one call was made: {all:?}") };
    let members: Vec<_> = charge.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "attemptId",
        "operation",
        "refundId",
        "request",
        "outcome",
        "httpStatus",
        "answer",
        "failureReason",
        "startedAt",
        "durationMs",
    ];
    expected.sort_unstable();
    assert_eq!(members, expected);
    for (name, value) in [
        ("operation", json!("CHARGE")),
        ("refundId", Value::Null),
        ("outcome", json!("ANSWERED")),
        ("httpStatus", Value::Null),
        ("failureReason", Value::Null),
    ] {
        assert_eq!(charge[name], value, "{name}");
    }
    let request = r#"charge {"amount":"19.98","currency":"CNY","captureMethod":"AUTOMATIC"}"#;
    assert_eq!(field(charge, "request"), request);
    let answer: Value = serde_json::from_str(field(charge, "answer")).unwrap();
    assert_eq!(answer["type"], "payment.captured");
    assert_eq!(answer["data"]["transactionId"], paid["transactionId"]);
    assert!(field(charge, "attemptId").len() >= 20 && field(charge, "startedAt").len() == 24);
    assert!(charge["durationMs"].as_u64().is_some_and(|it| it < 10_000), "{charge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_listed_oldest_first_and_in_pages() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.00", None).await, 1).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    operator.operate(&held, "captures", &json!({})).await.ok(200);
    let refund = operator.operate(&held, "refunds", &json!({"amount": "2"})).await.ok(201);
    let all = attempts(&operator, &held).await;
    assert_eq!(operations(&all), [("CHARGE", "ANSWERED"), ("CAPTURE", "ANSWERED"), ("REFUND", "ANSWERED")]);
    assert_eq!(all[2]["refundId"], refund["refundId"]);
    let first = operator.get(&format!("{}?limit=2", path(&held))).await.ok(200);
    assert_eq!(first["data"].as_array().unwrap()[..], all[..2]);
    let cursor = field(&first, "nextCursor").to_owned();
    let rest = operator.get(&format!("{}?limit=2&cursor={cursor}", path(&held))).await.ok(200);
    assert_eq!((&rest["data"], &rest["nextCursor"]), (&json!([all[2]]), &Value::Null));
    let order = customer.order(&operator.product("9.00", None).await, 1).await;
    let voided = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    operator.operate(&voided, "voids", &json!({})).await.ok(200);
    assert_eq!(operations(&attempts(&operator, &voided).await)[1], ("VOID", "ANSWERED"));
    let foreign = operator.get(&format!("{}?cursor={cursor}", path(&voided))).await;
    assert_eq!(foreign.faults(), ["cursor"], "a cursor of another transaction");
    operator.get(&format!("{}?cursor=x", path(&held))).await.refused(422, "invalid-request");
    operator.get(&format!("{}?order=desc", path(&held))).await.refused(422, "invalid-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_and_the_lookups_after_it_are_listed() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let lost = customer.pay(&order, "tok_timeout").await;
    let all = attempts(&operator, &lost).await;
    let charge = all.first().unwrap();
    assert_eq!((field(charge, "operation"), field(charge, "outcome")), ("CHARGE", "FAILED"));
    assert_eq!(field(charge, "failureReason"), "the gateway's answer was lost");
    assert_eq!((&charge["answer"], &charge["httpStatus"]), (&Value::Null, &Value::Null));
    customer.payment_becomes(&lost, "CAPTURED").await;
    let look = async || {
        let all = attempts(&operator, &lost).await;
        all.into_iter().find(|it| it["operation"] == "LOOK_UP")
    };
    let found = eventually("the lookup is listed", PATIENCE, look).await;
    assert_eq!((&found["request"], &found["outcome"]), (&json!("look-up {}"), &json!("ANSWERED")));
    assert!(field(&found, "answer").contains("payment.captured"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_see_it() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let paid = customer.pay(&order, "tok_visa").await;
    customer.get(&path(&paid)).await.refused(403, "forbidden");
    shared().client().get(&path(&paid)).await.refused(401, "unauthorized");
    for unknown in ["nothing", "%20"] {
        operator.get(&format!("/v1/payments/{unknown}/attempts")).await.refused(404, "not-found");
    }
}
