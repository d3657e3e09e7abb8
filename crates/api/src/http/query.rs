//! Refusing parameters that a request does not have.

use std::{collections::BTreeSet, sync::LazyLock};

use actix_web::HttpRequest;

use super::{ROUTES, RouteName, decode::QueryParameters, openapi, problem::Problem, route_of};

/// Routes whose query is not looked at: a gateway's notice counts whatever its address says, and pages and probes may be
/// asked for with anything.
fn is_lenient(route: &RouteName) -> bool {
    !route.path.starts_with("/v1/") || route.path.starts_with(openapi::RAW_BODIES)
}

/// Refuses every parameter on a route that has none. One that has some reads them itself, and refuses the others with
/// what is wrong with those.
///
/// # Errors
/// `invalid-request`, `card-data-refused`.
pub(super) fn reject_parameters(http: &HttpRequest) -> Result<(), Problem> {
    static WITHOUT: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let reads = openapi::operations_with_query();
        let without = ROUTES.iter().filter(|it| !is_lenient(it) && !reads.contains(it.name));
        without.map(|it| it.name).collect()
    });
    if http.query_string().is_empty() || !WITHOUT.contains(route_of(http)?.name) {
        return Ok(());
    }
    QueryParameters::new(http).finish(|| Some(()))
}
