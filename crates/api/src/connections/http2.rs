//! Limits on HTTP/2 connections that the HTTP library does not have: how many requests are under way, how long a reader may
//! keep an answer waiting, and how long a connection may do nothing.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Most requests of a connection that are under way: handled, or their answer not read yet. One more is refused with a
/// problem. The library itself accepts any number of streams.
const REQUESTS_MAX: usize = 100;
/// Most requests under way with those that are refused, whose problems are not read yet either. One more ends the
/// connection.
const STREAMS_MAX: usize = 1_000;
/// How long a connection stays open on which nothing is under way.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// How long a reader may keep a piece of an answer waiting, and how much time each byte of it adds: as the slowest steady
/// reader of HTTP/1.1.
const STALL_MAX: Duration = Duration::from_secs(30);
const BYTES_PER_SECOND: u64 = 16 * 1024;
/// Interval of the checks.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// The same while the service stops: a connection ends soon after its last request.
const CHECK_STOPPING_EVERY: Duration = Duration::from_millis(100);
/// How long nothing may be under way on a connection that then ends because the service stops.
const QUIET_MIN: Duration = Duration::from_secs(1);

/// What is under way on one HTTP/2 connection. Its stream and the middleware of its requests share it; all run on one
/// thread.
#[derive(Clone, Default)]
pub(crate) struct Http2Requests(Rc<State>);

#[derive(Default)]
struct State {
    begun: Cell<u64>,
    under_way: Cell<usize>,
    /// Whether there were more streams than the library may hold.
    has_too_many: Cell<bool>,
    /// When the reader of each answer must have taken the piece that was handed over last.
    due: RefCell<BTreeMap<u64, Instant>>,
}

/// One request that is under way, until it is dropped.
pub(crate) struct Http2Request {
    requests: Http2Requests,
    number: u64,
    is_refused: bool,
}

impl Http2Request {
    /// Whether too many others were under way when it began: it must not be handled.
    pub(crate) const fn is_refused(&self) -> bool {
        self.is_refused
    }
}

impl Http2Requests {
    /// Notes that a request begins, also one that is to be refused.
    pub(crate) fn begin_request(&self) -> Http2Request {
        let state = &self.0;
        state.under_way.set(state.under_way.get() + 1);
        state.has_too_many.set(state.has_too_many.get() || state.under_way.get() > STREAMS_MAX);
        let number = state.begun.get() + 1;
        state.begun.set(number);
        let is_refused = state.under_way.get() > REQUESTS_MAX;
        Http2Request { requests: self.clone(), number, is_refused }
    }

    fn is_late(&self, now: Instant) -> bool {
        self.0.due.borrow().values().any(|it| *it <= now)
    }
}

impl Drop for Http2Request {
    fn drop(&mut self) {
        let state = &self.requests.0;
        state.under_way.set(state.under_way.get().saturating_sub(1));
        state.due.borrow_mut().remove(&self.number);
    }
}

/// An answer's body, which keeps its request under way until the client has taken all of it.
pub(crate) struct TrackedBody {
    body: BoxBody,
    request: Http2Request,
}

impl TrackedBody {
    pub(crate) const fn new(body: BoxBody, request: Http2Request) -> Self {
        Self { body, request }
    }
}

impl MessageBody for TrackedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let number = this.request.number;
        // Asked for the next piece: the client has taken the one before.
        let polled = Pin::new(&mut this.body).poll_next(context);
        let mut due = this.request.requests.0.due.borrow_mut();
        match &polled {
            Poll::Ready(Some(Ok(piece))) => {
                let bytes = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                let allowed = STALL_MAX + Duration::from_secs(bytes / BYTES_PER_SECOND);
                due.insert(number, monotonic_now() + allowed);
            }
            Poll::Ready(Some(Err(_)) | None) | Poll::Pending => drop(due.remove(&number)),
        }
        drop(due);
        polled
    }
}

/// The clock of one connection's limits.
pub(super) struct Http2Watch {
    requests: Http2Requests,
    /// How many requests had begun when the connection was last seen at work, and when it is idle for too long.
    seen: u64,
    idle_at: Instant,
    check: Pin<Box<Sleep>>,
    /// Ready when the service stops; `None` once it was.
    stop: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// While the service stops: how many requests had begun when nothing was under way, and since when.
    quiet: Option<(u64, Instant)>,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionEnd {
    /// At once, with whatever is not written yet.
    Abort,
    /// As if the client had ended it: what is written still reaches its reader.
    Close,
}

impl Http2Watch {
    pub(super) fn new(stopping: CancellationToken) -> Self {
        let now = monotonic_now();
        let check = Box::pin(sleep_until(now + CHECK_EVERY));
        let stop = Some(Box::pin(stopping.cancelled_owned()));
        Self {
            requests: Http2Requests::default(),
            seen: 0,
            idle_at: now + IDLE_MAX,
            check,
            stop,
            quiet: None,
        }
    }

    pub(super) fn requests(&self) -> Http2Requests {
        self.requests.clone()
    }

