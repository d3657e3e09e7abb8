//! The HTTP interface: one table of routes, and the steps that every request takes.
//!
//! ```text
//! RequestMiddleware   id, deadline, one log line, counters, headers; every error becomes a problem
//!   -> route          404 for an unknown path, 405 with `Allow` for another method
//!   -> extractors     401 and 403: who the caller is, before anything else is looked at
//!   -> query check    422 for a parameter that the route does not have
//!   -> handler        reads the body, the idempotency key and the fields, and calls the application
//!   -> reply, view    the answer as JSON; for a write, the bytes that are stored under its key
//! ```
//!
//! A handler decides nothing: it translates a request into the input of one use case, and the outcome into a
//! status and a body. It runs a write through [`Service::write`](crate::service::Service::write), so that the
//! write reaches its end also when the client has gone or the deadline has passed.
//!
//! The promise: a request that is refused has changed nothing, and each refusal has a kind in
//! [`problem::Kind`].

pub mod api_keys;
mod asset;
pub mod attempts;
pub mod auth;
pub mod body;
pub mod callbacks;
pub mod catalogue;
mod compression;
pub mod conditional;
pub mod console;
pub mod cors;
pub mod decode;
mod docs_files;
pub mod email_verification;
pub mod events;
pub mod extract;
pub mod findings;
pub mod idempotency;
mod key_access;
pub mod middleware;
pub mod notices;
pub mod openapi;
pub mod operations;
pub mod order_details;
pub mod order_edit;
pub mod order_export;
pub mod order_list;
pub mod orders;
pub mod overview;
pub mod own_account;
pub mod pages;
pub mod password_reset;
pub mod payment_lists;
pub mod payment_requests;
pub mod payments;
pub mod problem;
mod query;
mod redirects;
pub mod refund_requests;
pub mod reply;
pub mod request_limits;
mod scopes;
pub mod second_factor;
pub mod stock;
pub mod users;
pub mod view;
pub mod webhook_deliveries;
pub mod webhooks;

use actix_web::{
    FromRequest, Handler, HttpMessage, HttpRequest, Resource, Responder, Route, guard,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    web::{self, ServiceConfig},
};
use utoipa::OpenApi;

use problem::{HandlerResult, Kind, Problem};
use scopes::Scopes;

/// One row of the route table: a method of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteName {
    /// The HTTP method in upper case, such as `GET`; `HEAD` has no row.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Method and path, as `GET /v1/orders`: the scope of idempotency keys, so it must never change.
    pub name: &'static str,
}

/// Makes one text the source of the routing, of the documentation, of the names that idempotency keys are
/// scoped by, and of what a cache may store: nothing, unless the path is `public`.
// A macro and no table of values: every handler has a type that differs from the others', and utoipa reads
// the paths as tokens. Written in four places, a new route would be served but not documented, or the other
// way round.
macro_rules! routes {
    (@path public $path:literal) => { $path };
    ($($path:literal $($public:ident)? { $($method:ident $module:ident::$handler:ident),+ $(,)? })+) => {
        /// Every route, in the order of the documentation.
        pub const ROUTES: &[RouteName] = &[$($(RouteName {
            method: stringify!($method),
            path: $path,
            name: concat!(stringify!($method), " ", $path),
        },)+)+];

        /// The paths whose answers do not depend on the caller, so that a shared cache may store them.
        const PUBLIC: &[&str] = &[$($(routes!(@path $public $path),)?)+];

        fn register_routes(config: &mut ServiceConfig) {
            let mut scopes = Scopes::default();
            $(scopes.add($path, |tail| {
                method_resource(tail, vec![$((Method::$method, with_query_check($module::$handler))),+])
            });)+
            scopes.register(config);
        }

        /// Collects the descriptions of all handlers for the OpenAPI document.
        #[derive(OpenApi)]
        #[openapi(paths($($($module::$handler),+),+))]
        struct Handlers;
    };
}

