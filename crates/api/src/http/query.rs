//! Refuses query parameters on routes that have none.

use std::{collections::BTreeSet, sync::LazyLock};

use actix_web::HttpRequest;

use super::{ROUTES, RouteName, decode::QueryParameters, openapi, problem::Problem, route_of};

/// Whether a route's query is not checked: a gateway's notice counts whatever its address carries, and pages
/// and probes may be requested with any parameters.
fn is_lenient(route: &RouteName) -> bool {
    !route.path.starts_with("/v1/") || route.path.starts_with(openapi::RAW_BODIES)
}

/// Refuses every parameter on a route that has none. A route that has some reads them itself, and refuses
/// unknown ones together with its other faults.
///
/// # Errors
/// `invalid-request`, `card-data-refused`.
pub(super) fn reject_parameters(http: &HttpRequest) -> Result<(), Problem> {
    // Which routes have parameters is read from their descriptions, so a parameter that is documented is
    // never refused by a list that was forgotten. Built once: the document takes milliseconds, and it does
    // not change.
    static WITHOUT: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let reads = openapi::operations_with_query();
        let without = ROUTES.iter().filter(|it| !is_lenient(it) && !reads.contains(it.name));
        without.map(|it| it.name).collect()
    });
    // The cheap question first: nearly all requests have no query.
    if http.query_string().is_empty() || !WITHOUT.contains(route_of(http)?.name) {
        return Ok(());
    }
    QueryParameters::new(http).finish(|| Some(()))
}
