//! What there is to read: the contract, the page to try it, and the pages about problems.

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{
    asset::Asset,
    openapi::{self as document, IfNoneMatchHeader},
    operations::accepts,
    problem::{self, Answer, Kind, STYLE_DIGEST},
};
use crate::service::Shared;

/// The page of the documentation.
const DOCS_INDEX: &str = "index.html";

/// One of the files below, with its media type.
macro_rules! embed_file {
    ($name:literal, $media_type:literal) => {
        ($name, $media_type, include_bytes!(concat!("../../assets/swagger-ui/", $name)))
    };
}

/// The page itself, and what it loads: name, media type and content. They are part of the program, so that the page needs no
/// other server.
const DOCS_FILES: [(&str, &str, &[u8]); 7] = [
    embed_file!("index.html", "text/html"),
    embed_file!("index.css", "text/css"),
    embed_file!("swagger-ui.css", "text/css"),
    embed_file!("swagger-ui-bundle.js", "text/javascript"),
    embed_file!("swagger-initializer.js", "text/javascript"),
    embed_file!("favicon-16x16.png", "image/png"),
    embed_file!("favicon-32x32.png", "image/png"),
];
/// What the documentation may do: run the scripts that stand beside it, and ask this service. It makes styles and images
/// while it runs.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
/// What a page about a problem may do: look as it does.
static PROBLEM_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{STYLE_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// This contract
#[utoipa::path(get, path = "/openapi.json", tag = "Operations", params(IfNoneMatchHeader), responses(
    (status = 200, description = "OpenAPI 3.1.", body = Object, headers(
        ("ETag" = String, description = "Its bytes.")
    )),
    (status = 304, description = "It still has those bytes.")
))]
pub async fn openapi(service: Shared, http: HttpRequest) -> HttpResponse {
    static DOCUMENT: LazyLock<Asset> =
        LazyLock::new(|| Asset::new("application/json", document::text().as_bytes()));
    DOCUMENT.answer(&http, &*service.digests).await
}

/// The contract as a page to read and try
#[utoipa::path(get, path = "/docs", tag = "Operations", params(IfNoneMatchHeader), responses(
    (status = 200, description = "The page; it needs no other server.", body = String, content_type = "text/html",
     headers(("ETag" = String, description = "Its bytes."))),
    (status = 304, description = "It still has those bytes.")
))]
pub async fn docs(service: Shared, http: HttpRequest) -> Answer {
    answer_file(DOCS_INDEX, &service, &http).await
}

/// A file of that page
#[utoipa::path(get, path = "/docs/{file}", tag = "Operations",
    params(("file" = String, Path, description = "Its name.", example = "index.html"), IfNoneMatchHeader),
    responses(
        (status = 200, description = "The file.", body = String, content_type = "text/html", headers(
            ("ETag" = String, description = "Its bytes.")
        )),
        (status = 304, description = "It still has those bytes.")
    )
)]
pub async fn docs_file(service: Shared, http: HttpRequest, file: Path<String>) -> Answer {
    answer_file(&file, &service, &http).await
}

async fn answer_file(name: &str, service: &Shared, http: &HttpRequest) -> Answer {
    static FILES: LazyLock<BTreeMap<&str, Asset>> = LazyLock::new(|| {
        let asset = |kind, bytes| Asset::new(kind, Bytes::from_static(bytes)).policy(DOCS_POLICY);
        DOCS_FILES.into_iter().map(|(name, kind, bytes)| (name, asset(kind, bytes))).collect()
    });
    let file = FILES.get(name).ok_or(Kind::NotFound)?;
    Ok(file.answer(http, &*service.digests).await)
}

/// All kinds of problems
#[utoipa::path(get, path = "/problems", tag = "Operations", params(IfNoneMatchHeader), responses(
    (status = 200, description = "A page to read; as Markdown if that is asked for.", body = String,
     content_type = "text/html", headers(("ETag" = String, description = "Its bytes."))),
    (status = 304, description = "It still has those bytes.")
))]
pub async fn problems(service: Shared, http: HttpRequest) -> HttpResponse {
    static PAGE: LazyLock<Page> = LazyLock::new(|| {
        let line = |it: &Kind| {
            format!("| [`{0}`]({1}) | {2} | {3} |\n", it.slug(), it.uri(), it.status(), it.title())
        };
        let lines: String = Kind::ALL.iter().map(line).collect();
        let heading = "# Problems\n\n| type | status | title |\n| --- | --- | --- |\n";
        Page::of("Problems", format!("{heading}{lines}"))
    });
    PAGE.answer(&service, &http).await
}

/// What a kind of problem means, and what to do about it
#[utoipa::path(get, path = "/problems/{slug}", tag = "Operations",
    params(
        ("slug" = String, Path, description = "The last segment of a problem's `type`.", example = "not-found"),
        IfNoneMatchHeader
    ),
    responses(
        (status = 200, description = "A page to read; as Markdown if that is asked for.", body = String,
         content_type = "text/html", headers(("ETag" = String, description = "Its bytes."))),
        (status = 304, description = "It still has those bytes.")
    )
)]
pub async fn problem(service: Shared, http: HttpRequest, slug: Path<String>) -> Answer {
    static PAGES: LazyLock<BTreeMap<&str, Page>> =
        LazyLock::new(|| Kind::ALL.iter().map(|it| (it.slug(), Page::of(it.title(), it.page()))).collect());
    let page = PAGES.get(slug.as_str()).ok_or(Kind::NotFound)?;
    Ok(page.answer(&service, &http).await)
}

/// A page in both forms that it can be asked for in.
struct Page {
    html: Asset,
    markdown: Asset,
}

impl Page {
    fn of(title: &str, markdown: impl Into<Bytes> + AsRef<str>) -> Self {
        let html = problem::html(title, markdown.as_ref());
        Self {
            html: Asset::new("text/html; charset=utf-8", html).policy(&PROBLEM_POLICY).negotiated(),
            markdown: Asset::new("text/markdown; charset=utf-8", markdown).negotiated(),
        }
    }

    async fn answer(&self, service: &Shared, http: &HttpRequest) -> HttpResponse {
        let form = if accepts(http, "text/markdown") { &self.markdown } else { &self.html };
        form.answer(http, &*service.digests).await
    }
}
