use actix_web::{
    App, HttpResponse,
    body::to_bytes,
    http::header,
    middleware::from_fn,
    test::{TestRequest, init_service, try_call_service},
    web,
};
use serde_json::Value;

use super::*;
use crate::http::{method_resource, redirects::unknown_path};

struct Numbered;

impl IdGenerator for Numbered {
    fn next_key(&self) -> i64 {
        1
    }

    fn next_id(&self) -> String {
        "made".into()
    }
}

async fn fine(RequestId(id): RequestId) -> HttpResponse {
    HttpResponse::Ok().body(id)
}

async fn slow() -> HttpResponse {
    std::future::pending().await
}

async fn faulty() -> HttpResponse {
    panic!("a secret in a panic")
}

async fn meant() -> HttpResponse {
    let mut response = HttpResponse::ServiceUnavailable().body("as it is");
    response.extensions_mut().insert(NotAProblem);
    response
}

async fn foreign(_: web::Json<u32>) -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// Status, headers and body of the answer to a request.
async fn answer(request: TestRequest) -> (u16, header::HeaderMap, String) {
    let frame = RequestMiddleware {
        ids: Arc::new(Numbered),
        metrics: Arc::default(),
        cors: Cors::default(),
        compression: true,
        deadline: Duration::from_millis(50),
        tracer: Tracer::default(),
    };
    let app = App::new()
        .wrap(from_fn(move |request, next| frame.clone().handle_request(request, next)))
        .service(method_resource(
            "/v1/fine",
            vec![(Method::GET, web::to(fine)), (Method::PUT, web::to(fine))],
        ))
        .service(method_resource("/v1/hasty", vec![(Method::GET, web::to(kept))]))
        .service(method_resource("/docs", vec![(Method::GET, web::to(kept))]))
        .service(method_resource("/problems", vec![(Method::GET, web::to(kept))]))
        .service(method_resource("/slow", vec![(Method::GET, web::to(slow))]))
        .service(method_resource("/faulty", vec![(Method::GET, web::to(faulty))]))
        .service(method_resource("/meant", vec![(Method::GET, web::to(meant))]))
        .service(method_resource("/foreign", vec![(Method::POST, web::to(foreign))]))
        .default_service(web::to(unknown_path));
    let app = init_service(app).await;
    let response = match try_call_service(&app, request.to_request()).await {
        Ok(response) => response.into_parts().1,
        Err(fault) => fault.error_response(),
    };
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body()).await.unwrap();
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn problem(request: TestRequest) -> (u16, header::HeaderMap, Value) {
    let (status, headers, body) = answer(request.insert_header(("x-request-id", "r1"))).await;
    assert_eq!(headers.get("content-type").unwrap(), "application/problem+json");
    assert_eq!(headers.get("x-request-id").unwrap(), "r1");
    assert_eq!(headers.get("x-content-type-options").unwrap(), "nosniff");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["instance"], &body["status"]), (&"r1".into(), &status.into()));
    (status, headers, body)
}

#[tokio::test]
async fn every_answer_has_its_request_id_and_its_handler_knows_it() {
    let (_, headers, told) =
        answer(TestRequest::with_uri("/v1/fine").insert_header(("x-request-id", "r1"))).await;
    assert_eq!((headers.get("x-request-id").unwrap().to_str().unwrap(), told.as_str()), ("r1", "r1"));
    let (_, headers, _) =
        answer(TestRequest::with_uri("/v1/fine").insert_header(("x-request-id", "a b"))).await;
    assert_eq!(headers.get("x-request-id").unwrap(), "made");
    assert_eq!(headers.get("cache-control").unwrap(), "no-store");
}

async fn kept() -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "public")).finish()
}

#[tokio::test]
async fn what_may_be_kept_is_decided_by_the_route_and_not_by_the_path() {
    for (path, wanted) in [
        ("/docs", "public"),
        ("/%64ocs", "public"),
        ("/problems", "public"),
        ("/v1/fine", "no-store"),
        ("/%761/fine", "no-store"),
        ("//v1/fine", "no-store"),
        ("/v1/hasty", "no-store"),
        ("/meant", "no-store"),
    ] {
        let (_, headers, _) = answer(TestRequest::with_uri(path)).await;
        assert_eq!(headers.get("cache-control").unwrap(), wanted, "{path}");
    }
    let (_, headers, _) = answer(TestRequest::delete().uri("/docs")).await;
    assert_eq!(headers.get("cache-control").unwrap(), "no-store", "an error of a public route");
}

#[tokio::test]
async fn no_answer_is_shown_in_a_frame_or_says_where_it_was_read() {
    for path in ["/v1/fine", "/docs", "/v1/nothing", "/slow", "/faulty", "/meant"] {
        let (_, headers, _) = answer(TestRequest::with_uri(path)).await;
        let header = |name: &str| headers.get(name).unwrap().to_str().unwrap();
        assert_eq!(header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{path}");
        assert_eq!((header("x-frame-options"), header("referrer-policy")), ("DENY", "no-referrer"), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let (status, _, body) = problem(TestRequest::with_uri("/v1/nothing")).await;
    assert_eq!((status, &body["type"]), (404, &"/problems/not-found".into()));
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_allowed_ones_and_head_is_a_get() {
    let (status, headers, _) = problem(TestRequest::delete().uri("/v1/fine")).await;
    assert_eq!((status, headers.get("allow").unwrap().to_str().unwrap()), (405, "GET, HEAD, PUT"));
    let (status, ..) = answer(TestRequest::with_uri("/v1/fine").method(Method::HEAD)).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn no_request_waits_beyond_the_deadline() {
    let (status, headers, body) = problem(TestRequest::with_uri("/slow")).await;
    assert_eq!((status, &body["type"]), (503, &"/problems/deadline-exceeded".into()));
    assert_eq!(headers.get("retry-after").unwrap(), "1");
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    let (status, _, body) = problem(TestRequest::with_uri("/faulty")).await;
    assert_eq!((status, &body["type"]), (500, &"/problems/internal-error".into()));
    assert!(!body.to_string().contains("secret"));
}

#[tokio::test]
async fn what_the_framework_refuses_is_a_problem_too() {
    let (status, _, body) = problem(TestRequest::post().uri("/foreign").set_payload("x")).await;
    assert_eq!((status, &body["type"]), (400, &"/problems/malformed-json".into()));
}

#[tokio::test]
async fn an_answer_may_mean_its_status() {
    let (status, _, body) = answer(TestRequest::with_uri("/meant")).await;
    assert_eq!((status, body.as_str()), (503, "as it is"));
}
