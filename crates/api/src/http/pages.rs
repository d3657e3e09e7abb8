//! The public documents: the contract, the page to try it, and the pages about problems.

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{
    asset::Asset,
    docs_files::DOCS_FILES,
    openapi::{self as document, IfNoneMatchHeader},
    operations::accepts_media_type,
    problem::{self, HandlerResult, Kind, STYLE_DIGEST},
};
use crate::service::SharedService;

/// The file name of the documentation's page.
const DOCS_INDEX: &str = "index.html";

/// What the documentation's page may do: run the scripts of its own folder, and send requests to this
/// service. It creates styles and images while it runs.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
/// What a page about a problem may do: apply its own style, and nothing else.
static PROBLEM_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{STYLE_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// Get this contract as an OpenAPI document
#[utoipa::path(get, path = "/openapi.json", tag = "Operations", params(IfNoneMatchHeader), responses(
    (status = 200, description = "OpenAPI 3.1.", body = Object, headers(
        ("ETag" = String, description = "Identifies the content byte for byte.")
    )),
    (status = 304, description = "The content has not changed.")
))]
pub async fn openapi(service: SharedService, http: HttpRequest) -> HttpResponse {
    static DOCUMENT: LazyLock<Asset> =
        LazyLock::new(|| Asset::new("application/json", document::document_json().as_bytes()));
    DOCUMENT.respond_to(&http, &*service.digests).await
}

/// Get the API documentation page
#[utoipa::path(get, path = "/docs", tag = "Operations", params(IfNoneMatchHeader), responses(
    (status = 200, description = "The page; it needs no other server.", body = String, content_type = "text/html",
     headers(("ETag" = String, description = "Identifies the content byte for byte."))),
    (status = 304, description = "The content has not changed.")
))]
pub async fn docs(service: SharedService, http: HttpRequest) -> HandlerResult {
    respond_with_file(DOCS_INDEX, &service, &http).await
}

/// Get a file of the API documentation page
#[utoipa::path(get, path = "/docs/{file}", tag = "Operations",
    params(("file" = String, Path, description = "Name of the file.", example = "index.html"), IfNoneMatchHeader),
    responses(
        (status = 200, description = "The file.",
            content((String = "text/html"), (String = "text/css"), (String = "text/javascript"), (String = "image/png")),
            headers(("ETag" = String, description = "Identifies the content byte for byte."))),
        (status = 304, description = "The content has not changed.")
    )
)]
pub async fn docs_file(service: SharedService, http: HttpRequest, file: Path<String>) -> HandlerResult {
    respond_with_file(&file, &service, &http).await
}

async fn respond_with_file(name: &str, service: &SharedService, http: &HttpRequest) -> HandlerResult {
    // A fixed list and no lookup by the name that was sent: a path can only name a file that is meant to be
    // served.
    static FILES: LazyLock<BTreeMap<&str, Asset>> = LazyLock::new(|| {
        let asset = |kind, bytes| Asset::new(kind, Bytes::from_static(bytes)).with_policy(DOCS_POLICY);
        DOCS_FILES.into_iter().map(|(name, kind, bytes)| (name, asset(kind, bytes))).collect()
    });
    let file = FILES.get(name).ok_or(Kind::NotFound)?;
    Ok(file.respond_to(http, &*service.digests).await)
}

/// List all kinds of problems
#[utoipa::path(get, operation_id = "problems", path = "/problems", tag = "Operations", params(IfNoneMatchHeader), responses(
    (status = 200, description = "An HTML page; Markdown if `Accept` asks for it.",
     content((String = "text/html"), (String = "text/markdown")), headers(("ETag" = String, description = "Identifies the content byte for byte."))),
    (status = 304, description = "The content has not changed.")
))]
pub async fn problem_index(service: SharedService, http: HttpRequest) -> HttpResponse {
    static PAGE: LazyLock<NegotiatedPage> = LazyLock::new(|| {
        let line = |it: &Kind| {
            format!("| [`{0}`]({1}) | {2} | {3} |\n", it.slug(), it.type_uri(), it.status(), it.title())
        };
        let lines: String = Kind::ALL.iter().map(line).collect();
        let heading = "# Problems\n\n| type | status | title |\n| --- | --- | --- |\n";
        NegotiatedPage::new("Problems", format!("{heading}{lines}"))
    });
    PAGE.respond_to(&service, &http).await
}

/// Get the page about a kind of problem: what it means, and what to do about it
#[utoipa::path(get, operation_id = "problem", path = "/problems/{slug}", tag = "Operations",
    params(
        ("slug" = String, Path, description = "The last segment of a problem's `type`.", example = "not-found"),
        IfNoneMatchHeader
    ),
    responses(
        (status = 200, description = "An HTML page; Markdown if `Accept` asks for it.",
         content((String = "text/html"), (String = "text/markdown")), headers(("ETag" = String, description = "Identifies the content byte for byte."))),
        (status = 304, description = "The content has not changed.")
    )
)]
pub async fn problem_page(service: SharedService, http: HttpRequest, slug: Path<String>) -> HandlerResult {
    static PAGES: LazyLock<BTreeMap<&str, NegotiatedPage>> = LazyLock::new(|| {
        Kind::ALL.iter().map(|it| (it.slug(), NegotiatedPage::new(it.title(), it.page()))).collect()
    });
    let page = PAGES.get(slug.as_str()).ok_or(Kind::NotFound)?;
    Ok(page.respond_to(&service, &http).await)
}

/// A page in its two media types, selected by `Accept`.
struct NegotiatedPage {
    html: Asset,
    markdown: Asset,
}

impl NegotiatedPage {
    fn new(title: &str, markdown: impl Into<Bytes> + AsRef<str>) -> Self {
        let html = problem::render_html(title, markdown.as_ref());
        Self {
            html: Asset::new("text/html; charset=utf-8", html).with_policy(&PROBLEM_POLICY).vary_on_accept(),
            markdown: Asset::new("text/markdown; charset=utf-8", markdown).vary_on_accept(),
        }
    }

    async fn respond_to(&self, service: &SharedService, http: &HttpRequest) -> HttpResponse {
        let form = if accepts_media_type(http, "text/markdown") { &self.markdown } else { &self.html };
        form.respond_to(http, &*service.digests).await
    }
}