#[rustfmt::skip]
routes! {
    "/v1/auth/register"    { POST auth::register }
    "/v1/auth/login"       { POST auth::login }
    "/v1/auth/refresh"     { POST auth::refresh }
    "/v1/auth/logout"      { POST auth::logout }
    "/v1/auth/password-reset"         { POST password_reset::request_reset }
    "/v1/auth/password-reset/confirm" { POST password_reset::confirm_reset }
    "/v1/auth/email-verification"         { POST email_verification::request_verification }
    "/v1/auth/email-verification/confirm" { POST email_verification::confirm_verification }
    "/v1/me"               { GET auth::current_user, DELETE own_account::erase_account }
    "/v1/me/email"         { PUT own_account::change_email }
    "/v1/me/password"      { PUT auth::change_password }
    "/v1/me/second-factor"         { POST second_factor::enrol, DELETE second_factor::disable }
    "/v1/me/second-factor/confirm" { POST second_factor::confirm }
    "/v1/me/sessions"      { GET auth::list_sessions, DELETE own_account::end_other_sessions }
    "/v1/me/sessions/{id}" { DELETE auth::end_session }

    "/v1/products"                               { GET catalogue::list_products }
    "/v1/products/{productId}"                   { GET catalogue::get_product, PUT catalogue::put_product, PATCH catalogue::patch_product }
    "/v1/products/{productId}/stock-adjustments" { GET stock::list_adjustments, POST stock::adjust_stock }
    "/v1/products/{productId}/changes"           { GET stock::list_product_changes }

    "/v1/orders"                           { GET order_list::list_orders, POST orders::place_order }
    "/v1/orders/export"                    { GET order_export::export_orders }
    "/v1/orders/{orderNumber}"             { GET orders::get_order, PATCH order_edit::patch_order }
    "/v1/orders/{orderNumber}/history"     { GET orders::get_history }
    "/v1/orders/{orderNumber}/transitions" { POST orders::transition_order }

    "/v1/orders/{orderNumber}/payments"     { GET payments::list_payments, POST payments::start_payment }
    "/v1/payments/{transactionId}"          { GET payments::get_payment }
    "/v1/payments/{transactionId}/attempts" { GET attempts::list_attempts }
    "/v1/payments/{transactionId}/notices"  { GET notices::list_notices }
    "/v1/payments/{transactionId}/captures" { POST payments::capture_payment }
    "/v1/payments/{transactionId}/voids"    { POST payments::void_payment }
    "/v1/payments/{transactionId}/refunds"  { GET payments::list_refunds, POST payments::refund_payment }

    "/v1/payments" { GET payment_lists::list_all_payments }
    "/v1/refunds"  { GET payment_lists::list_all_refunds }

    "/v1/users"               { GET users::list_users }
    "/v1/users/{id}"          { GET users::get_user, PATCH users::patch_user }
    "/v1/users/{id}/sessions" { GET users::list_user_sessions, DELETE users::end_user_sessions }

    "/v1/api-keys"      { GET api_keys::list_api_keys, POST api_keys::create_api_key }
    "/v1/api-keys/{id}" { GET api_keys::get_api_key, DELETE api_keys::revoke_api_key }

    "/v1/callbacks/{gateway}" { POST callbacks::receive_callback }

    "/v1/events" { GET events::list_events }

    "/v1/operations/overview"                 { GET overview::get_overview }
    "/v1/operations/findings"                 { GET findings::list_findings }
    "/v1/operations/findings/{id}/resolution" { POST findings::resolve_finding }

    "/v1/webhook-endpoints"                                          { GET webhooks::list_endpoints, POST webhooks::create_endpoint }
    "/v1/webhook-endpoints/{id}"                                     { GET webhooks::get_endpoint, PATCH webhooks::patch_endpoint, DELETE webhooks::delete_endpoint }
    "/v1/webhook-endpoints/{id}/secret-rotation"                     { POST webhooks::rotate_secret }
    "/v1/webhook-endpoints/{id}/test"                                { POST webhook_deliveries::send_test }
    "/v1/webhook-endpoints/{id}/deliveries"                          { GET webhook_deliveries::list_deliveries }
    "/v1/webhook-endpoints/{id}/deliveries/{deliveryId}/redelivery"  { POST webhook_deliveries::redeliver }

    "/healthz"         { GET operations::healthz }
    "/readyz"          { GET operations::readyz }
    "/metrics"         { GET operations::metrics }
    "/openapi.json"    public { GET pages::openapi }
    "/console"               public { GET console::console }
    "/console/assets/{file}" public { GET console::console_asset }
    "/console/{screen}"      public { GET console::console_screen }
    "/console/{screen}/{id}" public { GET console::console_detail }
    "/docs"            public { GET pages::docs }
    "/docs/{file}"     public { GET pages::docs_file }
    "/problems"        public { GET pages::problem_index }
    "/problems/{slug}" public { GET pages::problem_page }
}

