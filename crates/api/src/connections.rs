//! Connections of clients, and what they may cost: their number, in all and of one network, the size and the time of a request's head, and the
//! patience with a reader.

mod chunked_body;
mod descriptors;
mod framer;
mod guarded_stream;
mod patience;
mod places;
mod responses;

pub(crate) use {
    descriptors::connections_max, guarded_stream::GuardedStream, places::ConnectionPlaces,
    responses::ResponseGuard,
};
