//! Entity tags and conditional requests (RFC 9110, 8.8.3 and 13.1): a tag is the version in quotes, such as
//! `"3"`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentType, HeaderName},
};
use application::{Conditions, IfMatch, IfNoneMatch};
use domain::Version;
use serde::Serialize;

/// The strong entity tag of a version, in quotes.
#[must_use]
pub fn version_etag(version: Version) -> String {
    format!("\"{}\"", version.get())
}

/// Which versions a write is meant for. A weak tag, or one that this service never sends, matches no version.
#[must_use]
pub fn if_match(request: &HttpRequest) -> IfMatch {
    let tags = header_tags(request, header::IF_MATCH);
    match tags.as_slice() {
        [] => IfMatch::Absent,
        ["*"] => IfMatch::Any,
        // Unreadable tags leave a list that may be empty and matches nothing: 412. Treating them as absent
        // would turn a guarded write into an unguarded one.
        tags => IfMatch::OneOf(tags.iter().filter_map(|it| parse_version(it)).collect()),
    }
}

/// Which versions a request excludes: those that the client has, or any. Weak tags count like strong ones
/// here.
#[must_use]
pub fn if_none_match(request: &HttpRequest) -> IfNoneMatch {
    let tags = header_tags(request, header::IF_NONE_MATCH);
    match tags.as_slice() {
        [] => IfNoneMatch::Absent,
        tags if tags.contains(&"*") => IfNoneMatch::Any,
        tags => IfNoneMatch::OneOf(tags.iter().filter_map(|it| parse_version(strip_weak(it))).collect()),
    }
}

/// The conditions of a write, from `If-Match` and `If-None-Match`.
#[must_use]
pub fn write_conditions(request: &HttpRequest) -> Conditions {
    Conditions { if_match: if_match(request), if_none_match: if_none_match(request) }
}

/// The answer for a resource with versions: 304 when the client has this version, otherwise 200 with the tag.
pub fn conditional_response(request: &HttpRequest, version: Version, view: &impl Serialize) -> HttpResponse {
    if if_none_match(request).allows_version(Some(version)) {
        return full_response(version, view);
    }
    HttpResponse::NotModified().insert_header((header::ETAG, version_etag(version))).finish()
}

/// The same for a view that is serialised already.
pub fn conditional_json(request: &HttpRequest, version: Version, body: Vec<u8>) -> HttpResponse {
    let etag = (header::ETAG, version_etag(version));
    if if_none_match(request).allows_version(Some(version)) {
        HttpResponse::Ok().insert_header(etag).content_type(ContentType::json()).body(body)
    } else {
        HttpResponse::NotModified().insert_header(etag).finish()
    }
}

/// Always 200 with the tag: for a resource whose content may differ within one version.
pub fn full_response(version: Version, view: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, version_etag(version))).json(view)
}

/// Whether `If-None-Match` names this tag, or is `*`.
pub(super) fn client_has_etag(request: &HttpRequest, etag: &str) -> bool {
    header_tags(request, header::IF_NONE_MATCH).iter().any(|it| *it == "*" || strip_weak(it) == etag)
}

/// The tags of a header that may be repeated. A foreign tag with a comma in it is split into parts that match
/// nothing; ours have no commas.
fn header_tags(request: &HttpRequest, name: HeaderName) -> Vec<&str> {
    let values = request.headers().get_all(name);
    values.flat_map(|it| it.to_str().unwrap_or("?").split(',')).map(str::trim).collect()
}

/// The tag without its weakness mark, for the weak comparison (RFC 9110, 8.8.3.2).
fn strip_weak(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The version that a tag names.
fn parse_version(tag: &str) -> Option<Version> {
    let number = tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
    // `"03"` and `"+3"` parse as 3, but were never sent: only the exact spelling is one of our tags.
    Some(Version::new(number)).filter(|it| version_etag(*it) == tag)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn asked(name: HeaderName, values: &[&str]) -> HttpRequest {
        values
            .iter()
            .fold(TestRequest::get(), |it, value| it.append_header((name.clone(), *value)))
            .to_http_request()
    }

    fn condition(values: &[&str]) -> IfMatch {
        if_match(&asked(header::IF_MATCH, values))
    }

    #[test]
    fn a_write_names_the_versions_it_is_meant_for() {
        assert_eq!(condition(&[]), IfMatch::Absent);
        assert_eq!(condition(&["*"]), IfMatch::Any);
        assert_eq!(condition(&["\"3\""]), IfMatch::OneOf(vec![Version::new(3)]));
        assert_eq!(
            condition(&["\"3\", \"x\"", "\"5\""]),
            IfMatch::OneOf(vec![Version::new(3), Version::new(5)])
        );
    }

    #[test]
    fn a_weak_or_foreign_tag_fits_nothing() {
        for tag in ["W/\"3\"", "3", "\"03\"", "\"+3\"", "\"three\"", ""] {
            assert_eq!(condition(&[tag]), IfMatch::OneOf(vec![]), "{tag}");
        }
    }

    #[test]
    fn a_write_names_the_versions_that_it_must_not_meet() {
        let condition = |values: &[&str]| if_none_match(&asked(header::IF_NONE_MATCH, values));
        assert_eq!(condition(&[]), IfNoneMatch::Absent);
        assert_eq!(condition(&["*"]), IfNoneMatch::Any);
        let versions = vec![Version::new(3), Version::new(5)];
        assert_eq!(condition(&["\"3\", W/\"5\"", "\"x\""]), IfNoneMatch::OneOf(versions));
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let status = |values: &[&str]| {
            conditional_response(&asked(header::IF_NONE_MATCH, values), Version::new(3), &"view").status()
        };
        for known in ["\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"] {
            assert_eq!(status(&[known]), 304, "{known}");
        }
        assert_eq!(status(&["\"2\""]), 200);
        assert_eq!(status(&[]), 200);
    }

    #[test]
    fn the_tag_goes_with_either_answer() {
        for asked in [asked(header::IF_NONE_MATCH, &["\"3\""]), asked(header::IF_NONE_MATCH, &[])] {
            let response = conditional_response(&asked, Version::new(3), &"view");
            assert_eq!(response.headers().get(header::ETAG).unwrap(), "\"3\"");
        }
    }
}
