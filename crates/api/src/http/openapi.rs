//! The contract as an OpenAPI 3.1 document, built from the descriptions of the handlers.
//!
//! A handler describes what is special about it. What it shares with others (it needs a token, reads a body,
//! takes an idempotency key, …) follows from its description, and `common` adds the problems that come with
//! it. `strict` then makes the finished document as strict as the decoders are.
//!
//! The document is committed as `docs/openapi.json`, so that a change of the contract is seen in a review.

mod common;
#[expect(clippy::indexing_slicing, reason = "a missing member of a JSON document reads as null")]
mod headers;
mod key_scopes;
mod limits;
#[expect(clippy::indexing_slicing, reason = "a missing member of a JSON document reads as null")]
mod links;
#[expect(clippy::indexing_slicing, reason = "a missing member of a JSON document reads as null")]
mod members;
#[expect(clippy::indexing_slicing, reason = "a missing member of a JSON document reads as null")]
mod names;
#[expect(clippy::indexing_slicing, reason = "a missing member of a JSON document reads as null")]
mod notices;
mod outgoing;
mod parameters;
#[expect(clippy::indexing_slicing, reason = "a missing member of a JSON document reads as null")]
mod problems;
mod strict;
#[expect(clippy::indexing_slicing, reason = "a missing member of a JSON document reads as null")]
mod vocabulary;
#[expect(clippy::indexing_slicing, reason = "a missing member of a JSON document reads as null")]
mod walk;

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::Value;
use utoipa::{
    OpenApi, ToSchema,
    openapi::{
        Components, Info, License, OpenApi as Document, Server,
        path::{Operation, ParameterIn},
        security::{Http, HttpAuthScheme, SecurityScheme},
        tag::Tag,
    },
};

use super::{Handlers, problem::ProblemView};

pub use parameters::{
    IdempotencyKeyHeader, IfAbsentHeader, IfMatchHeader, IfNoneMatchHeader, OptionalKeyHeader, PageParameters,
};

/// The name of the security scheme. An operation for operators declares `("bearer" = ["OPERATOR"])`.
pub const BEARER: &str = "bearer";

/// The prefix of routes whose body is read as raw bytes: of any type, and without a check for card data.
pub const RAW_BODIES: &str = "/v1/callbacks/";

/// The sections of the document in their order, with descriptions.
const TAGS: &[(&str, &str)] = &[
    ("Authentication", "Accounts, logins and sessions."),
    ("Catalogue", "Products, their prices and their stock."),
    ("Orders", "Placing and following orders."),
    ("Payments", "Paying, capturing, voiding and refunding."),
    ("Users", "The accounts of all users, for operators."),
    ("Webhooks", "Sending the events of the feed to other systems."),
    ("API keys", "The keys with which other systems call, for operators."),
    ("Callbacks", "Signed notices of payment gateways."),
    ("Events", "What happened, for other systems."),
    ("Findings", "Conditions that an operator must look at."),
    ("Operations", "Running and watching the service."),
];

const DESCRIPTION: &str = "\
Orders and payments, applied once: whatever is sent twice, at once, late or in the wrong order, happens once.

- A whole number is written without a point: `2`, not `2.0`.
- Money is a decimal string in major units with an ISO 4217 code: `\"amount\": \"19.98\", \"currency\": \"CNY\"`.
- Times are RFC 3339, UTC, with milliseconds. Ids are opaque.
- Every error is a problem (RFC 9457); its `type` is a page to read, see [/problems](/problems). Members and query
  parameters that are not known are refused.
- Every answer has an `X-Request-Id`, the client's own if it sent one.
- A request with a `traceparent` (W3C Trace Context) belongs to that trace, and any other begins one. The trace is in every
  line of the log, and its `traceparent` and `tracestate` are sent on to payment gateways. Headers that break the standard
  are ignored.
