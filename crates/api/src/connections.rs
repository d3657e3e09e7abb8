//! Limits on client connections that the HTTP library does not have: their number, the size and duration of a
//! request's head, the requests in advance, and the time that a slow reader may take.
//!
//! ```text
//! network ◄──► GuardedStream ◄──► HTTP library ◄──► handlers
//!                ├─ Framer           where heads and bodies begin and end in the bytes that are read
//!                ├─ ResponseCounter  how many requests are not answered yet
//!                ├─ WriteTimeout     how long the reader of the answers has made the service wait
//!                └─ Http2Watch       over HTTP/2, in place of the first two
//! ```
//!
//! A stream is wrapped instead of the requests, because a request exists only once its head is parsed, and an
//! answer only until it is handed over: both limits that matter lie outside.
//!
//! The promise: a client that sends or reads slowly, or not at all, holds a connection for a bounded time and
//! a bounded amount of memory; and connections never use up the descriptors that the database needs. Numbers
//! and reasons are in `docs/adr/0016`.

mod chunked_body;
mod descriptors;
mod framer;
mod frames;
mod guarded_stream;
mod http2;
mod permits;
mod responses;
mod transport;
mod write_timeout;

pub(crate) use {
    descriptors::connections_max,
    guarded_stream::GuardedStream,
    http2::{Http2Request, Http2Requests, TrackedBody},
    permits::ConnectionPermits,
    responses::ResponseGuard,
    transport::Transport,
};
