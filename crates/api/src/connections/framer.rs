//! Where requests begin and end in the bytes that a client sends.
//!
//! The framer never changes bytes. It must read a request exactly as the HTTP library does, or the two lose
//! each other and a limit applies to the wrong bytes; so it uses the same parser, and tests compare both over
//! random bytes.

use std::mem::MaybeUninit;

use memchr::memchr;

use super::chunked_body::{BodyStatus, ChunkedBody};

/// Most bytes of a request's head. The HTTP library's own limit, 128 KiB, is above the 64 KiB of a header
/// name at which it panics.
pub(super) const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Most headers of a request, the same number as in the HTTP library.
const HEADERS_MAX: usize = 96;

/// Follows the bytes of a connection in the order in which the HTTP library gets them, in pieces of any size.
#[derive(Debug)]
pub(super) struct Framer {
    state: FramerState,
    line_state: LineState,
    /// The current head as far as it came in earlier pieces; empty when it came in one, which needs no
    /// buffer.
    head: Vec<u8>,
    /// How many heads have ended since the connection began.
    head_count: u64,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum FramerState {
    /// A head, which may not have begun.
    Head,
    /// A body of known length; the number of bytes that are left.
    Body(u64),
    /// A chunked body, and how far it has been followed.
    Chunked(ChunkedBody),
    /// Bytes that end with the connection: after an upgrade or `CONNECT` no head follows.
    Tunnel,
    /// Nothing: the bytes are no request, and the HTTP library ends the connection.
    Invalid,
    /// Nothing: the head is longer than the limit, and its rest is dropped.
    TooLong,
}

/// What the last bytes of a head were.
#[derive(Debug, Clone, Copy)]
enum LineState {
    /// Nothing yet, or empty lines, which are allowed before a head.
    Start,
    /// A line that is not complete.
    Inside,
    /// The end of a line, `\n`.
    End,
    /// The end of a line, and after it a `\r`, which may be half of the empty line that ends the head.
    EndCr,
}

impl Framer {
    pub(super) const fn new() -> Self {
        Self { state: FramerState::Head, line_state: LineState::Start, head: Vec::new(), head_count: 0 }
    }

    /// What the next byte belongs to.
    pub(super) const fn current_state(&self) -> FramerState {
        self.state
    }

    /// How many heads have ended since the connection began.
    pub(super) const fn head_count(&self) -> u64 {
        self.head_count
    }

    /// Whether a head has begun in an earlier piece and has not ended.
    pub(super) const fn is_inside_head(&self) -> bool {
        matches!(self.state, FramerState::Head) && !self.head.is_empty()
    }

    /// Follows these bytes and returns how many of them may be passed on: all, unless a head is too long.
    pub(super) fn feed_bytes(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = match &mut self.state {
                FramerState::Head => self.feed_head_bytes(rest),
                FramerState::Body(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left = left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
                    if *left == 0 {
                        self.state = FramerState::Head;
                    }
                    taken
                }
                FramerState::Chunked(chunks) => {
                    let (taken, progress) = chunks.feed_bytes(rest);
                    match progress {
                        BodyStatus::Incomplete => {}
                        BodyStatus::Complete => self.state = FramerState::Head,
                        BodyStatus::Malformed => self.state = FramerState::Invalid,
                    }
                    taken
                }
                // Passed on unread: only the HTTP library decides how an invalid request ends.
                FramerState::Tunnel | FramerState::Invalid => rest.len(),
                FramerState::TooLong => break,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        bytes.len() - rest.len()
    }

    /// Returns how many of these bytes belong to the current head and are within its limit.
    fn feed_head_bytes(&mut self, bytes: &[u8]) -> usize {
        let room = HEAD_BYTES_MAX - self.head.len();
        let allowed = bytes.get(..room).unwrap_or(bytes);
        let Some(end) = self.line_state.find_head_end(allowed) else {
            self.head.extend_from_slice(allowed);
            if self.head.len() == HEAD_BYTES_MAX {
                self.state = FramerState::TooLong;
                self.head = Vec::new();
            }
            return allowed.len();
        };
        let last = allowed.get(..end).unwrap_or(allowed);
        // Most heads come in one piece and are parsed where they lie. Copying each would double the work of a
        // request that has nothing wrong with it.
        self.state = if self.head.is_empty() {
            state_after_head(last)
        } else {
            self.head.extend_from_slice(last);
            state_after_head(&std::mem::take(&mut self.head))
        };
        self.line_state = LineState::Start;
        self.head_count += 1;
        end
    }
}

impl LineState {
    /// Returns after how many of these bytes the head ends, or `None` when it goes on.
    fn find_head_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            // Inside a line only its end matters, so the rest is skipped instead of read byte by byte.
            if let Self::Inside = self {
                match memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
                    Some(length) => {
                        at += length + 1;
                        *self = Self::End;
                    }
                    None => return None,
                }
                continue;
            }
            at += 1;
            *self = match (*self, byte) {
                (Self::End | Self::EndCr, b'\n') => return Some(at),
                (Self::End, b'\r') => Self::EndCr,
                (Self::Start, b'\r' | b'\n') => Self::Start,
                (Self::Start | Self::Inside | Self::End | Self::EndCr, _) => Self::Inside,
            };
        }
        None
    }
}

/// What follows this head by the rules of the HTTP library, which checks more than this. When it refuses a
/// head it reads nothing further, so that a difference there does no harm.
fn state_after_head(head: &[u8]) -> FramerState {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut headers) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Ok(httparse::Status::Complete(_) | httparse::Status::Partial) | Err(_) => {
            return FramerState::Invalid;
        }
    }
    let mut values = BodyHeaders::default();
    for header in &*request.headers {
        values.add_header(header);
    }
    // In the library's order: a chunked encoding wins over a length, and only HTTP/1.1 has it. Another order
    // would take bytes of a body for the next head, which is how requests are smuggled.
    if values.chunked && request.version == Some(1) {
        return FramerState::Chunked(ChunkedBody::new());
    }
    if values.websocket {
        return FramerState::Tunnel;
    }
    match values.length {
        Some(Ok(0)) | None if request.method == Some("CONNECT") => FramerState::Tunnel,
        Some(Ok(0)) | None => FramerState::Head,
        Some(Ok(length)) => FramerState::Body(length),
        Some(Err(_)) => FramerState::Invalid,
    }
}

/// The headers that decide where the body ends.
#[derive(Default)]
struct BodyHeaders {
    chunked: bool,
    websocket: bool,
    length: Option<Result<u64, std::num::ParseIntError>>,
}

impl BodyHeaders {
    fn add_header(&mut self, header: &httparse::Header<'_>) {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        // The library ignores a value that is not all ASCII. `trim` would strip white space of other scripts
        // from it and read a number where the library reads none.
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
