//! Paths that are unknown but for a slash at their end.

use actix_web::{HttpRequest, HttpResponse, http::header};

use super::problem::{HandlerResult, Kind};

/// Answers a path that no route has: with a slash too many it leads to the path without, for every method; otherwise 404.
pub(super) async fn unknown_path(http: HttpRequest) -> HandlerResult {
    match path_without_slash(&http) {
        // 308: the client repeats the same method and body there.
        Some(path) => Ok(HttpResponse::PermanentRedirect().insert_header((header::LOCATION, path)).finish()),
        None => Err(Kind::NotFound.into()),
    }
}

/// The path without the slashes at its end, and the query, if there is such a route.
fn path_without_slash(http: &HttpRequest) -> Option<String> {
    let path = http.path().strip_suffix('/')?.trim_end_matches('/');
    // A path with two slashes at its beginning would be read as the name of another server.
    let is_local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if !is_local || !http.resource_map().has_resource(path) {
        return None;
    }
    let query = http.query_string();
    Some(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
}