/// Registers every route; any other path is answered with `not-found`.
pub fn configure(config: &mut ServiceConfig) {
    register_routes(config);
    console::configure(config);
    config.default_service(web::to(redirects::unknown_path));
}

/// Wraps a handler so that it is reached only when the query has no parameter that the route does not know.
/// The caller is authenticated before, because the handler's arguments are extracted first.
fn with_query_check<F, Args>(handler: F) -> Route
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    web::to(move |http: HttpRequest, arguments: Args| {
        let handler = handler.clone();
        async move {
            // Before the handler, which may read a body and write: a refused request must have done nothing.
            // The extractors have run already, so 401 and 403 go first.
            query::reject_parameters(&http)?;
            Ok::<_, Problem>(handler.call(arguments).await)
        }
    })
}

/// A path with its methods. `HEAD` is answered wherever `GET` is; any other method gets 405 with the methods
/// in `Allow`.
fn method_resource(path: &str, routes: Vec<(Method, Route)>) -> Resource {
    let mut allowed = Vec::new();
    let mut resource = web::resource(path);
    for (method, route) in routes {
        allowed.push(method.to_string());
        let route = if method == Method::GET {
            // The same handler: the HTTP library sends its headers, `Content-Length` included, and leaves the
            // body out.
            allowed.push(Method::HEAD.to_string());
            route.guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            route.guard(guard::Method(method))
        };
        resource = resource.route(route);
    }
    // The library's own 405 does not say `Allow`, which RFC 9110, 15.5.6, requires.
    let allowed = allowed.join(", ");
    resource.default_service(web::to(move || std::future::ready(wrong_method(&allowed))))
}

fn wrong_method(allowed: &str) -> HandlerResult {
    let allowed = HeaderValue::from_str(allowed).map_err(|_| Kind::InternalError)?;
    Err(Problem::new(Kind::MethodNotAllowed).with_header(header::ALLOW, allowed))
}

/// The pattern of the route that a request was led to, in the extensions of the request.
#[derive(Clone, Copy)]
struct MatchedPattern(&'static str);

/// The pattern of the route that matches a request, as the table spells it; `None` for a path without a route. Before the
/// request is led to its route, the path counts as it is written, which may be escaped in another way.
// The pattern and never the path: a client may write a token or a card number into a path, and `/%64ocs` leads to the
// same route as `/docs`.
fn find_pattern(request: &HttpRequest) -> Option<&'static str> {
    let pattern = request.match_pattern()?;
    ROUTES.iter().map(|it| it.path).chain([console::START_PATH]).find(|it| **it == pattern)
}

/// The same for a request that was led to its route. It is found once.
fn matched_pattern(request: &HttpRequest) -> Option<&'static str> {
    // Not in the condition: the extensions are borrowed until its end.
    let known = request.extensions().get::<MatchedPattern>().copied();
    if let Some(MatchedPattern(pattern)) = known {
        return Some(pattern);
    }
    let pattern = find_pattern(request)?;
    request.extensions_mut().insert(MatchedPattern(pattern));
    Some(pattern)
}

/// Whether a cache may store the answer of the route that matched a request.
fn is_public(request: &HttpRequest) -> bool {
    matched_pattern(request).is_some_and(|it| PUBLIC.contains(&it))
}

/// The row of the table for the route that matched a request.
fn route_of(request: &HttpRequest) -> Result<RouteName, Problem> {
    let path = matched_pattern(request);
    // `HEAD` counts as the `GET` it is answered by. A route without a row cannot happen: both come from one
    // macro.
    let method = if *request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let found = ROUTES.iter().find(|it| Some(it.path) == path && it.method == method.as_str());
    found.copied().ok_or_else(|| Kind::InternalError.into())
}

#[cfg(test)]
mod work_tests;
