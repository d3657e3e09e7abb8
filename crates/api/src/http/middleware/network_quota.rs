//! The quota of the network that a request comes from, which is counted before anything else.

use actix_web::HttpRequest;
use application::request_limits::Subject;

use crate::{
    http::{extract::ClientAddress, problem::Problem, request_limits::count_request},
    service::SharedService,
};

/// Routes that count for no network: gateways, probes and scrapers must always get through.
const EXEMPT: [&str; 4] = ["/v1/callbacks/{gateway}", "/healthz", "/readyz", "/metrics"];

/// Counts a request for the network that it comes from. This machine and the trusted proxies have no quota: what comes
/// from them is the operator's own, or the proxy has not said whose it is.
pub(super) fn count_network(request: &HttpRequest, route: &str) -> Result<(), Problem> {
    let Some(service) = request.app_data::<SharedService>() else { return Ok(()) };
    if EXEMPT.contains(&route) {
        return Ok(());
    }
    let client = ClientAddress::for_request(request);
    if client.0.is_loopback() || service.trusted_proxies.iter().any(|it| it.contains(&client.0)) {
        return Ok(());
    }
    count_request(request, service, Subject::Network(client.network()))
}