- Whatever moves goods or money needs an `Idempotency-Key`, and every other write under `/v1` honours one, but `login`,
  `refresh` and `logout`: send the same key again with every retry, and it is done once. The same request is the same
  path, however it is escaped, and the same JSON, however it is written; another one with the same key is 422
  `idempotency-key-reused`. Answers are replayed forever for orders, and for at least 24 h for the rest. An error
  that was answered before anything was done is not stored.
- An answer may get members, and a list of words a word, with any version: ignore what you do not know. A request has
  no members but those that are listed here.
- `HEAD` is answered wherever `GET` is. Any other method is 405 `method-not-allowed`, with `Allow`.";

/// Builds the whole document.
///
/// It is expensive; [`document_json`] builds it once.
#[must_use]
pub fn build_document() -> Value {
    // The passes work on JSON: the library's types hide what some of them change.
    let mut document = serde_json::to_value(describe_handlers()).unwrap_or_default();
    strict::tighten_document(&mut document);
    document
}

/// What the handlers say about themselves, with what operations of one kind have in common.
fn describe_handlers() -> Document {
    let mut document = Handlers::openapi();
    document.info = Info::new("Idem", env!("CARGO_PKG_VERSION"));
    document.info.description = Some(DESCRIPTION.to_owned());
    let mut license = License::new("Apache-2.0");
    // An address and no `identifier`, which generators for OpenAPI 3.0 refuse.
    license.url = Some("https://www.apache.org/licenses/LICENSE-2.0".to_owned());
    document.info.license = Some(license);
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(TAGS.iter().map(|(name, description)| build_tag(name, description)).collect());
    let components = document.components.get_or_insert_with(Components::new);
    let outgoing = outgoing::OutgoingMessages::openapi();
    components.schemas.extend(outgoing.components.map(|it| it.schemas).unwrap_or_default());
    document.webhooks = Some(outgoing.paths);
    // By hand, because no handler names it: the responses that refer to it are added only below.
    add_problem_schema(components);
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    bearer.description = Some("The `accessToken` of `POST /v1/auth/login`.".to_owned());
    components.security_schemes.insert(BEARER.to_owned(), SecurityScheme::Http(bearer).into());
    key_scopes::add_key_security(&mut document);
    common::add_common_problems(&mut document);
    document
}

/// The document as JSON text, built at the first call.
#[must_use]
pub fn document_json() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}", build_document()));
    &TEXT
}

/// The names of the files that `/docs/{file}` serves.
fn pages_of_documents() -> Vec<&'static str> {
    super::docs_files::file_names().collect()
}

/// The operations that have query parameters, as `GET /v1/orders`: those that check their query themselves.
#[must_use]
pub fn operations_with_query() -> BTreeSet<String> {
    operations_that(|it| common::has_parameter(it, &ParameterIn::Query, None))
}

/// The operations that have a body, as `POST /v1/orders`.
#[must_use]
pub fn operations_with_body() -> BTreeSet<String> {
    operations_that(|it| it.request_body.is_some())
}

fn operations_that(fits: impl Fn(&Operation) -> bool) -> BTreeSet<String> {
    // From the handlers' own descriptions, before anything is added: the table of routes cannot disagree with
    // them.
    let mut document = Handlers::openapi();
    let paths = document.paths.paths.iter_mut();
    let all = paths.flat_map(|(path, item)| {
        common::path_operations(item).into_iter().map(move |(method, it)| (method, path, it))
    });
    let fitting = all.filter(|(_, _, it)| fits(it));
    fitting.map(|(method, path, _)| format!("{} {path}", common::method_name(&method))).collect()
}

fn build_tag(name: &str, description: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(description.to_owned());
    tag
}

fn add_problem_schema(components: &mut Components) {
    let mut schemas =
        vec![(ProblemView::name().into_owned(), <ProblemView as utoipa::PartialSchema>::schema())];
    ProblemView::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

#[cfg(test)]
mod tests;
