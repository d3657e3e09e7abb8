//! What came of requests about accounts and sessions.

use std::time::Duration;

use super::session::Pair;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SessionReply<T> {
    /// It is done.
    Done(T),
    /// The rules refuse it.
    Refused,
    /// The access token was not accepted.
    Unauthenticated,
    /// The client may try again.
    Unknown,
}

/// What came of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RefreshReply {
    /// It was exchanged.
    Pair(Pair),
    /// It was spent before.
    Reused,
    /// Its session has ended.
    Invalid,
    /// The client may try again.
    Unknown,
}

/// A reply of an instance.
#[derive(Debug)]
pub(super) struct Answer<T> {
    pub(super) outcome: T,
    /// When the instance had it. From then on it is a promise, whether or not it arrives.
    pub(super) done_at: Duration,
    /// Whether the client never gets it.
    pub(super) is_lost: bool,
}
