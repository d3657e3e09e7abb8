//! A client connection between the network and the HTTP library.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    framer::{Framer, FramerState},
    frames::Frames,
    http2::{ConnectionEnd, Http2Requests, Http2Watch},
    permits::ConnectionPermit,
    responses::ResponseCounter,
    transport::Transport,
    write_timeout::WriteTimeout,
};

/// Time limit from the first byte of a request's head to its last.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How many bytes without a line end make the HTTP library refuse a head as too long: its own limit.
const FILLER_BYTES_MAX: usize = 128 * 1024;
const FILLER_BYTE: u8 = b'a';

/// A stream with the limits that the HTTP library lacks: it has none for the time of the heads after the
/// first one, none for a slow reader, and its limit for the size of a head is above the size at which it
/// panics.
pub(crate) struct GuardedStream {
    stream: Transport,
    framer: Framer,
    responses: ResponseCounter,
    write_timeout: WriteTimeout,
    /// Number of the head that is being read, and the timer that makes it late; `None` before the second
    /// head.
    head_timer: Option<(u64, Pin<Box<Sleep>>)>,
    /// How many filler bytes may still be passed on in place of a head that is too long.
    filler_left: usize,
    /// What HTTP/2 has in place of framer and counter; `None` over HTTP/1.1.
    http2: Option<Http2State>,
    /// Given back when the connection ends.
    _permit: ConnectionPermit,
}

/// Most bytes that one read of an HTTP/2 connection takes.
const HTTP2_READ_BYTES_MAX: usize = 16 * 1024;

struct Http2State {
    frames: Frames,
    watch: Http2Watch,
    /// Whether the last write had to wait for the reader of the answers.
    is_blocked: bool,
    /// The task that would read on if the last write had not to wait.
    reader: Option<Waker>,
    /// Whether requests of the last read may begin before the next one.
    yields: bool,
}

impl GuardedStream {
    /// Guards a connection that has just been made and has a permit, until it ends or the service stops.
    pub(crate) fn new(stream: Transport, permit: ConnectionPermit, stopping: CancellationToken) -> Self {
        let http2 = stream.is_http2().then(|| Http2State {
            frames: Frames::new(),
            watch: Http2Watch::new(stopping),
            is_blocked: false,
            reader: None,
            yields: false,
        });
        Self {
            stream,
            http2,
            framer: Framer::new(),
            responses: ResponseCounter::default(),
            write_timeout: WriteTimeout::default(),
            head_timer: None,
            filler_left: FILLER_BYTES_MAX,
            _permit: permit,
        }
    }

    /// Where the answers to its requests are to be noted.
    pub(crate) fn response_counter(&self) -> ResponseCounter {
        self.responses.clone()
    }

    /// Where the requests of an HTTP/2 connection are to be noted.
    pub(crate) fn http2_requests(&self) -> Option<Http2Requests> {
        self.http2.as_ref().map(|it| it.watch.requests())
    }

    /// Ready when the current head takes too long. The first head of a connection is left to the HTTP
    /// library, whose limit comes with an answer, 408.
    fn poll_head_timeout(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let number = self.framer.head_count();
        if number == 0 || !self.framer.is_inside_head() {
            return Poll::Pending;
        }
        // A timer for each head, set when the first read of it leaves it incomplete: bytes that trickle in do
        // not extend it.
        if self.head_timer.as_ref().is_none_or(|(of, _)| *of != number) {
            self.head_timer = Some((number, Box::pin(sleep(HEAD_TIMEOUT))));
        }
        self.head_timer.as_mut().map_or(Poll::Pending, |(_, late)| late.as_mut().poll(context))
    }

    /// Passes on filler in place of the rest of a head that is too long. It can never end a head, so that the
    /// HTTP library answers 431 by itself; closing the connection would look like a network failure.
    fn fill_rejected_head(&mut self, buffer: &mut ReadBuf<'_>) {
        let size = self.filler_left.min(buffer.remaining());
        buffer.initialize_unfilled_to(size).fill(FILLER_BYTE);
        buffer.advance(size);
        self.filler_left -= size;
    }

