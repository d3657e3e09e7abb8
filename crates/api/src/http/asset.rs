//! Content that does not change while the program runs: held once, compressed once, and sent in chunks.

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

/// Largest piece of an answer that is handed to a connection's buffer at a time, in bytes: a client that does
/// not read costs no more than this, however long the answer is.
const CHUNK_BYTES: usize = 16 * 1024;
/// Caches may store the content, and must revalidate it before each use: the next version of the program may
/// have other content under the same path.
const CACHE_REVALIDATE: HeaderValue = HeaderValue::from_static("public, no-cache");
/// The content coding of the compressed representation.
const GZIP: &str = "gzip";

/// A file or a page that is the same for every client.
pub(super) struct Asset {
    content_type: String,
    /// Its `Content-Security-Policy`; `None` for the policy that every answer has.
    policy: Option<&'static str>,
    /// The request headers that select a representation, for `Vary`.
    vary: &'static str,
    plain: Representation,
    gzip: OnceCell<Option<Representation>>,
}

/// The bytes of one content coding, with their entity tag.
struct Representation {
    bytes: Bytes,
    coding: Option<&'static str>,
    etag: OnceLock<String>,
}

impl Asset {
    /// An asset of a media type, with the default policy, that varies by coding only.
    #[must_use]
    pub(super) fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let plain = Representation::new(bytes.into(), None);
        let content_type = content_type.into();
        Self { content_type, policy: None, vary: "accept-encoding", plain, gzip: OnceCell::new() }
    }

    /// Sets the `Content-Security-Policy` that replaces the default one.
    #[must_use]
    pub(super) const fn with_policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Declares that `Accept` also selects between this asset and others under the same path.
    #[must_use]
    pub(super) const fn vary_on_accept(mut self) -> Self {
        self.vary = "accept, accept-encoding";
        self
    }

    /// Answers a request: 304 when the client has this representation already.
    pub(super) async fn respond_to(&self, http: &HttpRequest, digests: &dyn Digests) -> HttpResponse {
        let form = self.select_representation(accepts_gzip(http)).await;
        // Each representation has its own tag: a strong tag names bytes (RFC 9110, 8.8.3), and a cache that
        // mixed them up would serve gzip to a client that cannot read it.
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

    /// The compressed representation if the client accepts it and it is shorter, otherwise the plain one.
    async fn select_representation(&self, packed: bool) -> &Representation {
        if !packed {
            return &self.plain;
        }
        let pack = || async {
            let plain = self.plain.bytes.clone();
            // On a thread for blocking work: compressing a megabyte takes tens of milliseconds, and this
            // thread serves other connections. If that fails, the plain bytes are a valid answer too.
            web::block(move || gzip_if_shorter(&plain))
                .await
                .ok()
                .flatten()
                .map(|it| Representation::new(it, Some(GZIP)))
        };
        // Requests that come meanwhile wait for the one that compresses, instead of each compressing by
        // itself.
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

/// Compresses `plain` (RFC 1952); `None` if the result is not shorter.
fn gzip_if_shorter(plain: &[u8]) -> Option<Bytes> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(plain).ok()?;
    let packed = packed.finish().ok().filter(|it| it.len() < plain.len())?;
    Some(packed.into())
}

/// A body whose bytes are shared between requests. The HTTP library copies each piece into the connection's
/// buffer, and asks for the next one when there is room.
struct SharedBody(Bytes);

impl MessageBody for SharedBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        MessageBody::size(&self.0)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        // In pieces, because a body of one piece is copied into the buffer as a whole, for every slow reader.
        let rest = &mut self.get_mut().0;
        let piece = rest.split_to(rest.len().min(CHUNK_BYTES));
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}

#[cfg(test)]
mod tests;
