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
const PIECE_BYTES: usize = 16 * 1024;
/// Copies may be kept, and are asked about before each use: the next version of the program may say otherwise.
const KEPT: HeaderValue = HeaderValue::from_static("public, no-cache");
/// What tells apart the tags of two forms of one asset.
const PACKED: &str = "gzip";

/// A file or a page, the same for all who ask.
pub(super) struct Asset {
    content_type: String,
    /// Its `Content-Security-Policy`, if it is not that of every answer.
    policy: Option<&'static str>,
    /// The request's headers that it depends on.
    vary: &'static str,
    plain: Form,
    packed: OnceCell<Option<Form>>,
}

/// Bytes as they are sent, with their entity tag.
struct Form {
    bytes: Bytes,
    coding: Option<&'static str>,
    etag: OnceLock<String>,
}

impl Asset {
    /// An asset of that media type.
    #[must_use]
    pub(super) fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let plain = Form::of(bytes.into(), None);
        let content_type = content_type.into();
        Self { content_type, policy: None, vary: "accept-encoding", plain, packed: OnceCell::new() }
    }

    /// The same with a `Content-Security-Policy` of its own.
    #[must_use]
    pub(super) const fn policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The same, one of several that are chosen from by `Accept`.
    #[must_use]
    pub(super) const fn negotiated(mut self) -> Self {
        self.vary = "accept, accept-encoding";
        self
    }

    /// The answer to a request: 304 when the client has it already.
    pub(super) async fn answer(&self, http: &HttpRequest, digests: &dyn Digests) -> HttpResponse {
        let form = self.form(takes_gzip(http)).await;
        let etag = form.etag(digests);
        if conditional::has(http, etag) {
            return self.head(HttpResponse::NotModified(), etag).finish();
        }
        let mut response = self.head(HttpResponse::Ok(), etag);
        response.content_type(self.content_type.as_str());
        if let Some(coding) = form.coding {
            response.insert_header((header::CONTENT_ENCODING, coding));
        }
        response.body(Pieces(form.bytes.clone()))
    }

    fn head(&self, mut response: HttpResponseBuilder, etag: &str) -> HttpResponseBuilder {
        response.insert_header((header::ETAG, etag));
        response.insert_header((header::CACHE_CONTROL, KEPT));
        response.insert_header((header::VARY, self.vary));
        if let Some(policy) = self.policy {
            response.insert_header((header::CONTENT_SECURITY_POLICY, policy));
        }
        response
    }

    /// The packed form if it is wanted and shorter.
    async fn form(&self, packed: bool) -> &Form {
        if !packed {
            return &self.plain;
        }
        let pack = || async {
            let plain = self.plain.bytes.clone();
            // It takes longer than a thread that serves others may be kept.
            web::block(move || pack(&plain)).await.ok().flatten().map(|it| Form::of(it, Some(PACKED)))
        };
        self.packed.get_or_init(pack).await.as_ref().unwrap_or(&self.plain)
    }
}

impl Form {
    const fn of(bytes: Bytes, coding: Option<&'static str>) -> Self {
        Self { bytes, coding, etag: OnceLock::new() }
    }

    fn etag(&self, digests: &dyn Digests) -> &str {
        self.etag.get_or_init(|| format!("\"{}\"", digests.sha256(&self.bytes)))
    }
}

fn takes_gzip(http: &HttpRequest) -> bool {
    let known = [Encoding::gzip(), Encoding::identity()];
    let accepted = AcceptEncoding::parse(http).ok().filter(|it| !it.0.is_empty());
    accepted.and_then(|it| it.negotiate(known.iter())).is_some_and(|it| it == Encoding::gzip())
}

/// `plain` in the form of RFC 1952, if that is shorter.
fn pack(plain: &[u8]) -> Option<Bytes> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(plain).ok()?;
    let packed = packed.finish().ok().filter(|it| it.len() < plain.len())?;
    Some(packed.into())
}

/// A body whose bytes are shared. The framework copies each piece of a body into the connection's buffer, and asks for the
/// next one when there is room.
struct Pieces(Bytes);

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        MessageBody::size(&self.0)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = &mut self.get_mut().0;
        let piece = rest.split_to(rest.len().min(PIECE_BYTES));
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}

#[cfg(test)]
mod tests;
