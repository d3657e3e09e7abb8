//! A connection of a client.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use super::{
    framer::{Framer, FramerState},
    patience::WriteTimeout,
    places::Place,
    responses::ResponseCounter,
};

/// A client has this long from the first byte of a head to its last.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// This number of bytes that can never end a head makes the HTTP library refuse it as too long.
const FILLER_BYTES_MAX: usize = 128 * 1024;
const FILLER_BYTE: u8 = b'a';

/// A connection between the network and the HTTP library, which knows no limit for the heads that follow the first one,
/// none for a reader, and one for the size of a head at which it may already have panicked.
pub(crate) struct GuardedStream {
    stream: TcpStream,
    framer: Framer,
    responses: ResponseCounter,
    write_timeout: WriteTimeout,
    /// When the head with this number is late.
    head_timer: Option<(u64, Pin<Box<Sleep>>)>,
    /// How many bytes may still be made up.
    filler_left: usize,
    /// Given back when the connection ends.
    _place: Place,
}

impl GuardedStream {
    /// Guards a connection that has just been made and has a place.
    pub(crate) fn new(stream: TcpStream, place: Place) -> Self {
        Self {
            stream,
            framer: Framer::new(),
            responses: ResponseCounter::default(),
            write_timeout: WriteTimeout::default(),
            head_timer: None,
            filler_left: FILLER_BYTES_MAX,
            _place: place,
        }
    }

    /// Where the answers to its requests are to be noted.
    pub(crate) fn response_counter(&self) -> ResponseCounter {
        self.responses.clone()
    }

    /// Ready when the present head takes too long. The first one of a connection has a limit in the HTTP library, with
    /// an answer.
    fn poll_head_timeout(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let number = self.framer.head_count();
        if number == 0 || !self.framer.is_inside_head() {
            return Poll::Pending;
        }
        if self.head_timer.as_ref().is_none_or(|(of, _)| *of != number) {
            self.head_timer = Some((number, Box::pin(sleep(HEAD_TIMEOUT))));
        }
        self.head_timer.as_mut().map_or(Poll::Pending, |(_, late)| late.as_mut().poll(context))
    }

    /// Reads what can never be a request in place of the rest of a head that is too long.
    fn fill_rejected_head(&mut self, buffer: &mut ReadBuf<'_>) {
        let size = self.filler_left.min(buffer.remaining());
        buffer.initialize_unfilled_to(size).fill(FILLER_BYTE);
        buffer.advance(size);
        self.filler_left -= size;
    }

    /// What a write has come to, unless the reader lets it wait for too long.
    fn check_write_timeout(
        &mut self,
        outcome: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(outcome) => {
                self.write_timeout.credit_bytes(outcome.as_ref().copied().unwrap_or_default());
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                ready!(self.write_timeout.poll_timeout(context));
                // What the system keeps for this reader is given up too.
                let _ = self.stream.set_zero_linger();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
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
        ready!(this.responses.poll_room(this.framer.head_count(), context));
        match this.framer.current_state() {
            FramerState::Head | FramerState::Body(_) | FramerState::Chunked(_) | FramerState::Tunnel => {}
            // To have read nothing means that nothing more comes: what was asked before is still answered.
            FramerState::Invalid => return Poll::Ready(Ok(())),
            FramerState::TooLong => {
                this.fill_rejected_head(buffer);
                return Poll::Ready(Ok(()));
            }
        }
        let before = buffer.filled().len();
        if Pin::new(&mut this.stream).poll_read(context, buffer)?.is_pending() {
            return this.poll_head_timeout(context).map(Ok);
        }
        let taken = this.framer.feed_bytes(buffer.filled().get(before..).unwrap_or_default());
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
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