    /// Ready when the connection has to end. `is_blocked`: the last write has to wait for the reader of the answers.
    pub(super) fn poll_end(&mut self, context: &mut Context<'_>, is_blocked: bool) -> Poll<ConnectionEnd> {
        if self.requests.0.has_too_many.get() {
            return Poll::Ready(ConnectionEnd::Abort);
        }
        if self.stop.as_mut().is_some_and(|it| it.as_mut().poll(context).is_ready()) {
            self.stop = None;
            self.check.as_mut().reset(monotonic_now());
        }
        while self.check.as_mut().poll(context).is_ready() {
            let now = monotonic_now();
            if self.must_abort(now) {
                return Poll::Ready(ConnectionEnd::Abort);
            }
            if self.may_close(now, is_blocked) {
                return Poll::Ready(ConnectionEnd::Close);
            }
            let pause = if self.stop.is_some() { CHECK_EVERY } else { CHECK_STOPPING_EVERY };
            self.check.as_mut().reset(now + pause);
        }
        Poll::Pending
    }

    fn must_abort(&mut self, now: Instant) -> bool {
        self.requests.is_late(now) || self.is_idle(now)
    }

    /// Whether the service stops and the connection has been quiet for some time: what was answered is written by then, and
    /// a request that was on its way has begun.
    fn may_close(&mut self, now: Instant, is_blocked: bool) -> bool {
        let state = &self.requests.0;
        if self.stop.is_some() || is_blocked || state.under_way.get() > 0 {
            self.quiet = None;
            return false;
        }
        let begun = state.begun.get();
        match self.quiet {
            Some((seen, since)) if seen == begun => now >= since + QUIET_MIN,
            Some(_) | None => {
                self.quiet = Some((begun, now));
                false
            }
        }
    }

    fn is_idle(&mut self, now: Instant) -> bool {
        let state = &self.requests.0;
        // By requests and not by bytes: pings and other frames may come without end.
        if state.under_way.get() > 0 || state.begun.get() != self.seen {
            self.seen = state.begun.get();
            self.idle_at = now + IDLE_MAX;
        }
        now >= self.idle_at
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a limit of connections, as timers are: it decides nothing of the shop's"
)]
fn monotonic_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    async fn ended(watch: &mut Http2Watch) -> bool {
        futures_util::FutureExt::now_or_never(std::future::poll_fn(|it| watch.poll_end(it, false))).is_some()
    }

    #[tokio::test]
    async fn a_connection_has_only_so_many_requests_under_way() {
        let requests = Http2Requests::default();
        let mut held: Vec<_> = (0..REQUESTS_MAX).map(|_| requests.begin_request()).collect();
        assert!(held.iter().all(|it| !it.is_refused()));
        assert!(requests.begin_request().is_refused());
        drop(held.pop());
        let body = TrackedBody::new(BoxBody::new("an answer"), requests.begin_request());
        assert!(requests.begin_request().is_refused(), "until its answer is read");
        assert_eq!(to_bytes(body).await.unwrap(), "an answer");
        assert!(!requests.begin_request().is_refused());
    }

    #[tokio::test]
    async fn a_connection_with_too_many_refusals_that_are_not_read_ends() {
        let mut watch = Http2Watch::new(CancellationToken::new());
        let mut held: Vec<_> = (0..STREAMS_MAX).map(|_| watch.requests().begin_request()).collect();
        assert!(!ended(&mut watch).await);
        held.push(watch.requests().begin_request());
        assert!(ended(&mut watch).await);
    }

    #[tokio::test]
    async fn an_idle_connection_ends_and_one_at_work_does_not() {
        let (mut watch, start) = (Http2Watch::new(CancellationToken::new()), monotonic_now());
        let request = watch.requests().begin_request();
        for times in 1..=3 {
            assert!(!watch.must_abort(start + IDLE_MAX * times));
        }
        drop(request);
        assert!(!watch.must_abort(start + IDLE_MAX * 4 - CHECK_EVERY));
        assert!(watch.must_abort(start + IDLE_MAX * 4));
    }

    #[tokio::test]
    async fn a_stop_ends_a_connection_with_its_last_request() {
        let stopping = CancellationToken::new();
        let mut watch = Http2Watch::new(stopping.clone());
        let request = watch.requests().begin_request();
        assert!(!ended(&mut watch).await);
        stopping.cancel();
        assert!(!ended(&mut watch).await, "its request is under way");
        drop(request);
        let end = std::future::poll_fn(|it| watch.poll_end(it, false)).await;
        assert_eq!(end, ConnectionEnd::Close, "what was answered must reach its reader");
        let blocked = std::future::poll_fn(|it| watch.poll_end(it, true));
        assert!(futures_util::FutureExt::now_or_never(blocked).is_none(), "an answer is being read");
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_ends_its_connection() {
        let (mut watch, start) = (Http2Watch::new(CancellationToken::new()), monotonic_now());
        let mut body = TrackedBody::new(BoxBody::new(vec![0; 64 * 1024]), watch.requests().begin_request());
        assert!(!watch.must_abort(start + STALL_MAX * 2), "the answer is not there yet");
        assert!(std::future::poll_fn(|it| Pin::new(&mut body).poll_next(it)).await.is_some());
        assert!(!watch.must_abort(start + STALL_MAX), "a long piece may take longer");
        // Four seconds more for its length, and a minute for the test itself.
        assert!(watch.must_abort(start + STALL_MAX + IDLE_MAX + Duration::from_secs(4)));
    }
}