    /// The outcome of a write, or a timeout when the reader has made it wait for too long.
    fn check_write_timeout(
        &mut self,
        outcome: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(outcome) => {
                self.write_timeout.credit_bytes(outcome.as_ref().copied().unwrap_or_default());
                if let Some(http2) = &mut self.http2 {
                    http2.unblock();
                }
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                if let Some(http2) = &mut self.http2 {
                    http2.is_blocked = true;
                }
                ready!(self.write_timeout.poll_timeout(context));
                // Closing must not leave the send buffer to the system, which would go on holding it for this
                // reader. The outcome may be dropped: the connection ends either way.
                let _ = self.stream.set_zero_linger();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl GuardedStream {
    /// The same for what encryption still holds: a write to it is ready as long as its buffer has room, also if the reader
    /// takes nothing. A plain stream holds nothing.
    fn check_flush_timeout(
        &mut self,
        outcome: Poll<io::Result<()>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.stream.is_encrypted() {
            return outcome;
        }
        self.check_write_timeout(outcome.map_ok(|()| 0), context).map_ok(|_| ())
    }
}

impl Http2State {
    fn poll_read(
        &mut self,
        stream: &mut Transport,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Zero bytes mean the end of the stream.
        match self.watch.poll_end(context, self.is_blocked) {
            Poll::Ready(ConnectionEnd::Abort) => return Poll::Ready(stream.set_zero_linger()),
            Poll::Ready(ConnectionEnd::Close) => return Poll::Ready(Ok(())),
            Poll::Pending => {}
        }
        // Every request read makes an answer, also one that is refused: who does not read answers sends no more requests.
        if self.is_blocked {
            self.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        // The library unpacks heads as fast as they come. In between, the requests that it has made must run: those with
        // too long a head give their memory back, and the limit of those under way can hold.
        if std::mem::take(&mut self.yields) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut bytes = [0; HTTP2_READ_BYTES_MAX];
        let room = buffer.remaining().min(bytes.len());
        let mut limited = ReadBuf::new(bytes.get_mut(..room).unwrap_or_default());
        ready!(Pin::new(stream).poll_read(context, &mut limited))?;
        if self.frames.feed_bytes(limited.filled()).is_err() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        self.yields = !limited.filled().is_empty();
        buffer.put_slice(limited.filled());
        Poll::Ready(Ok(()))
    }

    /// Lets reading go on after a write.
    fn unblock(&mut self) {
        self.is_blocked = false;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(http2) = &mut this.http2 {
            return http2.poll_read(&mut this.stream, context, buffer);
        }
        // Not reading is the only way to slow the client down: what is read goes to the HTTP library at once.
        ready!(this.responses.poll_room(this.framer.head_count(), context));
        match this.framer.current_state() {
            FramerState::Head | FramerState::Body(_) | FramerState::Chunked(_) | FramerState::Tunnel => {}
            // Zero bytes mean the end of the stream: earlier requests of the connection are still answered.
            FramerState::Invalid => return Poll::Ready(Ok(())),
            FramerState::TooLong => {
                this.fill_rejected_head(buffer);
                return Poll::Ready(Ok(()));
            }
        }
        let before = buffer.filled().len();
        if Pin::new(&mut this.stream).poll_read(context, buffer)?.is_pending() {
            // A head that is late ends like a client that stops sending: with zero bytes.
            return this.poll_head_timeout(context).map(Ok);
        }
        let taken = this.framer.feed_bytes(buffer.filled().get(before..).unwrap_or_default());
        // Bytes beyond the limit of a head are dropped here; filler takes their place at the next read.
        buffer.set_filled(before + taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.check_write_timeout(outcome, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.check_write_timeout(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_flush(context);
        this.check_flush_timeout(outcome, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_shutdown(context);
        this.check_flush_timeout(outcome, context)
    }
}
