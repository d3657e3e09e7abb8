//! How much work the head of a request is before it is known who sent it.

use actix_web::test::TestRequest;
use port_contracts::work::assert_linear_work;
use serde_json::Value;

use super::{
    conditional::{if_match, if_none_match},
    decode::QueryParameters,
    extract::RequestId,
    operations::accepts_media_type,
    problem::{Problem, ProblemView},
};

/// Longest line of a head that the framework reads, in bytes; a path and its query have less than 64 KiB.
const LINE_BYTES_MAX: usize = 64 * 1024 - 1024;

fn asked(query: &str) -> Result<(), Problem> {
    let request = TestRequest::with_uri(&format!("/v1/orders?{query}")).to_http_request();
    let mut it = QueryParameters::new(&request);
    let (after, limit) = (it.read_time("createdAfter"), it.read_limit());
    it.finish(|| after.zip(limit).map(|_| ()))
}

fn refusal(query: &str) -> String {
    serde_json::to_string(&ProblemView::from(&asked(query).unwrap_err())).unwrap()
}

fn filled(part: &str, bytes: usize) -> String {
    part.repeat(bytes / part.len())
}

#[test]
fn the_work_grows_with_the_query_and_not_faster() {
    for part in [
        "a&b&",
        "x=4242424242424242&",
        "4242424242424242=1&",
        "limit=1&",
        "a",
        "%34",
        "limit=4-4-&",
        "createdAfter=1&",
    ] {
        let query = |bytes| filled(part, bytes);
        assert_linear_work(part, LINE_BYTES_MAX, query, |it: &String| refusal(it));
        let refusal = refusal(&query(LINE_BYTES_MAX));
        assert!(refusal.len() < 32 * 1024, "{part}: {}", refusal.len());
    }
    let many: Value = serde_json::from_str(&refusal(&filled("a&b&", 4 * 100))).unwrap();
    assert_eq!(many["detail"], "The request has 200 faults: 100 are listed, and there are 100 more.");
    let cards: Value = serde_json::from_str(&refusal("a=4242424242424242&b=4242424242424242")).unwrap();
    assert_eq!(cards["errors"].as_array().unwrap().len(), 2, "all of them at once");
}

#[test]
fn the_work_grows_with_a_header_and_not_faster() {
    for part in [",", "\"1\",", "*,", "W/\"1\", ", "text/markdown;q=0,", "4-4-", "x"] {
        for name in ["if-match", "if-none-match", "accept", RequestId::HEADER] {
            let request = |bytes: usize| {
                TestRequest::get().insert_header((name, filled(part, bytes))).to_http_request()
            };
            assert_linear_work(name, LINE_BYTES_MAX, request, |it| {
                (
                    if_match(it),
                    if_none_match(it),
                    accepts_media_type(it, "text/markdown"),
                    RequestId::from_headers(it.headers()),
                )
            });
        }
    }
}
