use actix_web::body::to_bytes;
use ports::Unsupported;
use serde_json::{Value, json};

use super::*;

async fn body(problem: &Problem) -> Value {
    serde_json::from_slice(&to_bytes(problem.error_response().into_body()).await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_problem_has_the_members_of_the_standard_and_no_others() {
    let problem = Problem::new(Kind::NotFound).with_instance("r1");
    assert_eq!(
        body(&problem).await,
        json!({
            "type": "/problems/not-found", "title": "Not found", "status": 404,
            "detail": "There is no such resource.", "instance": "r1"
        })
    );
}

#[tokio::test]
async fn every_fault_is_named_by_its_place() {
    let rule = || Invalid("must be a whole number from 1 to 9999");
    let faults = vec![
        Fault::at_pointer("/items/0/quantity", rule()),
        Fault::new(FaultLocation::Parameter("limit".into()), rule()),
    ];
    let body = body(&Problem::invalid_request(faults)).await;
    assert_eq!(body["detail"], "The request has 2 faults.");
    assert_eq!(
        body["errors"],
        json!([
            {"pointer": "/items/0/quantity", "detail": "Must be a whole number from 1 to 9999."},
            {"parameter": "limit", "detail": "Must be a whole number from 1 to 9999."}
        ])
    );
}

#[tokio::test]
async fn a_refused_transition_names_those_that_are_allowed_even_if_there_are_none() {
    let refused = |allowed| Problem::new(Kind::TransitionNotAllowed).with_allowed_transitions(allowed);
    let allowed = body(&refused(vec![OrderStatus::Cancelled])).await["allowedTransitions"].clone();
    assert_eq!(allowed, json!(["CANCELLED"]));
    assert_eq!(body(&refused(vec![])).await["allowedTransitions"], json!([]));
}

#[test]
fn a_gateway_that_is_not_asked_now_is_503_with_a_time_to_come_again() {
    let refused = GatewayUnavailable { retry_after: Duration::from_millis(4_001) };
    let problems = [
        Problem::from(application::payments::StartPaymentError::from(refused)),
        Problem::from(application::payments::OperationError::from(refused)),
    ];
    for problem in problems {
        let response = problem.error_response();
        assert_eq!((problem.kind(), response.status().as_u16()), (Kind::GatewayUnavailable, 503));
        assert_eq!(response.headers().get("retry-after").unwrap(), "5");
    }
}

#[tokio::test]
async fn what_a_gateway_does_not_take_is_422_and_names_what_the_client_can_change() {
    for (reason, pointer) in [
        (Unsupported::CaptureMethod, "/captureMethod"),
        (Unsupported::Currency, "/gateway"),
        (Unsupported::Amount, "/gateway"),
    ] {
        let problem = Problem::from(application::payments::StartPaymentError::from(reason));
        assert_eq!((problem.kind(), problem.error_response().status().as_u16()), (Kind::InvalidRequest, 422));
        let errors = body(&problem).await["errors"].clone();
        assert_eq!(errors[0]["pointer"], pointer);
        assert_eq!(errors.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_amount_that_a_gateway_cannot_represent_is_422_about_the_amount() {
    for reason in [Unsupported::CaptureMethod, Unsupported::Currency, Unsupported::Amount] {
        let problem = Problem::from(application::payments::OperationError::from(reason));
        assert_eq!((problem.kind(), problem.error_response().status().as_u16()), (Kind::InvalidRequest, 422));
        assert_eq!(body(&problem).await["errors"][0]["pointer"], "/amount");
    }
}

#[test]
fn a_throttled_client_gets_retry_after() {
    let throttled = Throttled {
        reached: Limit::LoginFailures,
        limit: 10,
        window: Duration::from_secs(900),
        retry_after: Duration::from_millis(59_001),
    };
    let response = Problem::too_many_requests(throttled).error_response();
    let header = |name| response.headers().get(name).unwrap().to_str().unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(header("retry-after"), "60");
    assert_eq!(header("ratelimit-policy"), r#""login-failures";q=10;w=900"#);
    assert_eq!(header("ratelimit"), r#""login-failures";r=0;t=60"#);
    assert_eq!(header("ratelimit-limit"), "10");
    assert_eq!(header("ratelimit-remaining"), "0");
    assert_eq!(header("ratelimit-reset"), "60");
}

#[test]
fn a_challenge_says_whether_a_token_was_shown() {
    let challenge = |shown| {
        let response = Problem::unauthorized(shown).error_response();
        response.headers().get("www-authenticate").unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(challenge(false), "Bearer");
    assert_eq!(challenge(true), r#"Bearer error="invalid_token""#);
}

#[test]
fn a_write_that_found_no_room_may_come_again_and_one_that_was_ended_is_a_fault() {
    let turned_away = Problem::from(RunError::Overloaded);
    assert_eq!(turned_away.kind(), Kind::Overloaded);
    assert_eq!(turned_away.error_response().headers().get("retry-after").unwrap(), "1");
    assert_eq!(Problem::from(RunError::Cancelled).kind(), Kind::InternalError);
}
