//! Refuses query parameters on routes that have none.

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{HttpMessage, HttpRequest};

use super::{
    ROUTES, RouteName, body::QueryFaults, decode::QueryParameters, openapi, problem::Problem, route_of,
};

/// Whether a route's query is not checked: a gateway's notice counts whatever its address carries, and pages
/// and probes may be requested with any parameters.
fn is_lenient(route: &RouteName) -> bool {
    !route.path.starts_with("/v1/") || route.path.starts_with(openapi::RAW_BODIES)
}

/// What a route does with its query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueryUse {
    /// It reads its parameters, and refuses unknown ones together with its other faults.
    Read,
    /// It has none, and names those that are sent with the faults of its body.
    NamedWithBody,
    /// It has none, and is reached only without any.
    Refused,
    /// It ignores them.
    Ignored,
}

/// What the route of a request does with its query.
fn query_use(http: &HttpRequest) -> Result<QueryUse, Problem> {
    // Which routes have parameters and bodies is read from their descriptions, so a parameter that is documented is
    // never refused by a list that was forgotten. Built once: the document takes milliseconds, and it does
    // not change.
    static USES: LazyLock<BTreeMap<&str, QueryUse>> = LazyLock::new(|| {
        let (reads, bodies) = (openapi::operations_with_query(), openapi::operations_with_body());
        let of_route = |it: &'static RouteName| {
            let known = if is_lenient(it) {
                QueryUse::Ignored
            } else if reads.contains(it.name) {
                QueryUse::Read
            } else if bodies.contains(it.name) {
                QueryUse::NamedWithBody
            } else {
                QueryUse::Refused
            };
            (it.name, known)
        };
        ROUTES.iter().map(of_route).collect()
    });
    Ok(USES.get(route_of(http)?.name).copied().unwrap_or(QueryUse::Refused))
}

/// Refuses every parameter on a route that has neither any nor a body. On one with a body they are kept, to be named with
/// the faults of the body; card data is refused at once.
///
/// # Errors
/// `invalid-request`, `card-data-refused`.
pub(super) fn reject_parameters(http: &HttpRequest) -> Result<(), Problem> {
    // The cheap question first: nearly all requests have no query.
    if http.query_string().is_empty() {
        return Ok(());
    }
    match query_use(http)? {
        QueryUse::Read | QueryUse::Ignored => Ok(()),
        QueryUse::NamedWithBody => {
            let query = QueryParameters::new(http);
            query.refuse_card_data()?;
            http.extensions_mut().insert(QueryFaults(query.unknown_faults()));
            Ok(())
        }
        QueryUse::Refused => QueryParameters::new(http).finish(|| Some(())),
    }
}
