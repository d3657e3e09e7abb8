//! Adds to the document what API keys may do, from the table that decides it.

use utoipa::openapi::{
    Components, OpenApi as Document,
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use super::common::{method_name, path_operations};
use crate::http::key_access::route_scopes;

/// The name of the security scheme. An operation lists it once for each scope of which one is enough.
const API_KEY: &str = "apiKey";

/// Describes the scheme, and adds it to every operation that a key may use and that needs a caller.
pub(super) fn add_key_security(document: &mut Document) {
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.bearer_format = Some("idem_…".to_owned());
    scheme.description = Some(
        "An API key of `POST /v1/api-keys`, with one of the scopes that the operation lists. Operations that do not list \
         it are for users."
            .to_owned(),
    );
    let components = document.components.get_or_insert_with(Components::new);
    components.security_schemes.insert(API_KEY.to_owned(), SecurityScheme::Http(scheme).into());
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in path_operations(item) {
            let Some(security) = &mut operation.security else { continue };
            let scopes = route_scopes(&format!("{} {path}", method_name(&method)));
            security.extend(scopes.iter().map(|it| SecurityRequirement::new(API_KEY, [it.as_str()])));
        }
    }
}
