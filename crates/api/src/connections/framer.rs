//! Where requests begin and end in what a client sends.

use std::mem::MaybeUninit;

use memchr::memchr;

use super::chunks::{Chunks, Progress};

/// The most bytes of a request's head. The HTTP library's own limit is above what its headers can hold without a panic.
pub(super) const HEAD_MAX: usize = 32 * 1024;
/// As many headers as the HTTP library takes.
const HEADERS_MAX: usize = 96;

/// Follows the bytes of a connection in the order in which the HTTP library gets them, however they are split.
#[derive(Debug)]
pub(super) struct Framer {
    within: Within,
    line: Line,
    /// The present head, as far as it came in an earlier piece.
    head: Vec<u8>,
    /// How many heads have ended.
    heads: u64,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Within {
    /// A head, which may not have begun.
    Head,
    /// A body of known length: the bytes that are left.
    Body(u64),
    /// A chunked body.
    Chunked(Chunks),
    /// A body that ends with the connection.
    Tunnel,
    /// Nothing: what came is no request, and the HTTP library ends the connection.
    Refused,
    /// Nothing: the head is too long.
    TooLong,
}

/// What came last of a head.
#[derive(Debug, Clone, Copy)]
enum Line {
    /// Nothing, or empty lines, which are allowed before it.
    NotBegun,
    /// A part of a line.
    Within,
    /// The end of a line.
    Ended,
    /// The end of a line, and then the first half of another one.
    EndedCr,
}

impl Framer {
    pub(super) const fn new() -> Self {
        Self { within: Within::Head, line: Line::NotBegun, head: Vec::new(), heads: 0 }
    }

    /// What the next byte belongs to.
    pub(super) const fn within(&self) -> Within {
        self.within
    }

    /// How many heads have ended.
    pub(super) const fn heads(&self) -> u64 {
        self.heads
    }

    /// Whether a head has begun and not ended.
    pub(super) const fn is_waiting_for_a_head(&self) -> bool {
        matches!(self.within, Within::Head) && !self.head.is_empty()
    }

    /// Follows these bytes: how many of them may be passed on, which are all unless a head is too long.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = match &mut self.within {
                Within::Head => self.feed_head(rest),
                Within::Body(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left = left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
                    if *left == 0 {
                        self.within = Within::Head;
                    }
                    taken
                }
                Within::Chunked(chunks) => {
                    let (taken, progress) = chunks.feed(rest);
                    match progress {
                        Progress::Within => {}
                        Progress::Ended => self.within = Within::Head,
                        Progress::Malformed => self.within = Within::Refused,
                    }
                    taken
                }
                Within::Tunnel | Within::Refused => rest.len(),
                Within::TooLong => break,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        bytes.len() - rest.len()
    }

    /// How many of these bytes belong to the present head, and may.
    fn feed_head(&mut self, bytes: &[u8]) -> usize {
        let room = HEAD_MAX - self.head.len();
        let allowed = bytes.get(..room).unwrap_or(bytes);
        let Some(end) = self.line.end_of_head(allowed) else {
            self.head.extend_from_slice(allowed);
            if self.head.len() == HEAD_MAX {
                self.within = Within::TooLong;
                self.head = Vec::new();
            }
            return allowed.len();
        };
        let last = allowed.get(..end).unwrap_or(allowed);
        self.within = if self.head.is_empty() {
            after_head(last)
        } else {
            self.head.extend_from_slice(last);
            after_head(&std::mem::take(&mut self.head))
        };
        self.line = Line::NotBegun;
        self.heads += 1;
        end
    }
}

impl Line {
    /// After how many of these bytes the head ends, if it does.
    fn end_of_head(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if let Self::Within = self {
                match memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
                    Some(length) => {
                        at += length + 1;
                        *self = Self::Ended;
                    }
                    None => return None,
                }
                continue;
            }
            at += 1;
            *self = match (*self, byte) {
                (Self::Ended | Self::EndedCr, b'\n') => return Some(at),
                (Self::Ended, b'\r') => Self::EndedCr,
                (Self::NotBegun, b'\r' | b'\n') => Self::NotBegun,
                (Self::NotBegun | Self::Within | Self::Ended | Self::EndedCr, _) => Self::Within,
            };
        }
        None
    }
}

/// What comes after this head, by the rules of the HTTP library. It checks more, and reads no further when it refuses.
fn after_head(head: &[u8]) -> Within {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut headers) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Ok(httparse::Status::Complete(_) | httparse::Status::Partial) | Err(_) => return Within::Refused,
    }
    let mut values = Values::default();
    for header in &*request.headers {
        values.note(header);
    }
    if values.chunked && request.version == Some(1) {
        return Within::Chunked(Chunks::new());
    }
    if values.websocket {
        return Within::Tunnel;
    }
    match values.length {
        Some(Ok(0)) | None if request.method == Some("CONNECT") => Within::Tunnel,
        Some(Ok(0)) | None => Within::Head,
        Some(Ok(length)) => Within::Body(length),
        Some(Err(_)) => Within::Refused,
    }
}

/// What the headers say about the body.
#[derive(Default)]
struct Values {
    chunked: bool,
    websocket: bool,
    length: Option<Result<u64, std::num::ParseIntError>>,
}

impl Values {
    fn note(&mut self, header: &httparse::Header<'_>) {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        // The library takes no notice of a value that is not all ASCII, so white space of other scripts is none.
        let ascii = if header.value.is_ascii() { header.value } else { &[] };
        let value = || str::from_utf8(ascii).unwrap_or_default().trim();
        if is("content-length") {
            self.length = Some(value().parse());
        } else if is("transfer-encoding") {
            self.chunked |= value().eq_ignore_ascii_case("chunked");
        } else if is("upgrade") {
            self.websocket |= value().eq_ignore_ascii_case("websocket");
        }
    }
}

#[cfg(test)]
mod tests;
