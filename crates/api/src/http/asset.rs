//! Bytes that do not change while the program runs: kept once, packed once, and sent piece by piece.

use std::{
    convert::Infallible,
    io::Write,
    pin::Pin,
    sync::OnceLock,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::{BodySize, MessageBody},
    http::header::{self, AcceptEncoding, Encoding, Header, HeaderValue},
    web::{self, Bytes},
};
use flate2::{Compression, write::GzEncoder};
use ports::Digests;
use tokio::sync::OnceCell;

use super::conditional;

/// So much of an answer is in a connection's buffer beside what it holds already, in bytes: a client that does not read
/// costs no more than this, however long the answer is.
const CHUNK_BYTES: usize = 16 * 1024;
/// Copies may be kept, and are asked about before each use: the next version of the program may say otherwise.
const CACHE_REVALIDATE: HeaderValue = HeaderValue::from_static("public, no-cache");
/// What tells apart the tags of two forms of one asset.
const GZIP: &str = "gzip";

/// A file or a page, the same for all who ask.
pub(super) struct Asset {
    content_type: String,
    /// Its `Content-Security-Policy`, if it is not that of every answer.
    policy: Option<&'static str>,
    /// The request's headers that it depends on.
    vary: &'static str,
    plain: Representation,
    gzip: OnceCell<Option<Representation>>,
}

/// Bytes as they are sent, with their entity tag.
struct Representation {
    bytes: Bytes,
    coding: Option<&'static str>,
    etag: OnceLock<String>,
}

impl Asset {
    /// An asset of that media type.
    #[must_use]
    pub(super) fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let plain = Representation::new(bytes.into(), None);
        let content_type = content_type.into();
        Self { content_type, policy: None, vary: "accept-encoding", plain, gzip: OnceCell::new() }
    }

    /// The same with a `Content-Security-Policy` of its own.
    #[must_use]
    pub(super) const fn with_policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The same, one of several that are chosen from by `Accept`.
    #[must_use]
    pub(super) const fn vary_on_accept(mut self) -> Self {
        self.vary = "accept, accept-encoding";
        self
    }

    /// The answer to a request: 304 when the client has it already.
    pub(super) async fn respond_to(&self, http: &HttpRequest, digests: &dyn Digests) -> HttpResponse {
        let form = self.select_representation(accepts_gzip(http)).await;
        let etag = form.etag(digests);
        if conditional::client_has_etag(http, etag) {
            return self.insert_headers(HttpResponse::NotModified(), etag).finish();
        }
        let mut response = self.insert_headers(HttpResponse::Ok(), etag);
        response.content_type(self.content_type.as_str());
        if let Some(coding) = form.coding {
            response.insert_header((header::CONTENT_ENCODING, coding));
        }
        response.body(SharedBody(form.bytes.clone()))
    }

    fn insert_headers(&self, mut response: HttpResponseBuilder, etag: &str) -> HttpResponseBuilder {
        response.insert_header((header::ETAG, etag));
        response.insert_header((header::CACHE_CONTROL, CACHE_REVALIDATE));
        response.insert_header((header::VARY, self.vary));
        if let Some(policy) = self.policy {
            response.insert_header((header::CONTENT_SECURITY_POLICY, policy));
        }
        response
    }

    /// The packed form if it is wanted and shorter.
    async fn select_representation(&self, packed: bool) -> &Representation {
        if !packed {
            return &self.plain;
        }
        let pack = || async {
            let plain = self.plain.bytes.clone();
            // It takes longer than a thread that serves others may be kept.
            web::block(move || gzip_if_shorter(&plain))
                .await
                .ok()
                .flatten()
                .map(|it| Representation::new(it, Some(GZIP)))
        };
        self.gzip.get_or_init(pack).await.as_ref().unwrap_or(&self.plain)
    }
}

impl Representation {
    const fn new(bytes: Bytes, coding: Option<&'static str>) -> Self {
        Self { bytes, coding, etag: OnceLock::new() }
    }

    fn etag(&self, digests: &dyn Digests) -> &str {
        self.etag.get_or_init(|| format!("\"{}\"", digests.sha256_hex(&self.bytes)))
    }
}

fn accepts_gzip(http: &HttpRequest) -> bool {
    let known = [Encoding::gzip(), Encoding::identity()];
    let accepted = AcceptEncoding::parse(http).ok().filter(|it| !it.0.is_empty());
    accepted.and_then(|it| it.negotiate(known.iter())).is_some_and(|it| it == Encoding::gzip())
}

/// `plain` in the form of RFC 1952, if that is shorter.
fn gzip_if_shorter(plain: &[u8]) -> Option<Bytes> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(plain).ok()?;
    let packed = packed.finish().ok().filter(|it| it.len() < plain.len())?;
    Some(packed.into())
}

/// A body whose bytes are shared. The framework copies each piece of a body into the connection's buffer, and asks for the
/// next one when there is room.
struct SharedBody(Bytes);

impl MessageBody for SharedBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        MessageBody::size(&self.0)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = &mut self.get_mut().0;
        let piece = rest.split_to(rest.len().min(CHUNK_BYTES));
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}

#[cfg(test)]
mod tests;
