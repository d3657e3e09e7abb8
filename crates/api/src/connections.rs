//! Connections of clients, and what they may cost: their number, in all and of one network, the size and the time of a request's head, and the
//! patience with a reader.

mod answers;
mod chunks;
mod descriptors;
mod framer;
mod guarded;
mod patience;
mod places;

pub(crate) use {
    answers::Answering, descriptors::connections_max, guarded::Guarded, places::ConnectionPlaces,
};
