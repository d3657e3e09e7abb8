//! The operators' console: a page that runs in the browser and uses the public API. Its sources are in
//! `crates/console`; the files that are built from them are part of the program.

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{self, Bytes, Path, ServiceConfig},
};
use domain::id::ID_BYTES_MAX;

use super::{
    asset::Asset,
    method_resource,
    openapi::IfNoneMatchHeader,
    problem::{HandlerResult, Kind},
};
use crate::service::SharedService;

/// The page, which every screen of the console is.
const INDEX: &str = "index.html";
/// The address of the page.
const INDEX_PATH: &str = "/console";
/// What the page may do: run its own script, apply its own style, and send requests to this service. No
/// script or style that stands in a page or in an attribute is run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Name, media type and content of a built file.
macro_rules! embed_file {
    ($name:literal, $media_type:literal) => {
        ($name, $media_type, include_bytes!(concat!("../../../console/dist/", $name)))
    };
}

/// The page and the files that it loads.
const FILES: [(&str, &str, &[u8]); 4] = [
    embed_file!("index.html", "text/html; charset=utf-8"),
    embed_file!("assets/console.js", "text/javascript; charset=utf-8"),
    embed_file!("assets/console.css", "text/css; charset=utf-8"),
    embed_file!("assets/icon.svg", "image/svg+xml"),
];

/// The address that only leads to a page.
pub(super) const START_PATH: &str = "/";

/// Registers what the table of routes does not have: the address that only leads to a page.
pub(super) fn configure(config: &mut ServiceConfig) {
    // Not forever: browsers keep a permanent redirect, and where `/` leads may change.
    let start =
        async || HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, INDEX_PATH)).finish();
    config.service(method_resource(START_PATH, vec![(Method::GET, web::to(start))]));
}

/// Get the operators' console: a page that uses this API
#[utoipa::path(get, path = "/console", tag = "Operations", params(IfNoneMatchHeader), responses(
    (status = 200, description = "The page; it needs no other server.", body = String, content_type = "text/html",
     headers(("ETag" = String, description = "Identifies the content byte for byte."))),
    (status = 304, description = "The content has not changed.")
))]
pub async fn console(service: SharedService, http: HttpRequest) -> HandlerResult {
    respond_with_file(INDEX, &service, &http).await
}

/// Get a file of the console
#[utoipa::path(get, path = "/console/assets/{file}", tag = "Operations",
    params(("file" = String, Path, description = "Name of the file.", example = "console.js"), IfNoneMatchHeader),
    responses(
        (status = 200, description = "The file.", content(
            (String = "text/javascript"),
            (String = "text/css"),
            (String = "image/svg+xml")
        ), headers(
            ("ETag" = String, description = "Identifies the content byte for byte.")
        )),
        (status = 304, description = "The content has not changed.")
    )
)]
pub async fn console_asset(service: SharedService, http: HttpRequest, file: Path<String>) -> HandlerResult {
    respond_with_file(&format!("assets/{file}"), &service, &http).await
}

/// Get the console at one of its screens
#[utoipa::path(get, path = "/console/{screen}", tag = "Operations",
    params(("screen" = String, Path, description = "Name of the screen.", example = "orders"), IfNoneMatchHeader),
    responses(
        (status = 200, description = "The page, which knows its screens.", body = String, content_type = "text/html",
         headers(("ETag" = String, description = "Identifies the content byte for byte."))),
        (status = 304, description = "The content has not changed."),
        (status = 404, description = "No screen has such a name.")
    )
)]
pub async fn console_screen(
    service: SharedService,
    http: HttpRequest,
    screen: Path<String>,
) -> HandlerResult {
    check_names(&[&screen])?;
    respond_with_file(INDEX, &service, &http).await
}

/// Get the console at the screen of one order, product or person
#[utoipa::path(get, path = "/console/{screen}/{id}", tag = "Operations",
    params(
        ("screen" = String, Path, description = "Name of the screen.", example = "orders"),
        ("id" = String, Path, description = "What the screen shows.", example = "tea"),
        IfNoneMatchHeader
    ),
    responses(
        (status = 200, description = "The page, which asks for it.", body = String, content_type = "text/html",
         headers(("ETag" = String, description = "Identifies the content byte for byte."))),
        (status = 304, description = "The content has not changed."),
        (status = 404, description = "Nothing has such a name or id.")
    )
)]
pub async fn console_detail(
    service: SharedService,
    http: HttpRequest,
    names: Path<(String, String)>,
) -> HandlerResult {
    check_names(&[&names.0, &names.1])?;
    respond_with_file(INDEX, &service, &http).await
}

/// Refuses what cannot be a name or an id: the page knows its screens, but no screen or id is that long.
fn check_names(names: &[&str]) -> Result<(), Kind> {
    let is_name =
        |it: &&str| (1..=ID_BYTES_MAX).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_graphic());
    if names.iter().all(is_name) { Ok(()) } else { Err(Kind::NotFound) }
}

async fn respond_with_file(name: &str, service: &SharedService, http: &HttpRequest) -> HandlerResult {
    // A fixed list and no lookup in a folder: a path can only name a file that is meant to be served.
    static ASSETS: LazyLock<BTreeMap<&str, Asset>> = LazyLock::new(|| {
        let asset = |kind, bytes| Asset::new(kind, Bytes::from_static(bytes)).with_policy(POLICY);
        FILES.into_iter().map(|(name, kind, bytes)| (name, asset(kind, bytes))).collect()
    });
    let file = ASSETS.get(name).ok_or(Kind::NotFound)?;
    Ok(file.respond_to(http, &*service.digests).await)
}
