//! Routing by the beginning of a path.
//!
//! The HTTP library compares a path with one resource after another, most of them by a regular expression. With the
//! resources of one kind in a scope it compares with the beginnings first, and then with a few resources.

use actix_web::{
    Resource,
    web::{self, ServiceConfig},
};

/// The segments that resources of one kind begin with, as in `/v1/orders`.
const SEGMENTS: usize = 2;

/// The resources of all routes, by the beginning of their paths.
#[derive(Default)]
pub(super) struct Scopes(Vec<(&'static str, Vec<Resource>)>);

impl Scopes {
    /// Adds the resource of a path. `build` gets the part of the path within the scope.
    pub(super) fn add(&mut self, path: &'static str, build: impl FnOnce(&str) -> Resource) {
        let (prefix, tail) = split_path(path);
        let resource = build(tail);
        // One scope for each beginning: once a scope has matched, the library looks into no other one.
        match self.0.iter_mut().find(|(it, _)| *it == prefix) {
            Some((_, resources)) => resources.push(resource),
            None => self.0.push((prefix, vec![resource])),
        }
    }

    /// Registers all resources: those in scopes first, because a parameter of another one could stand for the beginning of
    /// a scope. Within a scope, and outside of all, they are tried in the order in which they were added.
    pub(super) fn register(self, config: &mut ServiceConfig) {
        let (outside, scopes): (Vec<_>, Vec<_>) =
            self.0.into_iter().partition(|(prefix, _)| prefix.is_empty());
        for (prefix, resources) in scopes {
            config.service(resources.into_iter().fold(web::scope(prefix), |it, one| it.service(one)));
        }
        for resource in outside.into_iter().flat_map(|(_, resources)| resources) {
            config.service(resource);
        }
    }
}

/// The beginning of a path and the rest. A path that is shorter, or has a parameter in its beginning, is in no scope.
fn split_path(path: &str) -> (&str, &str) {
    let end = path.match_indices('/').nth(SEGMENTS).map_or(path.len(), |(at, _)| at);
    let (prefix, tail) = path.split_at(end);
    let is_whole = prefix.matches('/').count() == SEGMENTS && !prefix.contains('{');
    if is_whole { (prefix, tail) } else { ("", path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_behind_its_second_segment() {
        assert_eq!(split_path("/v1/orders/{orderNumber}/history"), ("/v1/orders", "/{orderNumber}/history"));
        assert_eq!(split_path("/v1/orders"), ("/v1/orders", ""));
        assert_eq!(split_path("/console/assets/{file}"), ("/console/assets", "/{file}"));
        for path in ["/healthz", "/docs/{file}", "/console/{screen}/{id}", "/"] {
            assert_eq!(split_path(path), ("", path));
        }
    }
}
